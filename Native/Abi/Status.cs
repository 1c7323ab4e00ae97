// Abi: what a function of the C ABI returns.
namespace Mmu.Native.Abi;

/// <summary>What a function returns: 0, or a negative number that says why nothing was done. mmu_last_error has the details.</summary>
internal enum Status
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>The handle is null, stale, of another kind, or not of this library.</summary>
    ErrorHandle = -1,

    /// <summary>A pointer that must not be null is null.</summary>
    ErrorNull = -2,

    /// <summary>struct_size is not set, or says that fields are set that this version of the library does not know.</summary>
    ErrorStructSize = -3,

    /// <summary>An argument is outside its limits.</summary>
    ErrorArgument = -4,

    /// <summary>The vCPU is in guest but must not be, or is not but must be.</summary>
    ErrorState = -5,

    /// <summary>The object is in use: by another thread, or by a call that this one was made in.</summary>
    ErrorBusy = -6,

    /// <summary>The vCPU entered the guest on another thread.</summary>
    ErrorThread = -7,

    /// <summary>The function was called by a callback of the same VM.</summary>
    ErrorCallback = -8,

    /// <summary>Memory, the private arena, or the room for slots or vCPUs is exhausted.</summary>
    ErrorNoRoom = -9,

    /// <summary>The library was built without what this needs.</summary>
    ErrorUnsupported = -10,

    /// <summary>A byte of the range lies outside every slot, or outside every writable one. Nothing was moved.</summary>
    ErrorOutsideMemory = -11,

    /// <summary>A callback answered what it must not.</summary>
    ErrorHost = -12,

    /// <summary>A mistake of the library; please report it.</summary>
    ErrorInternal = -13,
}
