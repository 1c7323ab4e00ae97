// Architecture: conditions of reserved-bit rules.
namespace Mmu.Architecture.Generation;

/// <summary>When a declared run of bits is reserved. All conditions are facts of <c>ReservedInputs</c>.</summary>
internal enum ReservedWhen
{
    /// <summary>In every state.</summary>
    Always,

    /// <summary>While EFER.NXE is 0.</summary>
    NoExecuteOff,

    /// <summary>On AMD processors.</summary>
    Amd,

    /// <summary>Where 1-GiB pages are not supported.</summary>
    No1GPages,

    /// <summary>Where 2-MiB pages are not supported (EPT only).</summary>
    No2MPages,

    /// <summary>
    /// Only those of the bits that carry no address bit under PSE-36 (Intel SDM "32-Bit Paging", entries that map 4-MByte pages).
    /// </summary>
    BeyondPse36,
}
