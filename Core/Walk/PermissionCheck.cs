// Walk: the permission check on the rights that a walk accumulated.
using Mmu.Architecture;

namespace Mmu.Walk;

/// <summary>Decides whether accumulated rights allow an access, and names the rule if they do not.</summary>
internal static class PermissionCheck
{
    /// <summary>The rule that refuses the access; <see cref="FaultCause.None"/> if it is allowed.</summary>
    /// <param name="plan">The access's plan.</param>
    /// <param name="access">The access.</param>
    /// <param name="rights">Rights of the whole path.</param>
    /// <param name="isShadowStackPage">True if every entry above the leaf is writable, and the leaf is dirty and not writable.</param>
    /// <param name="key">The leaf's protection key; 0 in formats without.</param>
    internal static Refusal Check(in AccessPlan plan, uint access, uint rights, bool isShadowStackPage, int key)
    {
        bool refused = ((plan.Deny >> (int)rights) & 1) != 0;
        bool wrongPage = (access & (uint)AccessFlags.ShadowStack) != 0 && !isShadowStackPage;
        ushort keys = (rights & (uint)Rights.User) != 0 ? plan.UserKeys : plan.SupervisorKeys;
        bool byKey = ((keys >> key) & 1) != 0;
        if (!refused && !wrongPage && !byKey)
        {
            return default;
        }

        return new Refusal(refused ? Explain(plan, access, rights) : wrongPage ? FaultCause.ShadowStack : FaultCause.ProtectionKey, byKey);
    }

    /// <summary>As <see cref="Check"/> for EPT, where only the kind of access counts.</summary>
    internal static Refusal CheckEpt(in AccessPlan plan, uint access, uint rights)
    {
        if (((plan.Deny >> (int)rights) & 1) == 0)
        {
            return default;
        }

        FaultCause cause = (AccessKind)(access & 3) switch
        {
            AccessKind.Read => FaultCause.NotReadable,
            AccessKind.Write => FaultCause.NotWritable,
            _ => FaultCause.NotExecutable,
        };
        return new Refusal(cause, ByKey: false);
    }

    private static FaultCause Explain(in AccessPlan plan, uint access, uint rights)
    {
        bool user = (access & (uint)AccessFlags.User) != 0;
        if (user && (rights & (uint)Rights.User) == 0)
        {
            return FaultCause.NotUser;
        }

        if ((access & (uint)AccessFlags.ShadowStack) != 0)
        {
            return FaultCause.ShadowStack;
        }

        switch ((AccessKind)(access & 3))
        {
            case AccessKind.Fetch:
                return (rights & (uint)Rights.Execute) == 0 ? FaultCause.NotExecutable : FaultCause.Smep;
            case AccessKind.Write:
                // A supervisor write needs W only under CR0.WP: then it is refused on a supervisor page that is readable and nothing else.
                bool needsWrite = user || ((plan.Deny >> (int)Rights.Read) & 1) != 0;
                return needsWrite && (rights & (uint)Rights.Write) == 0 ? FaultCause.NotWritable : FaultCause.Smap;
            default:
                return FaultCause.Smap;
        }
    }
}
