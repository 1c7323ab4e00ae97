// Oracle: EPT (Intel SDM "The Extended Page Table Mechanism (EPT)").
namespace Mmu.Tests.Oracle;

internal static class EptTables
{
    public static SecondResult Translate(OracleNested nested, OracleMemory memory, ulong gpa, SecondAccess access, bool update)
    {
        var result = new SecondResult { Gpa = gpa, Level = nested.EptLevels };
        int width = nested.EptLevels == 5 ? 57 : 48;
        if (Bits.AnyOf(gpa, 63, width))
        {
            return Violation(nested, access, OracleCause.TooWide, result, default);
        }

        var rights = new EptRights { Read = true, Write = true, Execute = true, UserExecute = true };
        var addresses = new ulong[5];
        int count = 0;
        ulong table = Bits.Keep(nested.EptRoot, 51, 12);
        for (int level = nested.EptLevels; ; level--)
        {
            ulong address = table + (Bits.Field(gpa, 11 + (9 * level), 3 + (9 * level)) * 8);
            result.Level = level;
            result.EntryAddress = address;
            result.EntryValue = 0;
            if (!memory.TryRead(address, 8, out ulong entry))
            {
                return Violation(nested, access, OracleCause.OutsideMemory, result, default);
            }

            result.EntryValue = entry;
            if (!IsPresent(nested, entry))
            {
                return Violation(nested, access, OracleCause.NotPresent, result, default);
            }

            result.Rules = Misconfigurations(nested, level, entry);
            if (result.Rules != OracleRules.None)
            {
                result.Outcome = OracleOutcome.EptMisconfiguration;
                result.Cause = OracleCause.ReservedBit;
                return result;
            }

            rights.Read &= Bits.Has(entry, 0);
            rights.Write &= Bits.Has(entry, 1);
            rights.Execute &= Bits.Has(entry, 2);
            rights.UserExecute &= Bits.Has(entry, 10);
            addresses[count] = address;
            count++;
            if (IsLeaf(nested, level, entry))
            {
                result.PageShift = 3 + (9 * level);
                result.Hpa = Bits.Keep(entry, 51, result.PageShift) | Bits.Keep(gpa, result.PageShift - 1, 0);
                result.MemoryType = (int)Bits.Field(entry, 5, 3);
                result.IgnorePat = Bits.Has(entry, 6);
                break;
            }

            table = Bits.Keep(entry, 51, 12);
        }

        result.Readable = rights.Read;
        result.Writable = rights.Write;
        result.Executable = rights.Execute;
        result.UserExecutable = nested.Mbec ? rights.UserExecute : rights.Execute;
        result.Rules = Refusals(nested, access, result);
        if (result.Rules != OracleRules.None)
        {
            return Violation(nested, access, OracleCause.Permission, result, rights);
        }

        if (nested.EptAccessedDirty && update)
        {
            SetAccessedAndDirty(memory, addresses, count, CountsAsWrite(nested, access));
        }

        return result;
    }

    // The violation reported when the accessed or dirty flag of a guest entry must be set in a page that EPT has read-only.
    public static SecondResult TableWriteViolation(OracleNested nested, SecondResult table)
    {
        var rights = new EptRights
        {
            Read = table.Readable,
            Write = table.Writable,
            Execute = table.Executable,
            UserExecute = table.UserExecutable,
        };
        SecondResult result = Violation(nested, new SecondAccess { IsTable = true }, OracleCause.Permission, table, rights);
        result.Code |= 1UL << 1;
        result.Rules = OracleRules.NotWritable;
        return result;
    }

    // With accessed and dirty flags on, processor accesses to guest paging-structure entries are treated as writes.
    private static bool CountsAsWrite(OracleNested nested, SecondAccess access) =>
        access.IsTable ? nested.EptAccessedDirty && !access.IsPdpteLoad : access.Kind == OracleKind.Write;

    private static OracleRules Refusals(OracleNested nested, SecondAccess access, SecondResult rights)
    {
        bool write = CountsAsWrite(nested, access);
        bool fetch = !access.IsTable && access.Kind == OracleKind.Fetch;
        bool executable = access.UserModeAddress ? rights.UserExecutable : rights.Executable;
        OracleRules broken = OracleRules.None;
        broken |= write && !rights.Writable ? OracleRules.NotWritable : OracleRules.None;
        broken |= !write && !fetch && !rights.Readable ? OracleRules.NotReadable : OracleRules.None;
        return fetch && !executable ? broken | OracleRules.NotExecutable : broken;
    }

    private static bool IsPresent(OracleNested nested, ulong entry) => Bits.AnyOf(entry, 2, 0) || (nested.Mbec && Bits.Has(entry, 10));

    private static bool IsLeaf(OracleNested nested, int level, ulong entry) =>
        level == 1 || (Bits.Has(entry, 7) && ((level == 2 && nested.Has2M) || (level == 3 && nested.Has1G)));

    // Intel SDM "EPT Misconfigurations".
    private static OracleRules Misconfigurations(OracleNested nested, int level, ulong entry)
    {
        OracleRules broken = OracleRules.None;
        bool read = Bits.Has(entry, 0);
        bool write = Bits.Has(entry, 1);
        bool execute = Bits.Has(entry, 2) || (nested.Mbec && Bits.Has(entry, 10));
        if (!read && (write || (execute && !nested.ExecuteOnly)))
        {
            broken |= OracleRules.BadRights;
        }

        bool reserved = Bits.AnyOf(entry, 51, nested.MaxPhyAddr);
        if (!IsLeaf(nested, level, entry))
        {
            // Where a level knows no large page of the size, bit 7 is reserved like its neighbours.
            reserved |= Bits.AnyOf(entry, 7, 3);
            return reserved ? broken | OracleRules.ReservedBit : broken;
        }

        reserved |= (level == 2 && Bits.AnyOf(entry, 20, 12)) || (level == 3 && Bits.AnyOf(entry, 29, 12));
        broken |= reserved ? OracleRules.ReservedBit : OracleRules.None;
        int type = (int)Bits.Field(entry, 5, 3);
        return type is 2 or 3 or 7 ? broken | OracleRules.BadMemoryType : broken;
    }

    private static void SetAccessedAndDirty(OracleMemory memory, ulong[] addresses, int count, bool write)
    {
        for (int i = 0; i < count; i++)
        {
            ulong bits = 1UL << 8;
            if (write && i == count - 1)
            {
                bits |= 1UL << 9;
            }

            memory.SetBits(addresses[i], 8, bits);
        }
    }

    // Intel SDM "Exit Qualification for EPT Violations".
    private static SecondResult Violation(OracleNested nested, SecondAccess access, OracleCause cause, SecondResult result,
        EptRights rights)
    {
        bool read = access.IsTable || access.Kind == OracleKind.Read;
        bool fetch = !access.IsTable && access.Kind == OracleKind.Fetch;
        ulong code = 0;
        code |= read ? 1UL << 0 : 0;
        code |= CountsAsWrite(nested, access) ? 1UL << 1 : 0;
        code |= fetch ? 1UL << 2 : 0;
        code |= rights.Read ? 1UL << 3 : 0;
        code |= rights.Write ? 1UL << 4 : 0;
        code |= rights.Execute ? 1UL << 5 : 0;
        code |= nested.Mbec && rights.UserExecute ? 1UL << 6 : 0;
        code |= access.IsPdpteLoad ? 0 : 1UL << 7;
        code |= access.IsTable ? 0 : 1UL << 8;
        result.Outcome = OracleOutcome.EptViolation;
        result.Cause = cause;
        result.Code = code;
        return result;
    }
}
