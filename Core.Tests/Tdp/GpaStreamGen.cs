// TDP judge: makes streams of commands, more of those that matter more.
using CsCheck;

namespace Mmu.Tests.Tdp;

internal static class GpaStreamGen
{
    private static readonly Gen<GpaStreamKind> _kinds = Gen.Frequency(
        (40, Gen.Const(GpaStreamKind.Access)),
        (2, Gen.Const(GpaStreamKind.LeaveGuest)),
        (1, Gen.Const(GpaStreamKind.ToggleSmm)),
        (1, Gen.Const(GpaStreamKind.Prefault)),
        (1, Gen.Const(GpaStreamKind.ToggleHotSlot)),
        (3, Gen.Const(GpaStreamKind.Unmap)),
        (3, Gen.Const(GpaStreamKind.ChangeAnswers)),
        (3, Gen.Const(GpaStreamKind.WriteProtect)),
        (3, Gen.Const(GpaStreamKind.ClearDirty)),
        (3, Gen.Const(GpaStreamKind.Age)),
        (3, Gen.Const(GpaStreamKind.Split)),
        (3, Gen.Const(GpaStreamKind.Collapse)),
        (1, Gen.Const(GpaStreamKind.ZapRange)),
        (1, Gen.Const(GpaStreamKind.ZapAll)),
        (1, Gen.Const(GpaStreamKind.ZapObsolete)),
        (1, Gen.Const(GpaStreamKind.Shrink)),
        (3, Gen.Const(GpaStreamKind.Track)),
        (2, Gen.Const(GpaStreamKind.SetPrivate)));

    /// <summary>Streams of so many commands for so many vCPUs.</summary>
    internal static Gen<GpaStreamCommand[]> Streams(int vcpus, int steps) =>
        Gen.Select(_kinds, Gen.Int[0, vcpus - 1], Gen.UInt, (kind, vcpu, seed) => new GpaStreamCommand(kind, vcpu, seed)).Array[steps];
}
