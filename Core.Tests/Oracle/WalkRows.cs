// Rows: the whole table, by name.
using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Mmu.Tests.Oracle;

internal static class WalkRows
{
    private static readonly Dictionary<string, WalkCase> ByName = Index();

    public static TheoryData<string> Names() => [.. ByName.Keys];

    public static WalkCase Find(string name) => ByName[name];

    private static Dictionary<string, WalkCase> Index()
    {
        var rows = new Dictionary<string, WalkCase>(StringComparer.Ordinal);
        IEnumerable<WalkCase> all =
            AccessRows.All().Concat(ProtectionRows.All()).Concat(ModeRows.All()).Concat(EptRows.All()).Concat(NptRows.All());
        foreach (WalkCase row in all)
        {
            rows.Add(row.Name, row);
        }

        return rows;
    }
}
