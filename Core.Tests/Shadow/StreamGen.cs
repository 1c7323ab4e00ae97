// Shadow judge: makes streams of commands, more of those that matter more.
using CsCheck;

namespace Mmu.Tests.Shadow;

internal static class StreamGen
{
    private static readonly Gen<StreamKind> _kinds = Gen.Frequency(
        (40, Gen.Const(StreamKind.Access)),
        (16, Gen.Const(StreamKind.StoreEntry)),
        (3, Gen.Const(StreamKind.EmulatedStore)),
        (6, Gen.Const(StreamKind.HostStore)),
        (6, Gen.Const(StreamKind.MoveCr3)),
        (2, Gen.Const(StreamKind.ChangeMode)),
        (4, Gen.Const(StreamKind.ChangeSwitch)),
        (1, Gen.Const(StreamKind.ChangeKeys)),
        (7, Gen.Const(StreamKind.InvalidatePage)),
        (2, Gen.Const(StreamKind.InvalidatePcid)),
        (1, Gen.Const(StreamKind.ToggleSmm)),
        (3, Gen.Const(StreamKind.LeaveGuest)),
        (1, Gen.Const(StreamKind.ToggleHotSlot)),
        (2, Gen.Const(StreamKind.UnmapRange)),
        (1, Gen.Const(StreamKind.Age)),
        (1, Gen.Const(StreamKind.WriteProtect)),
        (1, Gen.Const(StreamKind.Track)),
        (1, Gen.Const(StreamKind.ZapAll)),
        (1, Gen.Const(StreamKind.ZapObsolete)),
        (1, Gen.Const(StreamKind.Shrink)),
        (1, Gen.Const(StreamKind.Unprotect)));

    private static readonly Gen<StreamKind> _kindsAndSilent = Gen.Frequency((20, _kinds), (1, Gen.Const(StreamKind.SilentStore)));

    private static readonly Gen<StreamKind> _kindsAndLogs = Gen.Frequency((8, _kinds), (1, Gen.Const(StreamKind.DirtyLog)));

    /// <summary>As below, with dirty logs beside them.</summary>
    internal static Gen<StreamCommand[]> LoggedStreams(int vcpus, int least, int most) => Of(_kindsAndLogs, vcpus, least, most);

    /// <summary>Streams of so many commands for so many vCPUs.</summary>
    internal static Gen<StreamCommand[]> Streams(int vcpus, int least, int most, bool silent = false) =>
        Of(silent ? _kindsAndSilent : _kinds, vcpus, least, most);

    private static Gen<StreamCommand[]> Of(Gen<StreamKind> kinds, int vcpus, int least, int most) =>
        Gen.Select(kinds, Gen.Int[0, vcpus - 1], Gen.UInt, (kind, vcpu, seed) => new StreamCommand(kind, vcpu, seed))
            .Array[least, most];
}
