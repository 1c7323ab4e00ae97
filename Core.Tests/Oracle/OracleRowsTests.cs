// Judges the oracle itself: it must agree with every row of the table of facts.
using Xunit;

namespace Mmu.Tests.Oracle;

public sealed class OracleRowsTests
{
    public static TheoryData<string> Names => WalkRows.Names();

    [Theory]
    [MemberData(nameof(Names))]
    public void TheOracleAgreesWithEveryRow(string name) => WalkCaseRunner.Run(WalkRows.Find(name), SdmWalker.Walk);
}
