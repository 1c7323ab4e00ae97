// Oracle: the choice between the two kinds of second dimension.
namespace Mmu.Tests.Oracle;

internal static class SecondDimension
{
    public static SecondResult Translate(OracleNested nested, OracleMemory memory, ulong gpa, SecondAccess access, bool update) =>
        nested.IsEpt ? EptTables.Translate(nested, memory, gpa, access, update) : NptTables.Translate(nested, memory, gpa, access, update);
}
