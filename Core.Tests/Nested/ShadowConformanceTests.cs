// The Shadow MMU for guests of the guest against the oracle: every guest mode over every format of L1's tables, each access made on our tables.
using System;
using Mmu.Tests.Conformance;
using Mmu.Tests.Oracle;
using Xunit;

namespace Mmu.Tests.Nested;

public sealed class ShadowConformanceTests
{
    // Samples of a default run, and of MMU_LONG=1, over all pairs of guest mode, leaf and format.
    private const int DefaultSamples = 60_000, LongSamples = 10_000_000;
    private const int PhysicalAddressBits = 50;

    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("MMU_LONG") == "1";

    public static TheoryData<string, int> Dimensions() => NestedPairs.Dimensions();

    [Theory]
    [MemberData(nameof(Dimensions))]
    public void RightsOfEveryLevelOfL1sTablesAgreeWithTheOracle(string format, int leafLevel)
    {
        var tally = new MatrixTally();
        Run(tally, OracleMode.Level4, 1, Enum.Parse<SecondFormat>(format), leafLevel, onTdp: true, (scene, _, matrix) =>
        {
            matrix.Run(NestedPhases.Folding(scene, full: false));
            foreach (MatrixPhase phase in NestedPhases.TableEntry(scene))
            {
                matrix.Run(phase);
            }

            if (s_isLong)
            {
                foreach (MatrixPhase phase in NestedPhases.DataEntry(scene))
                {
                    matrix.Run(phase);
                }

                matrix.Run(NestedPhases.LeafPairs(scene, full: false));
            }
        });
        tally.Conclude($"shadow {format} leaf {leafLevel}");
    }

    [Fact]
    public void SamplesAcrossBothDimensionsAgreeWithTheOracle()
    {
        int each = ((s_isLong ? LongSamples : DefaultSamples) / NestedPairs.Count) + 1;
        ulong seed = 1;
        var tally = new MatrixTally();
        foreach ((OracleMode mode, int guestLeaf) in NestedPairs.Guests)
        {
            foreach ((SecondFormat format, int secondLeaf) in NestedPairs.Seconds)
            {
                ulong one = seed++;
                Run(tally, mode, guestLeaf, format, secondLeaf, onTdp: one % 2 == 0, (scene, image, matrix) =>
                    new NestedSamples(scene, image, matrix, one).Run(each));
            }
        }

        tally.Conclude("shadow nested samples");
    }

    private static void Run(
        MatrixTally tally, OracleMode mode, int guestLeaf, SecondFormat format, int secondLeaf, bool onTdp, Action<NestedScene, MatrixImage, Matrix> run)
    {
        using var image = new MatrixImage();
        var scene = new NestedScene(image, mode, guestLeaf, format, secondLeaf) { PhysicalAddressBits = PhysicalAddressBits };

        // A host of more levels than L1 has tables above L1's root, which name it.
        int hostLevels = scene.Second.Levels == 5 || (guestLeaf + secondLeaf) % 2 == 0 ? 5 : 4;
        using var subject = new ShadowSubject(image, scene.Cpu(), scene.Nested(), hostLevels, onTdp);
        var matrix = new Matrix(image, subject);
        run(scene, image, matrix);
        tally.Add(matrix, $"{mode} leaf {guestLeaf} over {format} leaf {secondLeaf}, {hostLevels} levels of ours");
    }
}
