// TDP judge: one thing at a time is put wrong in tables that are right, and the audit must name it.
using System;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Sptes;
using Mmu.Tdp;
using Mmu.Tests.Tdp.Races;
using Xunit;

namespace Mmu.Tests.Tdp;

public sealed class WrongEntryTests
{
    private const ulong Page = 0x1000;
    private const ulong EptWrite = 2;
    private const ulong HostWritable = 1UL << 53;
    private const ulong MmuWritable = 1UL << 55;
    private const ulong Nothing = 0x40_0000_0000;

    // Invariants of reference kvm-mmu, section 9, by number.
    [Fact]
    public void TheRightTablesAreFoundRight()
    {
        using RaceScene scene = Mapped();
        Assert.Null(scene.Vm.Audit());
    }

    [Fact]
    public void AFrameThatIsNotTheSlotsIsNamed() => Spoil("wrong frame", scene => scene.Last(RaceScene.Small), (_, entry) => entry ^ (Page << 3));

    // 3.
    [Fact]
    public void WWithoutMmuWritableIsNamed() => Spoil("W", scene => scene.Last(RaceScene.Small), (_, entry) => entry & ~MmuWritable);

    // 3.
    [Fact]
    public void MmuWritableWithoutHostWritableIsNamed() =>
        Spoil("W", scene => scene.Last(RaceScene.Small), (_, entry) => entry & ~(HostWritable | EptWrite));

    // 3.
    [Fact]
    public void ATrackedFrameThatCanBeWrittenIsNamed() =>
        Spoil("tracked", scene => scene.Last(RaceScene.Small), (scene, entry) =>
        {
            scene.Vm.TrackWrites(new Gpa(RaceScene.Small));
            return entry;
        });

    // 6.
    [Fact]
    public void AHugePageThatIsNotCongruentIsNamed() => Spoil("wrong frame", scene => scene.Last(RaceScene.Huge), (_, entry) => entry + (Page << 10));

    // 8.
    [Fact]
    public void APageWhereNoSlotIsIsNamed() =>
        Spoil("no slot", scene => scene.Last(Nothing), (scene, _) => scene.Last(RaceScene.Small).Entry);

    // 11.
    [Fact]
    public void AFrozenEntryThatWasLeftBehindIsNamed() => Spoil("frozen", scene => scene.Last(RaceScene.Small), (_, _) => Spte.Frozen);

    // 11.
    [Fact]
    public void AFrozenEntryOfAnUpperLevelIsNamed() => Spoil("frozen", scene => scene.Path(RaceScene.Small)[1], (_, _) => Spte.Frozen);

    // 12.
    [Fact]
    public void AnMmioEntryOfThisGenerationWhereASlotIsIsNamed() => Spoil("MMIO", scene => scene.Last(RaceScene.Small), (scene, _) =>
        EptSpte.MakeMmio(scene.Vm.Core.SpteHost, 0, Architecture.Rights.None, scene.Vm.Core.SlotGeneration));

    [Fact]
    public void ALinkToNoTableIsNamed() => Spoil("table", scene => scene.Path(RaceScene.Small)[1], (_, entry) => entry + (Page << 20));

    [Fact]
    public void ALinkToTheTableOfAnotherPlaceIsNamed() =>
        Spoil("another place", scene => scene.Path(RaceScene.Small)[2], (scene, _) => scene.Path(RaceScene.Demand)[2].Entry);

    [Fact]
    public void ATableThatIsNamedTwiceIsNamed()
    {
        using RaceScene scene = Mapped();
        GpaWalkStep step = scene.Path(RaceScene.Small)[1];
        ref ulong other = ref scene.Word(step with { Index = step.Index + 1 });
        ulong right = other;
        other = step.Entry;
        Assert.NotNull(scene.Vm.Audit());
        other = right;
        Assert.Null(scene.Vm.Audit());
    }

    [Fact]
    public void ALeafThatNobodyCountedIsNamed() => Spoil("count", scene => scene.Last(RaceScene.Small + (5 * Page)), (scene, _) =>
        scene.Last(RaceScene.Small).Entry + (5 * Page));

    // 7.
    [Fact]
    public void ACountOfHoldersThatIsWrongIsNamed()
    {
        using RaceScene scene = Mapped();
        TdpState state = scene.Vm.EngineSet.Tdp.Mmu.State;
        state.Pages[state.Roots.Of(0)].References++;
        Assert.Contains("references", scene.Vm.Audit(), StringComparison.Ordinal);
        state.Pages[state.Roots.Of(0)].References--;
        Assert.Null(scene.Vm.Audit());
    }

    private static RaceScene Mapped()
    {
        RaceScene scene = new(TdpFormat.Ept);
        scene.Access(0, RaceScene.Small, GpaAccess.Write);
        scene.Access(0, RaceScene.Huge, GpaAccess.Write);
        scene.Access(0, RaceScene.Demand, GpaAccess.Write);
        return scene;
    }

    // A device access there puts an MMIO entry beside what is mapped, so that every level of it exists.
    private static void Spoil(string named, Func<RaceScene, GpaWalkStep> find, Func<RaceScene, ulong, ulong> change)
    {
        using RaceScene scene = Mapped();
        _ = scene.Fault(0, Nothing, GpaAccess.Read);
        Assert.Null(scene.Vm.Audit());
        GpaWalkStep step = find(scene);
        ulong wrong = change(scene, step.Entry);
        ulong right = scene.Word(step);
        scene.Word(step) = wrong;
        string? found = scene.Vm.Audit();
        scene.Word(step) = right;
        Assert.Contains(named, found ?? "nothing", StringComparison.Ordinal);
        Assert.Null(scene.Vm.Audit());
    }
}
