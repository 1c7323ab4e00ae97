// Core's walker against the oracle for every guest mode over every format of the second dimension.
using System;
using System.Collections.Generic;
using Mmu.Tests.Oracle;
using Xunit;

namespace Mmu.Tests.Conformance;

public sealed class NestedConformanceTests
{
    // The samples of a default run, and of MMU_LONG=1, over all pairs of guest mode, leaf and format.
    private const int DefaultSamples = 300_000, LongSamples = 10_000_000;

    private static readonly bool IsLong = Environment.GetEnvironmentVariable("MMU_LONG") == "1";

    private static readonly (OracleMode Mode, int Leaf)[] Guests =
    [
        (OracleMode.Off, 1), (OracleMode.Bits32, 1), (OracleMode.Bits32, 2), (OracleMode.Pae, 1), (OracleMode.Pae, 2),
        (OracleMode.Level4, 1), (OracleMode.Level4, 2), (OracleMode.Level4, 3),
        (OracleMode.Level5, 1), (OracleMode.Level5, 2), (OracleMode.Level5, 3),
    ];

    private static readonly (SecondFormat Format, int Leaf)[] Seconds =
    [
        (SecondFormat.Ept4, 1), (SecondFormat.Ept4, 2), (SecondFormat.Ept4, 3), (SecondFormat.Ept5, 1), (SecondFormat.Ept5, 2),
        (SecondFormat.Ept5, 3), (SecondFormat.Npt32, 1), (SecondFormat.Npt32, 2), (SecondFormat.NptPae, 1), (SecondFormat.NptPae, 2),
        (SecondFormat.Npt4, 1), (SecondFormat.Npt4, 2), (SecondFormat.Npt4, 3), (SecondFormat.Npt5, 1), (SecondFormat.Npt5, 2),
        (SecondFormat.Npt5, 3),
    ];

    public static TheoryData<string, int> Dimensions()
    {
        var all = new TheoryData<string, int>();
        foreach ((SecondFormat format, int leaf) in Seconds)
        {
            all.Add(format.ToString(), leaf);
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(Dimensions))]
    public void EveryCombinationInTheSecondDimensionAgreesWithTheOracle(string format, int leafLevel)
    {
        using var image = new MatrixImage();
        var scene = new NestedScene(image, OracleMode.Level4, 1, Enum.Parse<SecondFormat>(format), leafLevel);
        var matrix = new Matrix(image, new CoreSubject(image));
        foreach (MatrixPhase phase in NestedPhases.DataEntry(scene))
        {
            matrix.Run(phase);
        }

        foreach (MatrixPhase phase in NestedPhases.TableEntry(scene))
        {
            matrix.Run(phase);
        }

        matrix.Run(NestedPhases.Folding(scene, IsLong));
        matrix.Run(NestedPhases.MemoryTypes(scene));
        ConformanceReport.Conclude($"{format} leaf {leafLevel}", matrix.Count, matrix.Mismatches, string.Join('\n', matrix.Messages));
    }

    [Fact]
    public void AllPairsOfLeavesAgreeWithTheOracle() => RunPairs("nested leaf pairs", (scene, _, matrix) =>
    {
        if (scene.GuestEntries[scene.GuestLeaf] is not null)
        {
            matrix.Run(NestedPhases.LeafPairs(scene, IsLong));
        }
    });

    [Fact]
    public void SamplesAcrossBothDimensionsAgreeWithTheOracle()
    {
        int each = ((IsLong ? LongSamples : DefaultSamples) / (Guests.Length * Seconds.Length)) + 1;
        ulong seed = 1;
        RunPairs("nested samples", (scene, image, matrix) => new NestedSamples(scene, image, matrix, seed++).Run(each));
    }

    private static void RunPairs(string name, Action<NestedScene, MatrixImage, Matrix> run)
    {
        long count = 0;
        long mismatches = 0;
        var messages = new List<string>();
        foreach ((OracleMode mode, int guestLeaf) in Guests)
        {
            foreach ((SecondFormat format, int secondLeaf) in Seconds)
            {
                using var image = new MatrixImage();
                var scene = new NestedScene(image, mode, guestLeaf, format, secondLeaf);
                var matrix = new Matrix(image, new CoreSubject(image));
                run(scene, image, matrix);
                count += matrix.Count;
                mismatches += matrix.Mismatches;
                foreach (string message in matrix.Messages)
                {
                    messages.Add($"{mode} leaf {guestLeaf} over {format} leaf {secondLeaf}: {message}");
                }
            }
        }

        ConformanceReport.Conclude(name, count, mismatches, string.Join('\n', messages));
    }
}
