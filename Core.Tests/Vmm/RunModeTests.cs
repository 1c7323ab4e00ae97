// Tests of the differential mode in every paging mode, on the model and, where it is installed, on QEMU.
using System;
using System.IO;
using System.Linq;
using Mmu.Architecture;
using Mmu.Vmm;
using Mmu.Vmm.Run;
using Mmu.Vmm.Run.Compare;
using Mmu.Vmm.Run.Processors;
using Mmu.Vmm.Run.Processors.Kvm;
using Mmu.Vmm.Run.Processors.Qemu;
using Xunit;

namespace Mmu.Tests.Vmm;

public sealed class RunModeTests
{
    [Theory]
    [InlineData("bits32")]
    [InlineData("pae")]
    [InlineData("long4")]
    [InlineData("long5")]
    public void RandomTablesGiveTheSameAnswersOnTheModel(string mode) => Compare(ProcessorKind.Model, mode, 2400);

    [Theory]
    [InlineData("bits32")]
    [InlineData("pae")]
    [InlineData("long4")]
    [InlineData("long5")]
    public void RandomTablesGiveTheSameAnswersOnQemu(string mode)
    {
        Assert.SkipUnless(QemuProcessor.IsThere(), $"There is no {QemuProcessor.Program} in PATH: nothing was run on QEMU's processor.");
        Compare(ProcessorKind.Qemu, mode, 300);
    }

    [Theory]
    [InlineData("model", "bits32", 3000)]
    [InlineData("model", "pae", 3000)]
    [InlineData("model", "long5", 3000)]
    [InlineData("qemu", "bits32", 300)]
    [InlineData("qemu", "pae", 300)]
    [InlineData("qemu", "long5", 300)]
    public void GuestComesToTheSameEndInEveryMode(string cpu, string mode, int steps)
    {
        Assert.SkipUnless(cpu == "model" || QemuProcessor.IsThere(), "QEMU is not in PATH: nothing was run on its processor.");
        CommandRun run = CommandRun.Of("run", "--cpu", cpu, "--mode", mode, "--steps", $"{steps}").AssertOk();
        Assert.Contains("the checksums are equal", run.Output, StringComparison.Ordinal);
        Assert.Contains("faults: Inject", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bits32", "--processes", "1", "--pages", "16", "--seed", "7")]
    [InlineData("pae", "--processes", "1", "--pages", "16", "--seed", "7")]
    [InlineData("bits32", "--processes", "5", "--pages", "2048")]
    [InlineData("pae", "--processes", "5", "--pages", "2048")]
    public void GuestOfAnySizeComesToTheSameEndIn32BitModes(string mode, params string[] sizes)
    {
        CommandRun run = CommandRun.Of(["run", "--cpu", "model", "--mode", mode, "--steps", "1500", .. sizes]).AssertOk();
        Assert.Contains("the checksums are equal", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ModelAndQemuComeToTheSameEnd()
    {
        Assert.SkipUnless(QemuProcessor.IsThere(), "QEMU is not in PATH: nothing was run on its processor.");
        string[] guest = ["run", "--mode", "all", "--steps", "200", "--pages", "16"];
        Assert.Equal(Sums(CommandRun.Of([.. guest, "--cpu", "model"])), Sums(CommandRun.Of([.. guest, "--cpu", "qemu"])));
    }

    [Fact]
    public void ProcessorWithoutFiveLevelsIsRefused()
    {
        Assert.SkipUnless(KvmProcessor.IsThere(), $"{KvmProcessor.Device} cannot be opened: nothing was run on the real processor.");
        using HostMemory memory = HostMemory.Create(CompareLayout.MemoryBytes, shared: false);
        using var kvm = new KvmProcessor(memory);
        Assert.SkipWhen(kvm.Features.La57, "The real processor has 5-level paging.");
        CommandRun.Of("run", "--cpu", "kvm", "--compare", "--mode", "long5").AssertRefused("the kvm processor has no 5-level paging");
    }

    [Fact]
    public void AllModesRunOneAfterTheOther()
    {
        CommandRun run = CommandRun.Of("run", "--cpu", "model", "--compare", "--mode", "all", "--cases", "60");
        Assert.Equal(MmuCommand.Different, run.ExitCode);
        Assert.Equal(
            ["paging mode: bits32", "paging mode: pae", "paging mode: long4", "paging mode: long5"],
            run.Lines.Where(line => line.StartsWith("paging mode", StringComparison.Ordinal)));
        Assert.Equal(4, run.Lines.Count(line => line.StartsWith("FAILED: fewer than 1000", StringComparison.Ordinal)));
    }

    [Fact]
    public void ControlRegistersChangeWithinABatch()
    {
        var controls = new Controls(new CaseRandom(1), RunMode.Long4, new CpuFeatures());
        controls.Start();
        (ulong cr0, ulong cr4) = (controls.Cr0, controls.Cr4);
        ulong changed = 0;
        for (int i = 0; i < 200; i++)
        {
            controls.Change();
            changed |= (controls.Cr0 ^ cr0) | (controls.Cr4 ^ cr4);
        }

        // CR0.WP and CR4.PGE, SMEP and SMAP.
        Assert.Equal(0x31_0080UL, changed & 0x31_0080);
        Assert.Equal(RunMode.Long4.Cr4, controls.Cr4 & RunMode.Long4.Cr4);
    }

    private static string[] Sums(CommandRun run)
    {
        string[] sums = [.. run.AssertOk().Lines.Where(line => line.Contains("checksum: ", StringComparison.Ordinal)).Select(line => line.Split(" in ")[0])];
        Assert.Equal(8, sums.Length);
        return sums;
    }

    private static void Compare(ProcessorKind kind, string name, int cases)
    {
        using Bench bench = Bench.Create(kind, CompareLayout.MemoryBytes, RunMode.All.Single(mode => mode.Name == name));
        using var output = new StringWriter();
        using var comparison = new Comparison(bench, 3, output);
        comparison.Run(cases, _ => { });
        Assert.Equal(string.Empty, output.ToString());
        Assert.Equal(0, comparison.Tally.Differences);
        Assert.NotEqual(0, comparison.Tally.Faults);
        Assert.NotEqual(0, comparison.Tally.Downgrades);
    }
}
