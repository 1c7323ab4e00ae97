// The Shadow MMU for guests of the guest against the oracle: every guest mode over every format of L1's tables, each access made on our tables.
using System;
using System.Collections.Generic;
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

    private static readonly (OracleMode Mode, int Leaf)[] s_guests =
    [
        (OracleMode.Off, 1), (OracleMode.Bits32, 1), (OracleMode.Bits32, 2), (OracleMode.Pae, 1), (OracleMode.Pae, 2),
        (OracleMode.Level4, 1), (OracleMode.Level4, 2), (OracleMode.Level4, 3),
        (OracleMode.Level5, 1), (OracleMode.Level5, 2), (OracleMode.Level5, 3),
    ];

    private static readonly (SecondFormat Format, int Leaf)[] s_seconds =
    [
        (SecondFormat.Ept4, 1), (SecondFormat.Ept4, 2), (SecondFormat.Ept4, 3), (SecondFormat.Ept5, 1), (SecondFormat.Ept5, 2),
        (SecondFormat.Ept5, 3), (SecondFormat.Npt32, 1), (SecondFormat.Npt32, 2), (SecondFormat.NptPae, 1), (SecondFormat.NptPae, 2),
        (SecondFormat.Npt4, 1), (SecondFormat.Npt4, 2), (SecondFormat.Npt4, 3), (SecondFormat.Npt5, 1), (SecondFormat.Npt5, 2),
        (SecondFormat.Npt5, 3),
    ];

    public static TheoryData<string, int> Dimensions()
    {
        var all = new TheoryData<string, int>();
        foreach ((SecondFormat format, int leaf) in s_seconds)
        {
            all.Add(format.ToString(), leaf);
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(Dimensions))]
    public void RightsOfEveryLevelOfL1sTablesAgreeWithTheOracle(string format, int leafLevel) =>
        Run(OracleMode.Level4, 1, Enum.Parse<SecondFormat>(format), leafLevel, onTdp: true, $"shadow {format} leaf {leafLevel}", (scene, _, matrix) =>
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

    [Fact]
    public void SamplesAcrossBothDimensionsAgreeWithTheOracle()
    {
        int each = ((s_isLong ? LongSamples : DefaultSamples) / (s_guests.Length * s_seconds.Length)) + 1;
        ulong seed = 1;
        long count = 0;
        var failures = new List<string>();
        foreach ((OracleMode mode, int guestLeaf) in s_guests)
        {
            foreach ((SecondFormat format, int secondLeaf) in s_seconds)
            {
                ulong one = seed++;
                Sample(mode, guestLeaf, format, secondLeaf, onTdp: one % 2 == 0, failures, ref count, (scene, image, matrix) =>
                    new NestedSamples(scene, image, matrix, one).Run(each));
            }
        }

        ConformanceReport.Conclude("shadow nested samples", count, failures.Count, string.Join('\n', failures));
    }

    private static void Run(
        OracleMode mode, int guestLeaf, SecondFormat format, int secondLeaf, bool onTdp, string name, Action<NestedScene, MatrixImage, Matrix> run)
    {
        long count = 0;
        var failures = new List<string>();
        Sample(mode, guestLeaf, format, secondLeaf, onTdp, failures, ref count, run);
        ConformanceReport.Conclude(name, count, failures.Count, string.Join('\n', failures));
    }

    private static void Sample(
        OracleMode mode, int guestLeaf, SecondFormat format, int secondLeaf, bool onTdp, List<string> failures, ref long count,
        Action<NestedScene, MatrixImage, Matrix> run)
    {
        using var image = new MatrixImage();
        var scene = new NestedScene(image, mode, guestLeaf, format, secondLeaf) { PhysicalAddressBits = PhysicalAddressBits };

        // A host of more levels than L1 has tables above L1's root, which name it.
        int hostLevels = scene.Second.Levels == 5 || (guestLeaf + secondLeaf) % 2 == 0 ? 5 : 4;
        using var subject = new ShadowSubject(image, scene.Cpu(), scene.Nested(), hostLevels, onTdp);
        var matrix = new Matrix(image, subject);
        run(scene, image, matrix);
        count += matrix.Count;
        foreach (string message in matrix.Messages)
        {
            failures.Add($"{mode} leaf {guestLeaf} over {format} leaf {secondLeaf}, {hostLevels} levels of ours: {message}");
        }
    }
}
