// Vmm: a processor that runs on our tables, in software: TLB, page walk, the accessed and dirty bits it would set.
using System.Runtime.CompilerServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Vm;

namespace Mmu.Vmm.Replay;

/// <summary>
/// Translates by the tables of a VM as a processor with CR0.WP=1, EFER.NXE=1 and the guest's SMEP, SMAP and protection keys does. Physical
/// memory is the tables and the guest's memory, nothing else.
/// </summary>
internal sealed unsafe class ShadowCpu
{
    /// <summary>MAXPHYADDR of the processor.</summary>
    internal const int PhysicalAddressBits = 46;

    private const ulong Present = 1;
    private const ulong Writable = 1 << 1;
    private const ulong UserPage = 1 << 2;
    private const ulong Accessed = 1 << 5;
    private const ulong Dirty = 1 << 6;
    private const ulong Large = 1 << 7;
    private const ulong NoExecute = 1UL << 63;
    private const ulong FrameMask = 0x000F_FFFF_FFFF_F000;
    private const ulong Reserved = FrameMask & ~((1UL << PhysicalAddressBits) - 1);
    private const ulong LongMode = 1 << 10;
    private const ulong Smep = 1 << 20;
    private const ulong Smap = 1 << 21;
    private const ulong ProtectionKeys = 1 << 22;

    private readonly CpuTlb _tlb = new();
    private readonly nuint _tables;
    private readonly ulong _firstTable;
    private readonly ulong _tableBytes;
    private readonly ulong _firstByte;
    private readonly ulong _memoryBytes;
    private bool _mustFlushRoot;

    /// <summary>Creates a processor.</summary>
    /// <param name="tables">The tables.</param>
    /// <param name="memory">Host frame of the first byte of guest memory.</param>
    /// <param name="bytes">Size of guest memory.</param>
    public ShadowCpu(in Vm.TableMemory tables, Pfn memory, ulong bytes)
    {
        _tables = tables.HostAddress;
        _firstTable = tables.FirstFrame.Value << 12;
        _tableBytes = tables.Bytes;
        _firstByte = memory.Value << 12;
        _memoryBytes = bytes;
    }

    /// <summary>Accesses that the TLB served.</summary>
    public ulong TlbHits { get; private set; }

    /// <summary>Empties the TLB of what a flush names. Which root is meant is known when the processor runs next.</summary>
    public void Flush(in FlushRange range)
    {
        _mustFlushRoot |= range.Scope == FlushScope.CurrentRoot;
        _tlb.Flush(range);
    }

    /// <summary>Makes an access.</summary>
    /// <param name="root">What the processor is loaded with.</param>
    /// <param name="state">The guest's control state.</param>
    /// <param name="gva">The linear address.</param>
    /// <param name="access">The access.</param>
    /// <param name="code">Receives the error code of a fault.</param>
    /// <param name="gpa">Receives the guest physical address of what was reached.</param>
    /// <returns>How it ended.</returns>
    public CpuOutcome Translate(in RunState root, in ControlState state, ulong gva, Access access, out PageFaultCode code, out ulong gpa)
    {
        if (_mustFlushRoot)
        {
            _tlb.DropRoot(root.RootAddress);
            _mustFlushRoot = false;
        }

        gpa = 0;
        if (_tlb.TryFind(root.RootAddress, gva, out CachedPage cached)
            && !Refuses(state, access, cached, out code)
            && (access.Kind != AccessKind.Write || (cached.Leaf & Dirty) != 0))
        {
            TlbHits++;
            gpa = cached.Gpa | (gva & 0xFFF);
            return CpuOutcome.Done;
        }

        CpuOutcome outcome = Walk(root, state, gva, access, out code, out cached);
        if (outcome == CpuOutcome.Done)
        {
            gpa = cached.Gpa | (gva & 0xFFF);
            _tlb.Add(cached);
        }
        else if (outcome == CpuOutcome.Fault)
        {
            code |= (access.Kind == AccessKind.Write ? PageFaultCode.Write : access.Kind == AccessKind.Fetch ? PageFaultCode.Fetch : PageFaultCode.None)
                | ((access.Flags & AccessFlags.User) != 0 ? PageFaultCode.User : PageFaultCode.None);
            _tlb.Drop(root.RootAddress, gva);
        }

        return outcome;
    }

    private CpuOutcome Walk(in RunState root, in ControlState state, ulong gva, Access access, out PageFaultCode code, out CachedPage page)
    {
        page = new CachedPage { Root = root.RootAddress, Gva = gva >> 12, Rights = Writable | UserPage };
        code = PageFaultCode.None;
        ulong table = root.RootAddress;
        int level = root.Levels;
        ulong noExecute = 0;
        while (true)
        {
            int shift = 12 + (9 * (level - 1));
            bool isPaeRoot = level == root.Levels && level == 3;
            if (!TryEntry(table, (int)(gva >> shift) & (isPaeRoot ? 3 : 511), out ulong* slot))
            {
                return CpuOutcome.OutsideMemory;
            }

            ulong entry = *slot;
            if ((entry & Present) == 0)
            {
                return CpuOutcome.Fault;
            }

            table = entry & FrameMask;
            level--;
            if (isPaeRoot)
            {
                continue;
            }

            bool leaf = level == 0 || (entry & Large) != 0;
            if ((entry & ReservedBits(level + 1, leaf)) != 0)
            {
                code = PageFaultCode.Present | PageFaultCode.Reserved;
                return CpuOutcome.Fault;
            }

            page.Rights &= entry;
            noExecute |= entry & NoExecute;
            if (!leaf)
            {
                *slot = entry | Accessed;
                continue;
            }

            page.Leaf = (entry & ~NoExecute) | noExecute;
            page.Shift = shift;
            if (Refuses(state, access, page, out code))
            {
                return CpuOutcome.Fault;
            }

            page.Leaf |= Accessed | (access.Kind == AccessKind.Write ? Dirty : 0);
            *slot = entry | (page.Leaf & (Accessed | Dirty));
            page.Gpa = (entry & FrameMask & ~((1UL << shift) - 1)) + (gva & ((1UL << shift) - 1) & ~0xFFFUL) - _firstByte;
            return page.Gpa < _memoryBytes ? CpuOutcome.Done : CpuOutcome.OutsideMemory;
        }
    }

    private static ulong ReservedBits(int level, bool leaf) =>
        Reserved | (!leaf || level == 1 ? 0 : level == 2 ? 0x1F_E000UL : 0x3FFF_E000UL) | (level >= 4 ? Large : 0);

    private static bool Refuses(in ControlState state, Access access, in CachedPage page, out PageFaultCode code)
    {
        code = PageFaultCode.Present;
        bool user = (access.Flags & AccessFlags.User) != 0;
        bool userPage = (page.Rights & UserPage) != 0;
        if (access.Kind == AccessKind.Fetch)
        {
            return (page.Leaf & NoExecute) != 0 || (user ? !userPage : userPage && (state.Cr4 & Smep) != 0);
        }

        // Keys look at the page's mode, not at who accesses it.
        if (userPage && (state.Cr4 & ProtectionKeys) != 0 && (state.Efer & LongMode) != 0)
        {
            uint key = state.Pkru >> (2 * (int)((page.Leaf >> 59) & 0xF));
            if ((key & 1) != 0 || ((key & 2) != 0 && access.Kind == AccessKind.Write))
            {
                code |= PageFaultCode.ProtectionKey;
                return true;
            }
        }

        bool allowedByAc = (access.Flags & (AccessFlags.AlignmentCheck | AccessFlags.Implicit)) == AccessFlags.AlignmentCheck;
        return (access.Kind == AccessKind.Write && (page.Rights & Writable) == 0)
            || (user ? !userPage : userPage && (state.Cr4 & Smap) != 0 && !allowedByAc);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryEntry(ulong table, int index, out ulong* entry)
    {
        ulong offset = table - _firstTable + ((ulong)index * 8);
        entry = (ulong*)(_tables + (nuint)offset);
        return offset < _tableBytes;
    }
}
