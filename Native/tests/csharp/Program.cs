// Bench: the translations of bench.c, called in C#.
using System;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Walk;

const int ramBytes = 16 << 20;
const int walks = 1_000_000;
const int rounds = 21;

unsafe
{
    byte* ram = (byte*)NativeMemory.AlignedAlloc(ramBytes, 4096);
    new Span<byte>(ram, ramBytes).Clear();
    GuestMemory memory = new();
    memory.AddSlot(new MemorySlot(new Gpa(0), ramBytes, (nuint)ram));
    *(ulong*)(ram + 0x1000) = 0x2003;
    *(ulong*)(ram + 0x2000) = 0x3003;
    *(ulong*)(ram + 0x3010) = 0x4003;
    for (ulong i = 0; i < 512; i++)
    {
        *(ulong*)(ram + 0x4000 + (i * 8)) = (0x10_0000 + (i * 4096)) | 0x63;
    }

    GuestWalker walker = new(memory, new CpuFeatures());
    _ = walker.SetControlState(new ControlState { Cr0 = 0x8001_0001, Cr3 = 0x1000, Cr4 = 0x20, Efer = 0xD00 });
    double[] times = new double[rounds];
    ulong sum = 0;
    for (int round = 0; round < rounds; round++)
    {
        times[round] = Round(walker, ref sum);
    }

    // The best: the first rounds are not optimized yet.
    Array.Sort(times);
    Console.WriteLine($"the same called in C#         {times[0],8:F2} ns{(sum == 0 ? " nothing" : string.Empty)}");
}

static double Round(GuestWalker walker, ref ulong sum)
{
    long start = Stopwatch.GetTimestamp();
    for (uint i = 0; i < walks; i++)
    {
        if (!walker.Translate(new Gva(0x40_0000 + (i * 7 % 512 * 4096) + 8), Access.SupervisorRead, out WalkResult result))
        {
            throw new InvalidOperationException(result.ToString());
        }

        sum += result.Gpa.Value;
    }

    return Stopwatch.GetElapsedTime(start).TotalNanoseconds / walks;
}
