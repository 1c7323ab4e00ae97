// Diagnostics: checks of this library's own rules, present under MMU_ASSERT (Debug) only.
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Mmu.Diagnostics;

/// <summary>
/// Asserts that throw, so that a test sees which rule broke. They are for mistakes of this library; what a guest or an embedder says is
/// checked in every build.
/// </summary>
internal static class MmuAssert
{
    /// <summary>Throws <see cref="UnreachableException"/> with the message unless the condition holds.</summary>
    [Conditional("MMU_ASSERT")]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void That([DoesNotReturnIf(false)] bool condition, string message)
    {
        if (!condition)
        {
            throw new UnreachableException(message);
        }
    }

    /// <summary>As above; the message ends in the number of what it is about.</summary>
    [Conditional("MMU_ASSERT")]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void That([DoesNotReturnIf(false)] bool condition, string message, ulong about)
    {
        if (!condition)
        {
            throw new UnreachableException(string.Create(CultureInfo.InvariantCulture, $"{message}: {about}"));
        }
    }
}
