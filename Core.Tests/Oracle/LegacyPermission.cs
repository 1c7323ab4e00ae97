// Oracle: the permission and protection-key checks on a finished legacy path
// (Intel SDM "Determination of Access Rights", "Protection Keys").
namespace Mmu.Tests.Oracle;

internal static class LegacyPermission
{
    // Every rule that the access breaks, protection keys apart.
    public static OracleRules Refusals(OracleCpu cpu, LegacyPath path, OracleAccess access)
    {
        OracleRules broken = access.User && !path.User ? OracleRules.NotUser : OracleRules.None;
        if (access.ShadowStack)
        {
            bool page = path.WritableAboveLeaf && !Bits.Has(path.Leaf, 1) && Bits.Has(path.Leaf, 6);
            return page && access.User == path.User ? OracleRules.None : broken | OracleRules.ShadowStack;
        }

        if (access.Kind == OracleKind.Fetch)
        {
            bool smep = Bits.Has(cpu.Cr4, 20);
            broken |= path.NoExecute ? OracleRules.NotExecutable : OracleRules.None;
            return broken | (smep && !access.User && path.User ? OracleRules.Smep : OracleRules.None);
        }

        bool smap = Bits.Has(cpu.Cr4, 21);
        if (smap && !access.User && path.User && (access.Implicit || !access.Ac))
        {
            broken |= OracleRules.Smap;
        }

        bool writeProtect = Bits.Has(cpu.Cr0, 16);
        if (access.Kind == OracleKind.Write && !path.Writable && (access.User || writeProtect))
        {
            broken |= OracleRules.NotWritable;
        }

        return broken;
    }

    public static bool IsRefusedByKey(OracleCpu cpu, OracleMode mode, LegacyPath path, OracleAccess access)
    {
        if (mode is not (OracleMode.Level4 or OracleMode.Level5) || access.Kind == OracleKind.Fetch)
        {
            return false;
        }

        int key = (int)Bits.Field(path.Leaf, 62, 59);
        bool writeProtect = Bits.Has(cpu.Cr0, 16);
        if (path.User)
        {
            if (!Bits.Has(cpu.Cr4, 22))
            {
                return false;
            }

            bool accessDisable = Bits.Has(cpu.Pkru, 2 * key);
            bool writeDisable = Bits.Has(cpu.Pkru, (2 * key) + 1);
            return accessDisable || (writeDisable && access.Kind == OracleKind.Write && (access.User || writeProtect));
        }

        if (access.User || !Bits.Has(cpu.Cr4, 24))
        {
            return false;
        }

        bool supervisorAccessDisable = Bits.Has(cpu.Pkrs, 2 * key);
        bool supervisorWriteDisable = Bits.Has(cpu.Pkrs, (2 * key) + 1);
        return supervisorAccessDisable || (supervisorWriteDisable && access.Kind == OracleKind.Write && writeProtect);
    }

    // Intel SDM "Page-Fault Exceptions".
    public static ulong ErrorCode(OracleCpu cpu, OracleAccess access, bool present, bool reserved, bool key)
    {
        ulong code = 0;
        bool noExecute = Bits.Has(cpu.Cr4, 5) && Bits.Has(cpu.Efer, 11);
        bool smep = Bits.Has(cpu.Cr4, 20);
        code |= present ? 1UL << 0 : 0;
        code |= access.Kind == OracleKind.Write ? 1UL << 1 : 0;
        code |= access.User ? 1UL << 2 : 0;
        code |= reserved ? 1UL << 3 : 0;
        code |= access.Kind == OracleKind.Fetch && (noExecute || smep) ? 1UL << 4 : 0;
        code |= key ? 1UL << 5 : 0;
        code |= access.ShadowStack ? 1UL << 6 : 0;
        return code;
    }
}
