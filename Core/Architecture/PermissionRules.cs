// Architecture: turns control state into one table look-up per access.
namespace Mmu.Architecture;

/// <summary>
/// Computes <see cref="AccessPlans"/>. Intel SDM "Determination of Access Rights", "EPT Violations"; AMD APM "Page Protection", "Nested
/// Paging".
/// </summary>
internal static class PermissionRules
{
    // Sets of the 16 combinations of Rights: bit r is set if combination r has, or lacks, the right.
    private const int NoRead = 0x5555;
    private const int NoWrite = 0x3333;
    private const int NoUser = 0x0F0F;
    private const int WithUser = 0xF0F0;
    private const int NoExecute = 0x00FF;

    /// <summary>Fills the plans of a guest's own paging.</summary>
    internal static void FillLegacy(ref AccessPlans plans, in LegacyRules rules)
    {
        for (int bits = 0; bits < AccessPlans.Count; bits++)
        {
            plans[bits].Deny = (ushort)LegacyDeny(bits, rules);
        }

        FillKeys(ref plans, rules);
    }

    /// <summary>Fills the protection-key part of the plans: PKRU and IA32_PKRS change far more often than the rest.</summary>
    internal static void FillKeys(ref AccessPlans plans, in LegacyRules rules)
    {
        uint user = rules.UserKeysOn ? rules.Pkru : 0;
        uint supervisor = rules.SupervisorKeysOn ? rules.Pkrs : 0;
        for (int bits = 0; bits < AccessPlans.Count; bits++)
        {
            bool byUser = (bits & (int)AccessFlags.User) != 0;
#if MMU_FAULT_5
            bool write = (bits & 3) == (int)AccessKind.Write;
#else
            bool write = (bits & 3) == (int)AccessKind.Write && (byUser || rules.WriteProtect);
#endif
#if MMU_FAULT_1
            const bool data = true;
#else
            bool data = (bits & 3) != (int)AccessKind.Fetch;
#endif
            ref AccessPlan plan = ref plans[bits];
            plan.UserKeys = data ? RefusingKeys(user, write) : (ushort)0;
            plan.SupervisorKeys = data && !byUser ? RefusingKeys(supervisor, write) : (ushort)0;

            // Twice, so that bit 63 above the key does not matter.
            plan.SuspectKeys = (uint)(plan.UserKeys | plan.SupervisorKeys) * 0x1_0001;
        }
    }

    /// <summary>
    /// Fills the plans of EPT: only the kind of access counts and, under mode-based execute control, for a fetch whether the linear address
    /// is user-mode.
    /// </summary>
    internal static void FillEpt(ref AccessPlans plans, bool modeBasedExecute)
    {
        for (int bits = 0; bits < AccessPlans.Count; bits++)
        {
            int deny = (AccessKind)(bits & 3) switch
            {
                AccessKind.Read => NoRead,
                AccessKind.Write => NoWrite,
#if MMU_FAULT_6
                _ => NoExecute,
#else
                _ => modeBasedExecute && (bits & (int)AccessFlags.User) != 0 ? NoUser : NoExecute,
#endif
            };
            ref AccessPlan plan = ref plans[bits];
            plan = default;
            plan.Deny = (ushort)deny;
        }
    }

    /// <summary>The rights without which a plan's access is refused or needs a closer look.</summary>
    /// <remarks>Reads are among them: an EPT entry without them is either not present or execute-only.</remarks>
    internal static Rights Required(in AccessPlan plan)
    {
        int allowed = ~plan.Deny;
        return Rights.Read
            | ((allowed & NoWrite) == 0 ? Rights.Write : Rights.None)
            | ((allowed & NoUser) == 0 ? Rights.User : Rights.None)
            | ((allowed & NoExecute) == 0 ? Rights.Execute : Rights.None);
    }

    /// <summary>True if a plan's access is refused, or needs a closer look, for pages with the user right.</summary>
    internal static bool ForbidsUser(in AccessPlan plan) => (~plan.Deny & WithUser) == 0;

    private static int LegacyDeny(int bits, in LegacyRules rules)
    {
        bool user = (bits & (int)AccessFlags.User) != 0;
        if ((bits & (int)AccessFlags.ShadowStack) != 0)
        {
            return NoRead | (user ? NoUser : WithUser);
        }

        int deny = NoRead | (user ? NoUser : 0);
        switch ((AccessKind)(bits & 3))
        {
            case AccessKind.Fetch:
                deny |= NoExecute | (rules.Smep && !user ? WithUser : 0);
                break;
#if MMU_FAULT_4
            case AccessKind.Write when user:
#else
            case AccessKind.Write when user || rules.WriteProtect:
#endif
                deny |= NoWrite;
                goto default;
            default:
                deny |= !user && SmapApplies(bits, rules) ? WithUser : 0;
                break;
        }

        return deny;
    }

    private static bool SmapApplies(int bits, in LegacyRules rules)
    {
#if MMU_FAULT_2
        return rules.Smap && (bits & (int)AccessFlags.AlignmentCheck) == 0;
#else
        return rules.Smap && ((bits & (int)AccessFlags.Implicit) != 0 || (bits & (int)AccessFlags.AlignmentCheck) == 0);
#endif
    }

    /// <summary>
    /// The keys whose access-disable bit, or for a write whose write-disable bit, is set. Key k has bits 2k (AD) and 2k+1 (WD).
    /// </summary>
    private static ushort RefusingKeys(uint register, bool write)
    {
        uint even = (register | (write ? register >> 1 : 0)) & 0x5555_5555;
        even = (even | (even >> 1)) & 0x3333_3333;
        even = (even | (even >> 2)) & 0x0F0F_0F0F;
        even = (even | (even >> 4)) & 0x00FF_00FF;
        return (ushort)(even | (even >> 8));
    }
}
