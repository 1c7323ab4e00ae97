// Shadow judge: what a processor lets an access do to a page. Written from Intel SDM "Determination of Access Rights".
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Shadow;

internal static class HardwareRules
{
    private const ulong Present = 1;
    private const ulong Write = 2;
    private const ulong User = 4;
    private const ulong Reserved = 8;
    private const ulong Fetch = 16;
    private const ulong Key = 32;

    internal static ulong NotPresentCode(OracleAccess access) => CodeOf(access);

    internal static ulong ReservedCode(OracleAccess access) => CodeOf(access) | Present | Reserved;

    /// <summary>True if the access is allowed; else the error code.</summary>
    internal static bool Allows(HardwareRegisters cpu, in HardwarePage page, OracleAccess access, out ulong code)
    {
        code = CodeOf(access) | Present;
        bool allowed = access.Kind == OracleKind.Fetch ? AllowsFetch(cpu, page, access) : AllowsData(cpu, page, access);
        if (access.Kind != OracleKind.Fetch && cpu.Mode != OracleMode.Pae && IsRefusedByKey(cpu, page, access))
        {
            code |= Key;
            allowed = false;
        }

        return allowed;
    }

    private static bool AllowsFetch(HardwareRegisters cpu, in HardwarePage page, OracleAccess access) =>
        !page.NoExecute && (access.User ? page.User : !(cpu.Smep && page.User));

    private static bool AllowsData(HardwareRegisters cpu, in HardwarePage page, OracleAccess access)
    {
        if (access.User ? !page.User : cpu.Smap && page.User && (access.Implicit || !access.Ac))
        {
            return false;
        }

        return access.Kind == OracleKind.Read || page.Writable;
    }

    // CR0.WP is on, so that a key that refuses writes refuses the supervisor's too.
    private static bool IsRefusedByKey(HardwareRegisters cpu, in HardwarePage page, OracleAccess access)
    {
        if (page.User ? !cpu.Pke : !cpu.Pks || access.User)
        {
            return false;
        }

        uint rights = (page.User ? cpu.Pkru : cpu.Pkrs) >> (2 * page.Key);
        return (rights & 1) != 0 || ((rights & 2) != 0 && access.Kind == OracleKind.Write);
    }

    private static ulong CodeOf(OracleAccess access) =>
        (access.Kind == OracleKind.Write ? Write : 0) | (access.User ? User : 0) | (access.Kind == OracleKind.Fetch ? Fetch : 0);
}
