// Handles: kinds of objects with a handle.
namespace Mmu.Native.Handles;

/// <summary>What tells handles of one kind of object from those of another.</summary>
internal interface IHandleKind
{
    /// <summary>1 to 15.</summary>
    static abstract uint Kind { get; }
}
