// Conformance: every guest mode and every format of the second dimension, each with the level of its leaf.
using System.Linq;
using Mmu.Tests.Oracle;
using Xunit;

namespace Mmu.Tests.Conformance;

internal static class NestedPairs
{
    internal static readonly (OracleMode Mode, int Leaf)[] Guests =
    [
        (OracleMode.Off, 1), (OracleMode.Bits32, 1), (OracleMode.Bits32, 2), (OracleMode.Pae, 1), (OracleMode.Pae, 2),
        (OracleMode.Level4, 1), (OracleMode.Level4, 2), (OracleMode.Level4, 3),
        (OracleMode.Level5, 1), (OracleMode.Level5, 2), (OracleMode.Level5, 3),
    ];

    internal static readonly (SecondFormat Format, int Leaf)[] Seconds =
    [
        (SecondFormat.Ept4, 1), (SecondFormat.Ept4, 2), (SecondFormat.Ept4, 3), (SecondFormat.Ept5, 1), (SecondFormat.Ept5, 2),
        (SecondFormat.Ept5, 3), (SecondFormat.Npt32, 1), (SecondFormat.Npt32, 2), (SecondFormat.NptPae, 1), (SecondFormat.NptPae, 2),
        (SecondFormat.Npt4, 1), (SecondFormat.Npt4, 2), (SecondFormat.Npt4, 3), (SecondFormat.Npt5, 1), (SecondFormat.Npt5, 2),
        (SecondFormat.Npt5, 3),
    ];

    internal static int Count => Guests.Length * Seconds.Length;

    /// <summary>The second dimension's formats as rows of a theory.</summary>
    internal static TheoryData<string, int> Dimensions() => [.. Seconds.Select(second => (second.Format.ToString(), second.Leaf))];
}
