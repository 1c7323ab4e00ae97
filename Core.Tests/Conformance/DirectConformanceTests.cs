// Core's walker against the oracle for every mode without a second dimension and every page size.
using System.Collections.Generic;
using Mmu.Tests.Oracle;
using Xunit;

namespace Mmu.Tests.Conformance;

public sealed class DirectConformanceTests
{
    [Theory]
    [InlineData("off", 1)]
    [InlineData("32-bit 4K", 1)]
    [InlineData("32-bit 4M", 2)]
    [InlineData("PAE 4K", 1)]
    [InlineData("PAE 2M", 2)]
    [InlineData("4-level 4K", 1)]
    [InlineData("4-level 2M", 2)]
    [InlineData("4-level 1G", 3)]
    [InlineData("5-level 4K", 1)]
    [InlineData("5-level 2M", 2)]
    [InlineData("5-level 1G", 3)]
    public void EveryLegalCombinationAgreesWithTheOracle(string name, int leafLevel)
    {
        OracleMode mode = ModeOf(name);
        using var image = new MatrixImage();
        var scene = new DirectScene(image, mode, leafLevel);
        var matrix = new Matrix(image, new CoreSubject(image));
        foreach (MatrixPhase phase in Phases(scene))
        {
            matrix.Run(phase);
        }

        var tally = new MatrixTally();
        tally.Add(matrix, "no memory that may only be read");
        for (int readOnly = 0; readOnly < 1 << (scene.RootLevel + 1); readOnly += 2)
        {
            using var withReadOnlyTables = new MatrixImage();
            var flagScene = new DirectScene(withReadOnlyTables, mode, leafLevel, readOnly);
            var flags = new Matrix(withReadOnlyTables, new CoreSubject(withReadOnlyTables));
            flags.Run(DirectPhases.Flags(flagScene));
            tally.Add(flags, $"read-only tables {readOnly:x}");
        }

        tally.Conclude(name);
    }

    [Theory]
    [InlineData("32-bit", 1)]
    [InlineData("32-bit", 2)]
    [InlineData("PAE", 1)]
    [InlineData("PAE", 2)]
    [InlineData("4-level", 3)]
    [InlineData("5-level", 3)]
    public void PeekExplainAndBatchesAgreeWithTheOracle(string name, int leafLevel)
    {
        using var image = new MatrixImage();
        var scene = new DirectScene(image, ModeOf(name), leafLevel);
        var matrix = new Matrix(image, new CoreSubject(image, everyWay: true));
        matrix.Run(DirectPhases.LinearAddresses(scene));
        matrix.Run(DirectPhases.Flags(scene));
        if (scene.Mode != OracleMode.Level5)
        {
            // Five levels differ from four by one more of the same; 43 walks for each combination are dear.
            foreach (MatrixPhase phase in DirectPhases.Upper(scene))
            {
                matrix.Run(phase);
            }
        }

        string title = $"{name} leaf {leafLevel} every way";
        ConformanceReport.Conclude(title, matrix.Count, matrix.Mismatches, string.Join('\n', matrix.Messages));
    }

    [Theory]
    [InlineData("32-bit")]
    [InlineData("PAE")]
    [InlineData("4-level")]
    [InlineData("5-level")]
    public void RandomTablesAgreeWithTheOracle(string name)
    {
        using var image = new MatrixImage();
        RandomTables.AddSlots(image);
        var matrix = new Matrix(image, new CoreSubject(image));
        new RandomTables(image, ModeOf(name), matrix, seed: 7).Run(rounds: 100);
        ConformanceReport.Conclude($"{name} random tables", matrix.Count, matrix.Mismatches, string.Join('\n', matrix.Messages));
    }

    private static OracleMode ModeOf(string name) => name[0] switch
    {
        'o' => OracleMode.Off,
        '3' => OracleMode.Bits32,
        'P' => OracleMode.Pae,
        '4' => OracleMode.Level4,
        _ => OracleMode.Level5,
    };

    private static IEnumerable<MatrixPhase> Phases(DirectScene scene)
    {
        yield return DirectPhases.LinearAddresses(scene);
        if (scene.Mode == OracleMode.Off)
        {
            yield break;
        }

        yield return DirectPhases.Leaf(scene);
        yield return DirectPhases.Folding(scene, full: scene.Mode != OracleMode.Level5);
        foreach (MatrixPhase phase in DirectPhases.Upper(scene))
        {
            yield return phase;
        }

        foreach (MatrixPhase phase in DirectPhases.ReservedBits(scene))
        {
            yield return phase;
        }
    }
}
