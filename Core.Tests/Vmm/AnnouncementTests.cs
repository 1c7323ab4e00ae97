// Tests that each announcement of the bundled guest counts: a monitor that does not hear one of them gets another checksum, or none.
using System;
using System.Linq;
using Mmu.Vmm.Run;
using Mmu.Vmm.Run.Guests;
using Mmu.Vmm.Run.Processors;
using Xunit;

namespace Mmu.Tests.Vmm;

public sealed class AnnouncementTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData("bits32")]
    [InlineData("pae")]
    [InlineData("long4")]
    [InlineData("long5")]
    public void EveryAnnouncementCounts(string name)
    {
        RunMode mode = RunMode.All.Single(one => one.Name == name);
        var options = new StressOptions(3, 32, 3000, 1) { Mode = mode };
        ulong expected = Shadowed.RunNatively(ProcessorKind.Model, options, _patience);
        Assert.Equal(expected, Shadowed.Run(ProcessorKind.Model, options, _patience, null));

        int[] ports = [GuestPorts.LoadCr0, GuestPorts.ReadCr2, GuestPorts.LoadCr3, GuestPorts.Invalidate, GuestPorts.LoadCr4, GuestPorts.LoadEfer];
        foreach (int port in ports.Where(port => port != GuestPorts.LoadEfer || mode.EntryBytes == 8))
        {
            Assert.False(RunsWell(options, port, expected), $"Nobody misses port 0x{port:x}.");
        }
    }

    private static bool RunsWell(StressOptions options, int unheard, ulong expected)
    {
        try
        {
            return Shadowed.Run(ProcessorKind.Model, options, _patience, processor => new ForgetfulProcessor(processor) { Unheard = unheard }) == expected;
        }
        catch (GuestException)
        {
            return false;
        }
    }
}
