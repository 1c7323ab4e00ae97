// Conformance: the accesses that matrices make.
using System.Collections.Generic;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Conformance;

internal static class Accesses
{
    // Supervisor and user, each reading, writing and fetching.
    public static readonly OracleAccess[] Plain =
    [
        new(OracleKind.Read), new(OracleKind.Write), new(OracleKind.Fetch),
        new(OracleKind.Read, User: true), new(OracleKind.Write, User: true), new(OracleKind.Fetch, User: true),
    ];

    // What a second dimension can tell apart: kinds, and for fetches the privilege.
    public static readonly OracleAccess[] Nested =
    [
        new(OracleKind.Read), new(OracleKind.Write, User: true), new(OracleKind.Fetch), new(OracleKind.Fetch, User: true),
    ];

    // Every legal combination of kind, privilege, EFLAGS.AC, implicit and shadow stack.
    public static readonly OracleAccess[] Every = All();

    private static OracleAccess[] All()
    {
        var all = new List<OracleAccess>();
        foreach (OracleKind kind in (OracleKind[])[OracleKind.Read, OracleKind.Write, OracleKind.Fetch])
        {
            for (int bits = 0; bits < 16; bits++)
            {
                var access = new OracleAccess(kind, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0);
                bool fetch = kind == OracleKind.Fetch;
                bool legal = !(access.User && access.Implicit) && !(fetch && (access.Implicit || access.ShadowStack)) &&
                    !(access.ShadowStack && access.Implicit);
                if (legal)
                {
                    all.Add(access);
                }
            }
        }

        return [.. all];
    }
}
