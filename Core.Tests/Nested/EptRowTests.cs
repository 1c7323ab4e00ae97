// Facts E1 to E16 and E25 about EPT, for an L2 on our tables: what L1 is told of its entries, by row.
using Mmu.Common;
using Mmu.Tests.Oracle;
using Mmu.Walk;
using Xunit;
using static Mmu.Tests.Nested.EptFacts;

namespace Mmu.Tests.Nested;

public sealed class EptRowTests
{
    private const ulong Ok = 0, Misconfigured = ulong.MaxValue;
    private const ulong Address = (3UL << 39) | (5UL << 30) | (1UL << 21) | (9UL << 12) | 0x120;

    // Rights; mode-based execute; execute-only; then the answers to a read, a write, a supervisor's and a user's fetch.
    private static readonly (string Fact, ulong Rights, bool ByMode, bool ExecuteOnly, ulong Read, ulong Write, ulong Fetch, ulong UserFetch)[] s_rows =
    [
        ("E1", 0, false, true, Reads, Writes, Fetches, Fetches),
        ("E2", R, false, true, Ok, Writes | MayRead, Fetches | MayRead, Fetches | MayRead),
        ("E3 W", W, false, true, Misconfigured, Misconfigured, Misconfigured, Misconfigured),
        ("E3 WX", W | X, false, true, Misconfigured, Misconfigured, Misconfigured, Misconfigured),
        ("E4", R | W, false, true, Ok, Ok, Fetches | MayRead | MayWrite, Fetches | MayRead | MayWrite),
        ("E5", X, false, true, Reads | MayFetch, Writes | MayFetch, Ok, Ok),
        ("E5 unsupported", X, false, false, Misconfigured, Misconfigured, Misconfigured, Misconfigured),
        ("E6 RX", R | X, false, true, Ok, Writes | MayRead | MayFetch, Ok, Ok),
        ("E6 RWX", R | W | X, false, true, Ok, Ok, Ok, Ok),
        ("E9 X", X, true, true, Reads | MayFetch, Writes | MayFetch, Ok, Fetches | MayFetch),
        ("E9 RX", R | X, true, true, Ok, Writes | MayRead | MayFetch, Ok, Fetches | MayRead | MayFetch),
        ("E9 RWX", R | W | X, true, true, Ok, Ok, Ok, Fetches | MayRead | MayWrite | MayFetch),
        ("E9 XU", XU, true, true, Reads | MayUserFetch, Writes | MayUserFetch, Fetches | MayUserFetch, Ok),
        ("E9 RXU", R | XU, true, true, Ok, Writes | MayRead | MayUserFetch, Fetches | MayRead | MayUserFetch, Ok),
        ("E9 RWXU", R | W | XU, true, true, Ok, Ok, Fetches | MayRead | MayWrite | MayUserFetch, Ok),
        ("E9 off", R | XU, false, true, Ok, Writes | MayRead, Fetches | MayRead, Fetches | MayRead),
        ("E10 X XU", X | XU, true, true, Reads | MayFetch | MayUserFetch, Writes | MayFetch | MayUserFetch, Ok, Ok),
        ("E10 R X XU", R | X | XU, true, true, Ok, Writes | MayRead | MayFetch | MayUserFetch, Ok, Ok),
        ("E10 unsupported", XU, true, false, Misconfigured, Misconfigured, Misconfigured, Misconfigured),
        ("E11 off", XU, false, true, Reads, Writes, Fetches, Fetches),
    ];

    public static TheoryData<string, bool> Rows()
    {
        TheoryData<string, bool> data = [];
        foreach (var row in s_rows)
        {
            data.Add(row.Fact, true);
            data.Add(row.Fact, false);
        }

        return data;
    }

    // E7: whichever level withholds it, L1 is told the same. E24: so it is of a large page. Each kind of access first and after the others.
    [Theory]
    [MemberData(nameof(Rows))]
    public void L1IsToldWhatItsEntryAllows(string fact, bool onTdp)
    {
        var row = System.Array.Find(s_rows, other => other.Fact == fact);
        using L2Scene scene = new(onTdp: onTdp) { Ept = EptOf(row.ByMode, row.ExecuteOnly) };
        ulong open = R | W | X | (row.ByMode ? XU : 0);
        for (int leaf = 1; leaf <= 3; leaf++)
        {
            for (int level = leaf; level <= 4; level++)
            {
                ulong page = leaf == 1 ? 0x5000UL : 0;
                scene.Root = scene.NewTable();
                _ = scene.Map(Address, page, open, leaf, open);
                ulong at = scene.At(Address, level);
                scene.Store(at, (scene.Word(at) & ~(R | W | X | XU)) | row.Rights);
                scene.Enter();
                for (int round = 0; round < 2; round++)
                {
                    Expect(scene, leaf, page, OracleKind.Read, user: false, row.Read);
                    Expect(scene, leaf, page, OracleKind.Write, user: false, row.Write);
                    Expect(scene, leaf, page, OracleKind.Fetch, user: false, row.Fetch);
                    Expect(scene, leaf, page, OracleKind.Fetch, user: true, row.UserFetch);
                }

                scene.Leave();
            }
        }
    }

    [Fact]
    public void E12AMisconfigurationIsGoneOnceTheEntryIsMended()
    {
        using L2Scene scene = Scene();
        ulong leaf = scene.Map(Address, 0x5000, W);
        scene.Enter();
        Expect(scene, 1, 0x5000, OracleKind.Read, user: false, Misconfigured);
        scene.Store(leaf, 0x5000 | R | W | L2Scene.EptWriteBack);
        scene.Flush();
        scene.Reaches(Address, OracleKind.Read, 0x5120);
    }

    [Theory]
    [InlineData(1, 46)]
    [InlineData(1, 51)]
    [InlineData(2, 46)]
    [InlineData(3, 50)]
    [InlineData(4, 46)]
    [InlineData(2, 3)]
    [InlineData(2, 6)]
    [InlineData(3, 4)]
    [InlineData(4, 7)]
    public void E13ReservedBitsAreMisconfigurations(int level, int bit)
    {
        using L2Scene scene = Scene();
        _ = scene.Map(Address, 0x5000, R | W | X);
        ulong at = scene.At(Address, level);
        scene.Store(at, scene.Word(at) ^ (1UL << bit));
        scene.Enter();
        Expect(scene, 1, 0x5000, OracleKind.Read, user: false, Misconfigured);
    }

    [Theory]
    [InlineData(2, 12)]
    [InlineData(2, 19)]
    [InlineData(3, 12)]
    [InlineData(3, 28)]
    public void E13ReservedBitsOfLargePagesAreMisconfigurations(int level, int bit)
    {
        using L2Scene scene = Scene();
        _ = scene.Map(Address, 1UL << bit, R | W | X, level);
        scene.Enter();
        Expect(scene, level, 0, OracleKind.Read, user: false, Misconfigured);
    }

    [Fact]
    public void E14ReservedBitsOfAnAbsentEntryAreIgnored()
    {
        using L2Scene scene = Scene();
        ulong leaf = scene.Map(Address, 0x5000, R);
        scene.Store(leaf, (1UL << 46) | (1UL << 51));
        scene.Enter();
        scene.Exits(Address, OracleKind.Read, Reads | Final);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(11)]
    [InlineData(52)]
    [InlineData(58)]
    [InlineData(63)]
    public void E15IgnoredBitsAreIgnoredAtEveryLevel(int bit)
    {
        using L2Scene scene = Scene();
        for (int level = 1; level <= 4; level++)
        {
            scene.Root = scene.NewTable();
            _ = scene.Map(Address, 0x5000, R | W | X);
            ulong at = scene.At(Address, level);
            scene.Store(at, scene.Word(at) ^ (1UL << bit));
            scene.Enter();
            scene.Reaches(Address, OracleKind.Write, 0x5120);
            scene.Reaches(Address, OracleKind.Fetch, 0x5120);
            scene.Leave();
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void E16ReservedMemoryTypesAreMisconfigurations(ulong type)
    {
        using L2Scene scene = Scene();
        ulong leaf = scene.Map(Address, 0x5000, R);
        scene.Enter();
        scene.Reaches(Address, OracleKind.Read, 0x5120);
        scene.Store(leaf, 0x5000 | R | (type << 3));
        scene.Flush();
        Expect(scene, 1, 0x5000, OracleKind.Read, user: false, Misconfigured);
    }

    [Fact]
    public void E25AnAddressThatIsNotMappedIsAskedForAgainWithTheWrite()
    {
        // L1 gives its guest a page that is none of L1's memory: after L1's own tables allow it, the access is a device's.
        const ulong device = 0x4000_0000;
        using L2Scene scene = Scene();
        scene.Enter();
        scene.Exits(Address, OracleKind.Read, Reads | Final);
        scene.Leave();
        ulong leaf = scene.Map(Address, device, R);
        scene.Enter();
        Assert.Equal(FaultOutcome.Mmio, scene.Access2(Address, OracleKind.Read).Answer);
        Assert.Equal(device + 0x120, scene.Access2(Address, OracleKind.Read).Result.Gpa.Value);
        scene.Store(leaf, device | R | W | L2Scene.EptWriteBack);
        scene.Flush();
        Assert.Equal(FaultOutcome.Mmio, scene.Access2(Address, OracleKind.Write).Answer);
    }

    [Fact]
    public void AViolationWithoutALinearAddressTellsOfNone()
    {
        using L2Scene scene = Scene(accessedDirty: true);
        ulong leaf = scene.Map(Address, 0x5000, X);
        scene.Enter();
        scene.Processor.Load();
        FaultOutcome outcome = scene.Vcpu.HandleViolation(ViolationRequest.FromEptViolation(new(Address), Reads), out FaultResult result);
        Assert.Equal(FaultOutcome.Inject, outcome);
        Assert.Equal(Reads | MayFetch, result.Walk.ExitQualification);

        // It is a read, which dirties nothing.
        scene.Store(leaf, 0x5000 | R | L2Scene.EptWriteBack);
        Assert.Equal(FaultOutcome.Fixed, scene.Vcpu.HandleViolation(ViolationRequest.FromEptViolation(new(Address), Reads), out _));
        Assert.Equal(1UL << 8, scene.Word(leaf) & (3UL << 8));
    }

    private static void Expect(L2Scene scene, int leaf, ulong page, OracleKind kind, bool user, ulong expected)
    {
        switch (expected)
        {
            case Ok:
                scene.Reaches(Address, kind, page + (Address & ((1UL << (3 + (9 * leaf))) - 1)), user);
                break;
            case Misconfigured:
                NestedOutcome outcome = scene.Access2(Address, kind, user);
                Assert.Equal(FaultOutcome.Inject, outcome.Answer);
                Assert.Equal(WalkOutcome.EptMisconfiguration, outcome.Result.Walk.Outcome);
                Assert.Equal(Address, outcome.Result.Walk.NestedGpa.Value);
                break;
            default:
                scene.Exits(Address, kind, expected | Final, user);
                break;
        }
    }
}
