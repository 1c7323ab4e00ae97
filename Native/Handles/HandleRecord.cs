// Handles: what every object with a handle has.
namespace Mmu.Native.Handles;

/// <summary>An object with a handle.</summary>
internal abstract class HandleRecord
{
    /// <summary>Its handle; 0 once it is stale.</summary>
    internal ulong Handle { get; set; }
}
