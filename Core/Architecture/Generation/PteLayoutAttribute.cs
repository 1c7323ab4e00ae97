// Architecture: declares the bit layout of one kind of page-table entry; read by the generator.
using System;
using System.Diagnostics;

namespace Mmu.Architecture.Generation;

/// <summary>
/// Declares a page-table entry format: a partial struct whose partial properties carry <see cref="BitAttribute"/> or <see
/// cref="BitsAttribute"/>.
/// </summary>
/// <remarks>
/// The names of the properties give the bits their meaning. Legacy formats have <c>Present</c>, <c>Writable</c>, <c>User</c> and maybe
/// <c>NoExecute</c>;
/// EPT formats have <c>Readable</c>, <c>Writable</c>, <c>Executable</c> and maybe <c>UserExecutable</c>. All need <c>Frame</c>;
/// <c>Accessed</c>, <c>Dirty</c>, <c>Large</c>,
/// <c>Global</c>, <c>WriteThrough</c>, <c>CacheDisable</c>, <c>Pat</c>, <c>LargePat</c>, <c>ProtectionKey</c>, <c>MemoryType</c> and
/// <c>IgnorePat</c> are optional. Other names only get an accessor.
/// </remarks>
[AttributeUsage(AttributeTargets.Struct)]
[Conditional("MMU_GENERATOR_INPUT")]
internal sealed class PteLayoutAttribute : Attribute
{
    /// <summary>Declares an entry of <paramref name="bits"/> bits: 32 or 64.</summary>
    public PteLayoutAttribute(int bits) => Bits = bits;

    /// <summary>Width of the entry in bits.</summary>
    public int Bits { get; }
}
