// The scenario of CVE-2026-53359: a directory entry toggles between a table and a 2-MiB page while roots come and go. Audited after each step.
using Mmu.Tests.Conformance;
using Mmu.Tests.Oracle;
using Xunit;

namespace Mmu.Tests.Nested;

public sealed class JanuscapeTests
{
    private const ulong Address = (1UL << 30) | (1UL << 21);
    private const ulong Near = Address + (5 << 12);
    private const ulong Far = Address + (100 << 12);
    private const ulong Open = 7;

    // The table lies in the first frame of the 2-MiB page, so that only the role tells what shadows it from what splits the page.
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void AnEntryToggledUnderChurningRootsNeverLendsOneChildToTheOther(bool onTdp, bool announced)
    {
        const int steps = 300;
        const ulong huge = 0x40_0000, table = huge, small = 0x10_0000;
        using L2Scene scene = new(onTdp: onTdp, quota: 60);
        SeededRandom random = new(1);
        scene.Word(table + (5 * 8)) = small | Open | L2Scene.EptWriteBack;
        scene.Word(table + (100 * 8)) = (small + 0x1000) | Open | L2Scene.EptWriteBack;

        // All roots share the tables below them.
        ulong first = scene.Root;
        ulong pde = scene.At(Address, 2);
        ulong shared = scene.Word(first);
        bool isHuge = false;
        scene.Store(pde, table | Open);
        ulong[] roots = new ulong[24];
        for (int i = 0; i < roots.Length; i++)
        {
            roots[i] = scene.NewTable();
            scene.Word(roots[i]) = shared;
        }

        for (int step = 0; step < steps; step++)
        {
            scene.Root = roots[random.Next(roots.Length)];
            isHuge = !isHuge;
            ulong value = isHuge ? huge | L2Scene.Large | L2Scene.EptWriteBack | Open : table | Open;
            if (announced)
            {
                scene.Store(pde, value);
            }
            else
            {
                // Behind everybody's back, as a device may.
                scene.Word(pde) = value;
            }

            scene.Enter();
            scene.Audit();
            foreach (ulong address in (ulong[])[Far, Near])
            {
                NestedOutcome outcome = scene.Access2(address, OracleKind.Read);
                Assert.True(outcome.IsMade, outcome.ToString());
                ulong offset = address - Address;
                ulong reached = outcome.Seen.Hpa - scene.HostOf(0);
                Assert.True(reached == huge + offset || reached == small + (address == Far ? 0x1000UL : 0), $"{reached:x}");
                Assert.True(!announced || reached == (isHuge ? huge + offset : small + (address == Far ? 0x1000UL : 0)), $"{reached:x} in step {step}");
                scene.Audit();
            }

            scene.Leave();
            if (random.Next(5) == 0)
            {
                _ = scene.Vcpu.InvalidateEpt(2, 0);
            }

            if (random.Next(9) == 0)
            {
                _ = scene.Vm.Shrink(random.Next(20));
            }

            if (random.Next(40) == 0)
            {
                scene.Vm.ZapAll();
            }

            scene.Audit();
        }

        // Nothing names what is gone: all memory comes back.
        _ = scene.Vcpu.InvalidateEpt(2, 0);
        _ = scene.Vm.Shrink(int.MaxValue);
        scene.Audit();
        Assert.False(scene.Vm.IsDead);
    }
}
