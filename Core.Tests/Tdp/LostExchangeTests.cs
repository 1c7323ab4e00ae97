// TDP judge: every compare-exchange of a fault and of the host's passes is lost once in turn; nothing may come of it but another try.
using System;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Tests.Tdp.Races;
using Xunit;

namespace Mmu.Tests.Tdp;

public sealed class LostExchangeTests(ITestOutputHelper output)
{
    private const int MostExchanges = 4000;
    private const ulong HugeBytes = 0x20_0000;

    public static TheoryData<string> Formats => [nameof(TdpFormat.Ept), nameof(TdpFormat.EptNoAccessedDirty), nameof(TdpFormat.Npt)];

    [Theory]
    [MemberData(nameof(Formats))]
    public void AFaultThatLosesAnExchangeTriesAgain(string format) => LoseEach(format, scene =>
    {
        scene.Access(0, RaceScene.Small, GpaAccess.Read);
        scene.Access(0, RaceScene.Small + 0x1000, GpaAccess.Write);
        scene.Access(0, RaceScene.Huge, GpaAccess.Write);
        scene.Access(0, RaceScene.Demand, GpaAccess.Write);
        scene.Vm.WriteProtect(new Gpa(RaceScene.Small), 0x2000);
        scene.Access(0, RaceScene.Small, GpaAccess.Write);
        _ = scene.Vm.Age(new Gpa(RaceScene.Small), 0x2000);
        scene.Access(0, RaceScene.Small + 0x1000, GpaAccess.Read);
        scene.Access(0, RaceScene.Small + 0x1000, GpaAccess.Write);
    });

    // The answer changed before the old frame was unmapped: the entry is frozen, emptied and filled.
    [Theory]
    [MemberData(nameof(Formats))]
    public void AFrameThatMovedIsExchangedInTheEnd(string format) => LoseEach(format, scene =>
    {
        scene.Access(0, RaceScene.Demand, GpaAccess.Read);
        scene.DemandSlot.AnswerOf(GpaVm.DemandFrame) = ResolvedKind.ReadOnly;
        scene.Vm.UnmapRange(new Gpa(RaceScene.Demand), 4096);
        scene.Access(0, RaceScene.Demand, GpaAccess.Read);
        scene.DemandSlot.AnswerOf(GpaVm.DemandFrame) = ResolvedKind.Present;
        scene.DemandSlot.Move(GpaVm.DemandFrame);
        scene.Access(0, RaceScene.Demand, GpaAccess.Write);
    });

    [Theory]
    [MemberData(nameof(Formats))]
    public void APassThatLosesAnExchangeDoesItsWorkAllTheSame(string format) => LoseEach(format, scene =>
    {
        scene.Access(0, RaceScene.Huge, GpaAccess.Write);
        scene.Access(0, RaceScene.Small, GpaAccess.Write);
        scene.Vm.WriteProtect(new Gpa(RaceScene.Small), 4096);
        Assert.False(scene.Peek(RaceScene.Small, GpaAccess.Write).Passes);
        scene.Access(0, RaceScene.Small, GpaAccess.Write);
        scene.ClearDirty(RaceScene.Small);
        Assert.False(scene.Peek(RaceScene.Small, GpaAccess.Write) is { Passes: true } found && scene.Format == EntryFormat.EptNoMarks && found.Page.Writable);
        Assert.True(scene.Vm.Age(new Gpa(RaceScene.Small), 4096));
        Assert.False(scene.Vm.TestAge(new Gpa(RaceScene.Small), 4096));
        Assert.True(scene.Vm.SplitHugePages(new Gpa(RaceScene.Huge), HugeBytes));
        Assert.Equal(512UL, scene.Statistics.Pages4K - 1);
        scene.Vm.ZapCollapsible(new Gpa(RaceScene.Huge), HugeBytes);
        scene.Vm.TrackWrites(new Gpa(RaceScene.Small));
        Assert.False(scene.Peek(RaceScene.Small, GpaAccess.Write).Passes);
        scene.Vm.UntrackWrites(new Gpa(RaceScene.Small));
        scene.Access(0, RaceScene.Small, GpaAccess.Write);
    });

    private void LoseEach(string format, Action<RaceScene> scenario)
    {
        ParkedThread.RequirePoints();
        int exchanges = 0;
        for (int nth = 0; nth <= exchanges && nth < MostExchanges; nth++)
        {
            using RaceScene scene = new(Enum.Parse<TdpFormat>(format));
            ExchangeFaults.Lose(nth);
            try
            {
                scenario(scene);
            }
            finally
            {
                exchanges = nth == 0 ? ExchangeFaults.Attempts : exchanges;
                ExchangeFaults.Lose(0);
            }

            scene.AssertSound();
        }

        Assert.InRange(exchanges, 3, MostExchanges);
        output.WriteLine($"{exchanges} exchanges, each lost once");
    }
}
