// Core's walker against the oracle for every guest mode over every format of the second dimension.
using System;
using Mmu.Tests.Oracle;
using Xunit;

namespace Mmu.Tests.Conformance;

public sealed class NestedConformanceTests
{
    // The samples of a default run, and of MMU_LONG=1, over all pairs of guest mode, leaf and format.
    private const int DefaultSamples = 300_000, LongSamples = 10_000_000;

    private static readonly bool IsLong = Environment.GetEnvironmentVariable("MMU_LONG") == "1";

    public static TheoryData<string, int> Dimensions() => NestedPairs.Dimensions();

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
        int each = ((IsLong ? LongSamples : DefaultSamples) / NestedPairs.Count) + 1;
        ulong seed = 1;
        RunPairs("nested samples", (scene, image, matrix) => new NestedSamples(scene, image, matrix, seed++).Run(each));
    }

    private static void RunPairs(string name, Action<NestedScene, MatrixImage, Matrix> run)
    {
        var tally = new MatrixTally();
        foreach ((OracleMode mode, int guestLeaf) in NestedPairs.Guests)
        {
            foreach ((SecondFormat format, int secondLeaf) in NestedPairs.Seconds)
            {
                using var image = new MatrixImage();
                var scene = new NestedScene(image, mode, guestLeaf, format, secondLeaf);
                var matrix = new Matrix(image, new CoreSubject(image));
                run(scene, image, matrix);
                tally.Add(matrix, $"{mode} leaf {guestLeaf} over {format} leaf {secondLeaf}");
            }
        }

        tally.Conclude(name);
    }
}
