// Bug 22: EFLAGS.AC let implicit supervisor accesses past SMAP. The rule: AC helps explicit accesses only.
using System.Collections.Generic;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Walk;

public sealed class Bug22Tests
{
    private const ulong Address = 0x40_3000;
    private const ulong Smap = 1UL << 21;

    public static IEnumerable<TheoryDataRow<GuestMode, SecondMode, bool>> Modes =>
        from x in Machine.All
        where x.Mode != GuestMode.Unpaged
        from accessed in Both
        select new TheoryDataRow<GuestMode, SecondMode, bool>(x.Mode, x.Second, accessed);

    private static IEnumerable<bool> Both => [false, true];

    [Theory]
    [MemberData(nameof(Modes))]
    public void Bug22ImplicitSupervisorAccessesIgnoreAlignmentCheck(GuestMode mode, SecondMode second, bool accessed)
    {
        using Machine machine = new(mode, second);
        machine.Map(Address, Machine.Data, accessed ? 0x67UL : 7);
        machine.State = machine.State with { Cr4 = machine.State.Cr4 | Smap };
        machine.Enter();
        foreach (AccessFlags privilege in new[] { AccessFlags.None, AccessFlags.User })
        {
            foreach (AccessKind kind in new[] { AccessKind.Read, AccessKind.Write })
            {
                Access access = new(kind, AccessFlags.Implicit | AccessFlags.AlignmentCheck | privilege);
                Assert.False(machine.Walker.Translate(new Gva(Address), access, out WalkResult result));
                Assert.Equal(FaultCause.Smap, result.Cause);
                Assert.Equal(PageFaultCode.Present | (kind == AccessKind.Write ? PageFaultCode.Write : 0), result.ErrorCode);
            }
        }

        Assert.True(machine.Walker.Translate(new Gva(Address), new Access(AccessKind.Read, AccessFlags.AlignmentCheck), out _));
        Assert.False(machine.Walker.TryRead(new Gva(Address), new byte[1], out _, AccessFlags.Implicit | AccessFlags.AlignmentCheck));
        Assert.True(machine.Walker.TryRead(new Gva(Address), new byte[1], out _, AccessFlags.AlignmentCheck));
    }
}
