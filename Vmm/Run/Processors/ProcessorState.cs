// Vmm.Run: what a processor is started with.
using System.Runtime.InteropServices;

namespace Mmu.Vmm.Run.Processors;

/// <summary>State of a processor with paging: control registers, descriptor tables, where it runs.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ProcessorState
{
    /// <summary>CR0 of every processor that walks shadow tables, and of most guests: PE, ET, NE, WP, PG.</summary>
    internal const ulong UsualCr0 = 0x8001_0031;

    /// <summary>NXE of EFER, set on every processor that walks shadow tables, and for most guests.</summary>
    internal const ulong NoExecute = 0x800;

    /// <summary>LMA of EFER, which a WRMSR does not change.</summary>
    internal const ulong LongModeActive = 0x400;

    public ProcessorState()
    {
    }

    /// <summary>Gets CR0.</summary>
    public ulong Cr0 { get; init; } = UsualCr0;

    /// <summary>Gets CR3.</summary>
    public ulong Cr3 { get; init; }

    /// <summary>Gets CR4: PAE and more.</summary>
    public ulong Cr4 { get; init; }

    /// <summary>Gets EFER; LMA selects 64-bit code.</summary>
    public ulong Efer { get; init; } = RunMode.Long4.Efer | NoExecute;

    /// <summary>Gets PKRU, which a processor is given by code that runs on it.</summary>
    public uint Pkru { get; init; }

    /// <summary>Gets the width of its registers.</summary>
    public int Bits => (Efer & LongModeActive) != 0 ? 64 : 32;

    /// <summary>Gets where the GDT, IDT and TSS lie.</summary>
    public Descriptors Descriptors { get; init; }

    /// <summary>Gets the ring that the processor starts in.</summary>
    public Ring Ring { get; init; }

    /// <summary>Gets RIP.</summary>
    public ulong Rip { get; init; }

    /// <summary>Gets RSP.</summary>
    public ulong Rsp { get; init; }

    /// <summary>Gets RFLAGS.</summary>
    public ulong Flags { get; init; }
}
