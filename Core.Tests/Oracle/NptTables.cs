// Oracle: AMD's nested tables (AMD APM "Nested Paging"): legacy tables of the host, walked as user accesses.
namespace Mmu.Tests.Oracle;

internal static class NptTables
{
    public static SecondResult Translate(OracleNested nested, OracleMemory memory, ulong gpa, SecondAccess access, bool update)
    {
        var host = new OracleCpu
        {
            Vendor = OracleVendor.Amd,
            MaxPhyAddr = nested.MaxPhyAddr,
            Has1G = nested.Has1G,
            HasPse36 = nested.HasPse36,
            Cr0 = nested.HostCr0,
            Cr3 = nested.HostCr3,
            Cr4 = nested.HostCr4,
            Efer = nested.HostEfer,
        };
        OracleMode mode = host.Mode();
        int levels = mode switch { OracleMode.Bits32 => 2, OracleMode.Pae => 3, OracleMode.Level4 => 4, _ => 5 };
        var result = new SecondResult { Gpa = gpa, Level = levels };
        int width = mode switch { OracleMode.Level5 => 57, OracleMode.Level4 => 48, _ => 32 };
        if (Bits.AnyOf(gpa, 63, width))
        {
            return Fault(nested, access, OracleCause.TooWide, result);
        }

        LegacyPath path = LegacyTables.Walk(host, mode, null, memory, gpa, pdptesInMemory: true, update: false);
        result.Level = path.Level;
        result.EntryAddress = path.EntryAddress;
        result.EntryValue = path.EntryValue;
        if (path.Fault != OracleCause.None)
        {
            result.Rules = path.Fault == OracleCause.ReservedBit ? OracleRules.ReservedBit : OracleRules.None;
            return Fault(nested, access, path.Fault, result);
        }

        bool write = access.IsTable || access.Kind == OracleKind.Write;
        result.PageShift = path.PageShift;
        result.Hpa = path.Frame | Bits.Keep(gpa, path.PageShift - 1, 0);
        result.Readable = true;
        result.Writable = path.Writable;
        result.Executable = !path.NoExecute;
        result.UserExecutable = !path.NoExecute;
        result.MemoryType = (int)Bits.Field(nested.HostPat, (8 * LegacyTables.PatIndex(path)) + 2, 8 * LegacyTables.PatIndex(path));
        result.Rules = Refusals(nested, path, access, write);
        if (result.Rules != OracleRules.None)
        {
            return Fault(nested, access, OracleCause.Permission, result);
        }

        if (update)
        {
            LegacyTables.SetAccessedAndDirty(memory, path, write);
        }

        return result;
    }

    private static bool IsGmetFetch(OracleNested nested, SecondAccess access) =>
        nested.Gmet && !access.IsTable && access.Kind == OracleKind.Fetch && access.GuestSupervisor;

    private static OracleRules Refusals(OracleNested nested, LegacyPath path, SecondAccess access, bool write)
    {
        OracleRules broken = OracleRules.None;
        if (!access.IsTable && access.Kind == OracleKind.Fetch && path.NoExecute)
        {
            broken |= OracleRules.NotExecutable;
        }

        if (IsGmetFetch(nested, access))
        {
            return path.User ? broken | OracleRules.Smep : broken;
        }

        broken |= path.User ? OracleRules.None : OracleRules.NotUser;
        return write && !path.Writable ? broken | OracleRules.NotWritable : broken;
    }

    // AMD APM "Nested versus Guest Page Faults, Fault Ordering": EXITINFO1.
    private static SecondResult Fault(OracleNested nested, SecondAccess access, OracleCause cause, SecondResult result)
    {
        bool present = cause is OracleCause.ReservedBit or OracleCause.Permission;
        bool fetch = !access.IsTable && access.Kind == OracleKind.Fetch;
        bool noExecute = Bits.Has(nested.HostCr4, 5) && Bits.Has(nested.HostEfer, 11);
        bool reportsFetch = noExecute || Bits.Has(nested.HostCr4, 20);
        ulong code = 0;
        code |= present ? 1UL << 0 : 0;
        code |= access.IsTable || access.Kind == OracleKind.Write ? 1UL << 1 : 0;
        code |= IsGmetFetch(nested, access) ? 0 : 1UL << 2;
        code |= cause == OracleCause.ReservedBit ? 1UL << 3 : 0;
        code |= fetch && reportsFetch ? 1UL << 4 : 0;
        code |= access.IsTable ? 1UL << 33 : 1UL << 32;
        result.Outcome = OracleOutcome.NestedPageFault;
        result.Cause = cause;
        result.Code = code;
        return result;
    }
}
