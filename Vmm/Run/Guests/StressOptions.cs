// Vmm.Run: sizes of the memory-stress guest.
using Mmu.Architecture;

namespace Mmu.Vmm.Run.Guests;

/// <summary>Sizes of the memory-stress guest.</summary>
/// <param name="Processes">Address spaces: 1 to 64.</param>
/// <param name="Pages">Pages of each: a power of two, 16 to 32768.</param>
/// <param name="Steps">Accesses that it makes.</param>
/// <param name="Seed">What its choices start from.</param>
internal sealed record StressOptions(int Processes, int Pages, int Steps, int Seed)
{
    /// <summary>Gets the paging mode that it runs in.</summary>
    internal RunMode Mode { get; init; } = RunMode.Long4;

    /// <summary>Gets what it does at last.</summary>
    internal StressEnding Ending { get; init; }

    /// <summary>Gets what its processor can do.</summary>
    internal CpuFeatures Features { get; init; } = new();

    /// <summary>Gets the kernel's map of all physical memory. Its first page is the device: the lowest memory is not the guest's.</summary>
    internal ulong Linear => Mode.IsLong ? 0xFFFF_8000_0000_0000 : 0x8000_0000;

    /// <summary>Gets the size of a huge page.</summary>
    internal ulong HugeBytes => 1UL << Mode.ShiftOf(2);

    /// <summary>Gets the entries of a table.</summary>
    internal int EntriesPerTable => 1 << Mode.IndexBits;

    /// <summary>Gets the page tables of level 1 that map the pages of a process.</summary>
    internal int Tables => (Pages + EntriesPerTable - 1) / EntriesPerTable;

    /// <summary>Gets the offset, in a process's tables, of the one that maps its program; that for its huge page, when it is split, and those for its pages follow.</summary>
    internal ulong ProgramTable => (ulong)(Mode.Levels - 1) * 4096;

    /// <summary>Gets the size of the table pages of a process.</summary>
    internal ulong TableBytes => ProgramTable + ((ulong)(2 + Tables) * 4096);

    /// <summary>Gets where the huge pages start, from the beginning of guest memory.</summary>
    internal ulong HugeOffset => Up(StressLayout.Tables + ((ulong)Processes * TableBytes));

    /// <summary>Gets where the frames for pages start, from the beginning of guest memory.</summary>
    internal ulong PoolOffset => HugeOffset + ((ulong)Processes * HugeBytes);

    /// <summary>Gets the frames for pages: somewhat fewer than pages, so that they are used again.</summary>
    internal ulong PoolBytes => Up((ulong)Processes * (ulong)Pages * 3072);

    /// <summary>Gets the size of guest memory.</summary>
    internal ulong MemoryBytes => PoolOffset + PoolBytes;

    /// <summary>Gets CR0 of the guest.</summary>
    internal static ulong Cr0 => Processors.ProcessorState.UsualCr0;

    /// <summary>Gets CR4 of the guest, most of the time.</summary>
    internal ulong Cr4 => Mode.Cr4 | ControlBits.GlobalPages | (Mode == RunMode.Bits32 ? ControlBits.PageSizeExtensions : 0);

    /// <summary>Gets EFER of the guest, most of the time.</summary>
    internal ulong Efer => Mode.Efer | Processors.ProcessorState.NoExecute;

    /// <summary>Linear address of an offset in guest memory, for the kernel.</summary>
    internal ulong LinearOf(ulong offset) => Linear + HostLayout.GuestMemory + offset;

    private ulong Up(ulong bytes) => (bytes + HugeBytes - 1) & ~(HugeBytes - 1);
}
