// A vCPU reads through pointers from its software TLB while slots, and their memory, go away.
using System.Runtime.InteropServices;
using System.Threading;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Tests.Guest;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Vm;

public sealed class SoftTlbThreadTests
{
    private const ulong Slot = 0x1000_0000;
    private const int Pages = 4;

    [Fact]
    public void NoPointerOutlivesItsSlotThoughTheHostSaysThatItFlushed()
    {
        using SoftTlbScene scene = new();
        scene.Test.Host.Logs = false;
        for (ulong page = 0; page < Pages; page++)
        {
            scene.Map(SoftTlbScene.Page + (page << 12), Slot + (page << 12));
        }

        bool stop = false;
        int reads = 0;
        int bad = 0;
        Thread cpu = new(() => Run(scene, ref stop, ref reads, ref bad));
        cpu.Start();
        for (int i = 0; i < 100 || (Volatile.Read(ref reads) < 1000 && i < 20_000); i++)
        {
            // Whoever reads it after it was unmapped kills the process.
            GuardedPages memory = new(Pages);
            memory.Bytes.Fill(7);
            scene.Vm.AddSlot(new MemorySlot(new Gpa(Slot), Pages * 4096, memory.Address));
            Thread.Yield();
            if (i % 4 == 0)
            {
                scene.Vm.TrackWrites(new Gpa(Slot));
                scene.Vm.UnmapRange(new Gpa(Slot), 4096);
            }

            scene.Vm.RemoveSlot(new Gpa(Slot));
            memory.Dispose();
        }

        Volatile.Write(ref stop, true);
        cpu.Join();
        Assert.Equal(0, bad);
        Assert.True(reads > 0);
        Assert.Null(scene.Vm.Audit());
    }

    [Fact]
    public void AWriteThatIsSeenThroughAnOldEntryWasMadeBeforeTrackingBegan()
    {
        using SoftTlbScene scene = new();
        scene.Test.Host.Logs = false;
        bool stop = false;
        bool tracked = false;
        int bad = 0;
        Thread cpu = new(() =>
        {
            scene.Enter();
            while (!Volatile.Read(ref stop))
            {
                bool before = Volatile.Read(ref tracked);
                bool writes = scene.Hits(SoftTlbScene.Page, Access.UserWrite) || scene.Resolve(SoftTlbScene.Page, Access.UserWrite) == SoftTlbOutcome.Memory;
                bad += before && writes ? 1 : 0;
                Leave(scene);
            }

            scene.Vcpu.EndRun();
        });
        cpu.Start();
        Thread.Sleep(20);
        scene.Vm.TrackWrites(new Gpa(SoftTlbScene.Data));
        Volatile.Write(ref tracked, true);
        Thread.Sleep(20);
        Volatile.Write(ref stop, true);
        cpu.Join();
        Assert.Equal(0, bad);
    }

    private static void Run(SoftTlbScene scene, ref bool stop, ref int reads, ref int bad)
    {
        Access[] accesses = [Access.UserRead, Access.UserWrite, Access.UserFetch];
        scene.Enter();
        for (ulong n = 0; !Volatile.Read(ref stop); n++)
        {
            Gva gva = new(SoftTlbScene.Page + (n % Pages << 12) + (n & 0xFFF));
            Access access = accesses[n % 3];
            if (!scene.Tlb.TryGet(gva, access, out nuint host))
            {
                SoftTlbOutcome outcome = scene.Tlb.Resolve(gva, access, out WalkResult result);
                bad += outcome is SoftTlbOutcome.Fault or SoftTlbOutcome.None ? 1 : 0;
                host = outcome == SoftTlbOutcome.Memory ? result.HostAddress : 0;
            }

            if (host != 0)
            {
                bad += Marshal.ReadByte((nint)host) == 7 ? 0 : 1;
                reads++;
            }

            if (n % 16 == 0)
            {
                Leave(scene);
            }
        }

        scene.Vcpu.EndRun();
    }

    // As an interpreter does between two instructions.
    private static void Leave(SoftTlbScene scene)
    {
        if (!scene.Vcpu.Poll())
        {
            scene.Vcpu.EndRun();
            scene.Enter();
        }
    }
}
