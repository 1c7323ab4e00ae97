// Common: the Shadow MMU's answer before a frame becomes writable.
namespace Mmu.Common;

/// <summary>May a frame become writable?</summary>
internal enum WritableAnswer
{
    /// <summary>It may.</summary>
    Yes,

    /// <summary>It may, and guest tables in it are no longer kept in step with each store.</summary>
    Unsynced,

    /// <summary>It may not: its stores must be seen.</summary>
    Denied,
}
