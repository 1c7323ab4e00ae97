// Samples: the code that README.md and docs/guest-walker.md show, compiled and run; a test compares the texts.
using System;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Samples;

public sealed unsafe class GuestWalkerSample : IDisposable
{
    private const nuint MemoryBytes = 0x10_0000;

    private readonly byte* _memory;

    public GuestWalkerSample()
    {
        _memory = (byte*)NativeMemory.AlignedAlloc(MemoryBytes, 4096);
        NativeMemory.Clear(_memory, MemoryBytes);
    }

    public void Dispose() => NativeMemory.AlignedFree(_memory);

    [Fact]
    public void ReadmeSampleTranslates()
    {
        nuint hostAddress = (nuint)_memory;

        // sample: readme
        GuestMemory memory = new();
        memory.AddSlot(new MemorySlot(new Gpa(0), 0x10_0000, hostAddress)); // 1 MiB of guest RAM, allocated by you

        // A guest that maps the page at 0x40_0000 to 0x5000: four tables, written as its kernel would write them.
        Store(memory, 0x1000, 0x2003);              // PML4[0] -> 0x2000
        Store(memory, 0x2000, 0x3003);              // PDPT[0] -> 0x3000
        Store(memory, 0x3000 + (2 * 8), 0x4003);    // PD[2]   -> 0x4000
        Store(memory, 0x4000, 0x5003);              // PT[0]   -> 0x5000, present and writable, not for user mode

        GuestWalker walker = new(memory, new CpuFeatures { PhysicalAddressBits = 40 });
        _ = walker.SetControlState(new ControlState { Cr0 = 0x8001_0001, Cr3 = 0x1000, Cr4 = 0x20, Efer = 0xD00 });

        bool kernel = walker.Translate(new Gva(0x40_0123), Access.SupervisorWrite, out WalkResult write); // true; write.Gpa is 0x5123
        bool user = walker.Translate(new Gva(0x40_0123), Access.UserRead, out WalkResult read);           // false; read.ErrorCode is P | U
        Console.WriteLine(walker.Explain(new Gva(0x40_0123), Access.UserRead));                            // every entry, and the rule that refused
        // end

        Assert.True(kernel);
        Assert.Equal(new Gpa(0x5123), write.Gpa);
        Assert.False(user);
        Assert.Equal(PageFaultCode.Present | PageFaultCode.User, read.ErrorCode);
        Assert.Equal(FaultCause.NotUser, read.Cause);
    }

    [Fact]
    public void EmbedderPageSamplesRun()
    {
        GuestMemory memory = new();
        memory.AddSlot(new MemorySlot(new Gpa(0), MemoryBytes, (nuint)_memory));
        Store(memory, 0x1000, 0x2007);
        Store(memory, 0x2000, 0x3007);
        Store(memory, 0x3000, 0x0087); // a 2-MiB page
        CpuFeatures features = new() { PhysicalAddressBits = 40 };

        // sample: state
        GuestWalker walker = new(memory, features);
        ControlState state = new() { Cr0 = 0x8001_0001, Cr3 = 0x1000, Cr4 = 0x20, Efer = 0xD00 };
        ControlStateStatus status = walker.SetControlState(state);
        if (status != ControlStateStatus.Legal)
        {
            throw new InvalidOperationException($"The CPU would have refused this state: {status}"); // inject #GP, or fail the VM entry
        }
        // end

        Gva address = new(0x6000);
        // sample: outcome
        if (!walker.Translate(address, Access.UserWrite, out WalkResult result))
        {
            string what = result.Outcome switch
            {
                WalkOutcome.PageFault => $"inject #PF, error code {result.ErrorCode}, CR2 {result.LinearAddress}",
                WalkOutcome.NonCanonical => "inject #GP, or #SS for a stack access",
                WalkOutcome.EptViolation => $"reflect an EPT violation, qualification 0x{result.ExitQualification:x}",
                WalkOutcome.EptMisconfiguration => "reflect an EPT misconfiguration",
                WalkOutcome.NestedPageFault => $"reflect #NPF, EXITINFO1 0x{result.ExitInfo1:x}",
                _ => "run the instruction again",
            };
            throw new InvalidOperationException(what);
        }

        nuint pointer = result.HostAddress; // 0 if the address lies outside every slot: MMIO
        // end

        // sample: nested
        GuestWalker nested = new(memory, features);
        EptControl ept = new() { EptPointer = 0x8000 | (3 << 3) | 6 }; // root 0x8000, four levels, write-back
        ControlStateStatus nestedStatus = nested.SetControlState(state, ept);
        // end

        // sample: regions
        foreach (MappedRegion region in walker.ScanRegions())
        {
            Console.WriteLine($"{region.Start}-{region.Last} {region.Rights}");
        }
        // end

        // sample: data
        Span<byte> bytes = stackalloc byte[16];
        bool complete = walker.TryRead(address, bytes, out WalkResult fault, AccessFlags.User);
        // end

        Assert.Equal((nuint)_memory + 0x6000, pointer);
        Assert.Equal(ControlStateStatus.Legal, nestedStatus);
        Assert.True(complete);
        Assert.Equal(WalkOutcome.Translated, fault.Outcome);
        Assert.False(nested.Translate(address, Access.UserRead, out WalkResult violation));
        Assert.Equal(WalkOutcome.EptViolation, violation.Outcome);
    }

    private static void Store(GuestMemory memory, ulong gpa, ulong entry) => Assert.True(memory.TryWrite(new Gpa(gpa), BitConverter.GetBytes(entry)));
}
