// KVM conformance, nested paging: the log is read whole.
using System.Collections.Generic;
using System.Linq;
using Mmu.Tests.KvmLogs;
using Xunit;

namespace Mmu.Tests.Tdp.Kvm;

public sealed class NptLogTests
{
    [Fact]
    public void LogIsReadWhole()
    {
        List<NptStep> steps = NptLog.Read();
        Assert.Equal(678, steps.Count(step => step.IsFault));
        Assert.Equal(23 + 1, steps.Count(step => !step.IsFault));
        Assert.Equal(456, steps.Count(step => step.Fast is not null));
        Assert.Equal(440, steps.Count(step => step.Fast is { Fixed: true }));
        Assert.Equal(222, steps.Count(step => step.Requested is not null));
        Assert.Equal(222, steps.Count(step => step.Leaf is not null));
        Assert.Equal(7, steps.Sum(step => step.Made.Count));
        Assert.Equal(3, steps.Sum(step => step.Zapped.Count));
        Assert.Equal(3, steps.Sum(step => step.Splits.Count));
        Assert.Equal(3650, steps.Sum(step => step.Changes.Count));
        Assert.Equal([4, 5, 7], KvmDirtyMaps.Read(NptLog.Name).Keys);
        Assert.All(KvmDirtyMaps.Read(NptLog.Name).Values, frames => Assert.Equal(110, frames.Length));
        Assert.Equal(3, NptLog.ReadTables().Count);
    }
}
