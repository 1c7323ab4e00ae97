// Tests: a literal walker over a mode given as numbers; shares nothing with Core or the generator.
using System.Collections.Generic;
using Mmu.Walk;

namespace Mmu.Tests.Derivation;

/// <summary>Walks a mode given as numbers, level by level.</summary>
internal sealed class DerivedOracle(DerivedFormat format, DerivedMemory memory)
{
    private readonly List<ulong> _marked = [];
    private bool _allWritable;
    private bool _allUser;
    private bool _anyNoExecute;
    private ulong _highest;

    /// <summary>Walks, and marks the oracle's memory as the access would.</summary>
    public DerivedResult Walk(DerivedCpu cpu, ulong root, ulong address, DerivedAccess access)
    {
        int sign = format.AddressSign;
        long above = (long)address >> (sign > 0 ? format.AddressBits - 1 : format.AddressBits);
        if (sign > 0 && above is not (0 or -1))
        {
            return new DerivedResult(WalkOutcome.NonCanonical, 0, 0);
        }

        if (sign < 0 && above != 0)
        {
            return Fault(cpu, access, format.Levels, 0, 0, 0, present: false, reserved: false);
        }

        _marked.Clear();
        _allWritable = true;
        _allUser = true;
        _anyNoExecute = false;
        _highest = root;
        bool writableAbove = true;
        ulong table = root;
        for (int level = format.Levels; ; level--)
        {
            int reads = format.Levels - level;
            int indexBits = level == format.Levels ? format.RootIndexBits : format.IndexBits;
            int shift = 12 + ((level - 1) * format.IndexBits);
            ulong index = (address >> shift) & ((1UL << indexBits) - 1);
            ulong at = table + (index * (ulong)format.EntryBytes);
            Reach(at);
            if (!DerivedMemory.Holds(at))
            {
                return Fault(cpu, access, level, 0, at, reads, present: false, reserved: false);
            }

            ulong entry = memory.Read(at, format.EntryBytes);
            if (!Bit(entry, format.Present))
            {
                return Fault(cpu, access, level, entry, at, reads + 1, present: false, reserved: false);
            }

            bool large = level > 1 && level <= format.LargestLeaf && Bit(entry, format.Large) && (cpu.Pse || !format.LargeNeedsPse);
            bool leaf = level == 1 || large;
            ulong frame = ((entry >> format.FrameLow) & ((1UL << format.FrameBits) - 1)) << 12;
            if ((entry & format.Reserved(cpu, level, leaf)) != 0 || (frame >> cpu.PhysicalAddressBits) != 0)
            {
                return Fault(cpu, access, level, entry, at, reads + 1, present: true, reserved: true);
            }

            if (format.RootHasRights || level < format.Levels)
            {
                writableAbove = _allWritable;
                _allWritable &= Bit(entry, format.Writable);
                _allUser &= Bit(entry, format.User);
                _anyNoExecute |= format.NoExecute >= 0 && Bit(entry, format.NoExecute);
                _marked.Add(at);
            }

            if (!leaf)
            {
                table = frame;
                continue;
            }

            bool allowed = access.ShadowStack
                ? writableAbove && !Bit(entry, format.Writable) && Bit(entry, format.Dirty) && access.User == _allUser
                : IsAllowed(cpu, access);
            if (!allowed)
            {
                return Fault(cpu, access, level, entry, at, reads + 1, present: true, reserved: false);
            }

            ulong offset = (1UL << shift) - 1;
            ulong gpa = (frame & ~offset) | (address & offset) | (level > 1 ? format.HighFrame(entry) : 0);
            Reach(gpa);

            // A table that holds itself: marking the entry's upper use spoils the exchange of its lower one, so the walk starts again.
            bool again = _marked.IndexOf(at) < _marked.Count - 1 && DerivedMemory.IsWritable(at);
            MarkAll(access);
            return new DerivedResult(WalkOutcome.Translated, level, entry)
            {
                Gpa = gpa,
                PageShift = shift,
                Rights = 1 | (_allWritable ? 2 : 0) | (_allUser ? 4 : 0) | (_anyNoExecute ? 0 : 8),
                Reads = reads + 1,
                EntryAgain = again ? entry | (1UL << format.Accessed) : entry,
                Highest = _highest,
            };
        }
    }

    private static bool Bit(ulong entry, int bit) => ((entry >> bit) & 1) != 0;

    private void Reach(ulong address) => _highest = address > _highest ? address : _highest;

    private bool IsAllowed(DerivedCpu cpu, DerivedAccess access)
    {
        if (access.User && !_allUser)
        {
            return false;
        }

        if (access.Fetch)
        {
            return !_anyNoExecute && (access.User || !cpu.Smep || !_allUser);
        }

        if (access.Write && !_allWritable && (access.User || cpu.WriteProtect))
        {
            return false;
        }

        return access.User || !cpu.Smap || !_allUser || (access.AlignmentCheck && !access.Implicit);
    }

    private void MarkAll(DerivedAccess access)
    {
        for (int i = 0; i < _marked.Count; i++)
        {
            bool dirty = access.Write && i == _marked.Count - 1;
            memory.Mark(_marked[i], format.EntryBytes, (1UL << format.Accessed) | (dirty ? 1UL << format.Dirty : 0));
        }
    }

    private DerivedResult Fault(
        DerivedCpu cpu, DerivedAccess access, int level, ulong entry, ulong at, int reads, bool present, bool reserved)
    {
        bool saysFetch = access.Fetch && (!cpu.NoExecuteOff || cpu.Smep);
        return new DerivedResult(WalkOutcome.PageFault, level, entry)
        {
            ErrorCode = (present ? 1u : 0) | (access.Write ? 2u : 0) | (access.User ? 4u : 0)
                | (reserved ? 8u : 0) | (saysFetch ? 16u : 0) | (access.ShadowStack ? 64u : 0),
            EntryAddress = at,
            Reads = reads,
            Highest = _highest,
        };
    }
}
