// Common: a fault of the second dimension as a processor reports it.
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;

namespace Mmu.Common;

/// <summary>An EPT violation, an EPT misconfiguration or a nested page fault, raised while a processor ran on our tables.</summary>
/// <param name="Gpa">The guest physical address.</param>
/// <param name="Access">The access. Of a page walk: a read, or a write if it was to set an accessed or dirty bit.</param>
/// <param name="Flags">What else the processor says.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ViolationRequest(Gpa Gpa, Access Access, ViolationFlags Flags)
{
    // Intel SDM "Exit Qualification for EPT Violations".
    private const ulong EptWrite = 1 << 1;
    private const ulong EptFetch = 1 << 2;
    private const ulong EptAllowed = (7 << 3) | (1 << 6);
    private const ulong EptLinearAddress = 1 << 7;
    private const ulong EptFinal = 1 << 8;
    private const ulong EptUserMode = 1 << 9;

    // AMD APM "Nested Page Faults: Fault Error Codes in EXITINFO1".
    private const ulong NptPresent = 1;
    private const ulong NptWrite = 1 << 1;
    private const ulong NptUser = 1 << 2;
    private const ulong NptReserved = 1 << 3;
    private const ulong NptFetch = 1 << 4;
    private const ulong NptPageWalk = 1UL << 33;

    /// <summary>The access as the error code of a nested page fault would say it, for traces.</summary>
    internal ulong TraceCode =>
        (Access.Kind switch
        {
            AccessKind.Write => NptWrite,
            AccessKind.Fetch => NptFetch,
            _ => 0,
        })
        | ((Access.Flags & AccessFlags.User) != 0 ? NptUser : 0)
        | ((Flags & ViolationFlags.Present) != 0 ? NptPresent : 0)
        | ((Flags & ViolationFlags.Misconfigured) != 0 ? NptReserved : 0)
        | ((Flags & ViolationFlags.PageWalk) != 0 ? NptPageWalk : 0);

    /// <summary>From the exit qualification of an EPT violation.</summary>
    /// <param name="gpa">The guest physical address of the exit.</param>
    /// <param name="qualification">
    /// The exit qualification. Bit 9 says that the linear address is a user-mode one; it counts for fetches under mode-based execute control alone, and
    /// a VMM whose processor does not report it (advanced VM-exit information) sets it itself.
    /// </param>
    /// <returns>The request.</returns>
    public static ViolationRequest FromEptViolation(Gpa gpa, ulong qualification) => new(
        gpa,
        new Access(
            KindOf((qualification & EptFetch) != 0, (qualification & EptWrite) != 0),
            (qualification & EptUserMode) != 0 ? AccessFlags.User : AccessFlags.None),
        ((qualification & EptAllowed) != 0 ? ViolationFlags.Present : ViolationFlags.None) | PlaceOf(qualification));

    /// <summary>From an EPT misconfiguration, of which the processor says nothing but where.</summary>
    /// <param name="gpa">The guest physical address of the exit.</param>
    public static ViolationRequest FromEptMisconfiguration(Gpa gpa) => new(gpa, Access.SupervisorRead, ViolationFlags.Misconfigured);

    /// <summary>From the error code of a nested page fault.</summary>
    /// <param name="gpa">EXITINFO2.</param>
    /// <param name="errorCode">EXITINFO1.</param>
    public static ViolationRequest FromNestedPageFault(Gpa gpa, ulong errorCode) => new(
        gpa,
        new Access(KindOf((errorCode & NptFetch) != 0, (errorCode & NptWrite) != 0), (errorCode & NptUser) != 0 ? AccessFlags.User : AccessFlags.None),
        ((errorCode & NptPresent) != 0 ? ViolationFlags.Present : ViolationFlags.None)
            | ((errorCode & NptReserved) != 0 ? ViolationFlags.Misconfigured : ViolationFlags.None)
            | ((errorCode & NptPageWalk) != 0 ? ViolationFlags.PageWalk : ViolationFlags.None));

    private static ViolationFlags PlaceOf(ulong qualification) => (qualification & EptLinearAddress) == 0 ? ViolationFlags.NoLinearAddress
        : (qualification & EptFinal) == 0 ? ViolationFlags.PageWalk : ViolationFlags.None;

    private static AccessKind KindOf(bool fetch, bool write) => fetch ? AccessKind.Fetch : write ? AccessKind.Write : AccessKind.Read;
}
