// Bug 16: a dirty ring was written where no vCPU ran. The rule: who has no vCPU writes to the bitmap.
using Mmu.Addressing;
using Mmu.Tests.DirtyLog;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.Shadow.Bugs;

public sealed class Bug16Tests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Bug16AWriteWithoutAVcpuGoesToTheBitmap(bool hasVcpu)
    {
        using RingScene scene = new();
        if (!hasVcpu)
        {
            scene.Vcpu.Dispose();
        }

        using DirtyLogSession log = scene.Start();
        Assert.True(scene.Vm.TryWrite(new Gpa(RingScene.Data + 0x2008), [1]));
        scene.Vm.MarkDirty(new Gpa(RingScene.Data + 0x5000), 0x1000);
        if (hasVcpu)
        {
            Assert.Empty(scene.Take());
        }

        Assert.Equal([RingScene.Data + 0x2000, RingScene.Data + 0x5000], LogScene.Harvest(log));
        Assert.Empty(LogScene.Harvest(log));
    }

    [Fact]
    public void Bug16APageOfTheBitmapIsNotForgottenByARing()
    {
        using RingScene scene = new();
        using DirtyLogSession log = scene.Start();
        scene.Vm.MarkDirty(new Gpa(RingScene.Data + 0x3000), 1);
        scene.Write(3);

        // It is reported where it was first noticed.
        Assert.Empty(scene.Take());
        Assert.True(scene.Allows(3));
        Assert.Equal([RingScene.Data + 0x3000], LogScene.Harvest(log));
        Assert.False(scene.Allows(3));
        scene.Write(3);
        Assert.Single(scene.Take());
    }
}
