// Architecture: what an access does.
namespace Mmu.Architecture;

/// <summary>What an access does. A read-modify-write is a write.</summary>
public enum AccessKind
{
    /// <summary>A data read.</summary>
    Read = 0,

    /// <summary>A data write.</summary>
    Write = 1,

    /// <summary>An instruction fetch.</summary>
    Fetch = 2,
}
