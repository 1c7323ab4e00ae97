// Oracle: the way down legacy tables, for a guest's own paging and for AMD's nested tables alike.
namespace Mmu.Tests.Oracle;

internal static class LegacyTables
{
    // `second` is what guest table addresses go through, or null where they are host addresses.
    public static LegacyPath Walk(OracleCpu cpu, OracleMode mode, OracleNested? second, OracleMemory memory, ulong linear,
        bool pdptesInMemory, bool update)
    {
        var path = new LegacyPath { EntryBytes = mode == OracleMode.Bits32 ? 4 : 8 };
        ulong table = Bits.Keep(cpu.Cr3, 51, 12);
        int level = mode switch { OracleMode.Level5 => 5, OracleMode.Level4 => 4, _ => 2 };
        if (mode == OracleMode.Bits32)
        {
            table = Bits.Keep(cpu.Cr3, 31, 12);
        }
        else if (mode == OracleMode.Pae && !TryPdpte(cpu, second, memory, linear, pdptesInMemory, update, path, out table))
        {
            return path;
        }

        while (true)
        {
            ulong index = mode == OracleMode.Bits32
                ? Bits.Field(linear, level == 2 ? 31 : 21, level == 2 ? 22 : 12)
                : Bits.Field(linear, 11 + (9 * level), 3 + (9 * level));
            ulong address = table + (index * (ulong)path.EntryBytes);
            if (!TryRead(second, memory, address, level, update, path, out ulong entry))
            {
                return path;
            }

            if (!Bits.Has(entry, 0))
            {
                return Stop(path, OracleCause.NotPresent, level, address, entry);
            }

            if (LegacyReserved.IsReserved(cpu, mode, level, entry))
            {
                return Stop(path, OracleCause.ReservedBit, level, address, entry);
            }

            bool leaf = LegacyReserved.IsLeaf(cpu, mode, level, entry);
            path.Writable &= Bits.Has(entry, 1);
            path.WritableAboveLeaf &= leaf || Bits.Has(entry, 1);
            path.User &= Bits.Has(entry, 2);
            path.NoExecute |= mode != OracleMode.Bits32 && Bits.Has(entry, 63);
            if (leaf)
            {
                SetLeaf(cpu, mode, level, entry, path);
                return Stop(path, OracleCause.None, level, address, entry);
            }

            table = mode == OracleMode.Bits32 ? Bits.Keep(entry, 31, 12) : Bits.Keep(entry, 51, 12);
            level--;
        }
    }

    // Accessed on every entry from the top, dirty on the leaf of a write; Intel SDM "Accessed and Dirty Flags".
    public static void SetAccessedAndDirty(OracleMemory memory, LegacyPath path, bool write)
    {
        for (int i = 0; i < path.Count; i++)
        {
            ulong bits = 1UL << 5;
            if (write && i == path.Count - 1)
            {
                bits |= 1UL << 6;
            }

            memory.SetBits(path.Steps[i].Hpa, path.EntryBytes, bits);
        }
    }

    // The leaf's PAT, PCD and PWT bits as a number; Intel SDM "Selecting a Memory Type from the PAT".
    public static int PatIndex(LegacyPath path)
    {
        bool pat = Bits.Has(path.Leaf, path.PageShift == 12 ? 7 : 12);
        bool pcd = Bits.Has(path.Leaf, 4);
        bool pwt = Bits.Has(path.Leaf, 3);
        return (pat ? 4 : 0) + (pcd ? 2 : 0) + (pwt ? 1 : 0);
    }

    private static void SetLeaf(OracleCpu cpu, OracleMode mode, int level, ulong entry, LegacyPath path)
    {
        path.Leaf = entry;
        if (mode != OracleMode.Bits32)
        {
            path.PageShift = 3 + (9 * level);
            path.Frame = Bits.Keep(entry, 51, path.PageShift);
            return;
        }

        if (level == 1)
        {
            path.PageShift = 12;
            path.Frame = Bits.Keep(entry, 31, 12);
            return;
        }

        path.PageShift = 22;
        path.Frame = Bits.Keep(entry, 31, 22);
        if (cpu.HasPse36)
        {
            path.Frame |= Bits.Field(entry, 20, 13) << 32;
        }
    }

    // The third level of PAE: a register, or an entry in memory that has no rights and no accessed bit.
    private static bool TryPdpte(OracleCpu cpu, OracleNested? second, OracleMemory memory, ulong linear, bool inMemory, bool update,
        LegacyPath path, out ulong table)
    {
        ulong index = Bits.Field(linear, 31, 30);
        ulong address = 0;
        table = 0;
        ulong entry = cpu.Pdpte[index];
        if (inMemory)
        {
            address = Bits.Keep(cpu.Cr3, 31, 5) + (index * 8);
            if (!TryRead(second, memory, address, 3, update, path, out entry))
            {
                return false;
            }

            path.Count = 0;
        }

        if (!Bits.Has(entry, 0))
        {
            _ = Stop(path, OracleCause.NotPresent, 3, address, entry);
            return false;
        }

        if (inMemory && LegacyReserved.IsPdpteReserved(cpu.MaxPhyAddr, entry))
        {
            _ = Stop(path, OracleCause.ReservedBit, 3, address, entry);
            return false;
        }

        table = Bits.Keep(entry, 51, 12);
        return true;
    }

    private static bool TryRead(OracleNested? second, OracleMemory memory, ulong address, int level, bool update, LegacyPath path,
        out ulong entry)
    {
        entry = 0;
        ulong host = address;
        var translation = default(SecondResult);
        if (second is not null)
        {
            translation = SecondDimension.Translate(second, memory, address, new SecondAccess { IsTable = true }, update);
            if (translation.Outcome != OracleOutcome.Ok)
            {
                path.SecondFailed = true;
                path.Second = translation;
                return false;
            }

            host = translation.Hpa;
        }

        if (!memory.TryRead(host, path.EntryBytes, out entry))
        {
            _ = Stop(path, OracleCause.OutsideMemory, level, address, 0);
            return false;
        }

        path.Steps[path.Count] = new LegacyStep { Level = level, Gpa = address, Hpa = host, Value = entry, Second = translation };
        path.Count++;
        return true;
    }

    private static LegacyPath Stop(LegacyPath path, OracleCause cause, int level, ulong address, ulong entry)
    {
        path.Fault = cause;
        path.Level = level;
        path.EntryAddress = address;
        path.EntryValue = entry;
        return path;
    }
}
