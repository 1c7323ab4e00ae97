// Holds Core's walker to every row of the table of facts.
using Mmu.Tests.Oracle;
using Xunit;

namespace Mmu.Tests.Conformance;

public sealed class CoreRowsTests
{
    public static TheoryData<string> Names => WalkRows.Names();

    [Theory]
    [MemberData(nameof(Names))]
    public void TheWalkerAgreesWithEveryRow(string name) => WalkCaseRunner.Run(WalkRows.Find(name), Walk);

    private static OracleResult Walk(OracleCpu cpu, OracleNested? nested, OracleMemory memory, ulong gva, OracleAccess access, bool update)
    {
        using var image = new MatrixImage();
        foreach (OracleSlot slot in memory.Slots)
        {
            image.AddSlot(slot.Address, slot.Bytes.Length, slot.ReadOnly);
            slot.Bytes.CopyTo(image.Oracle.Slots[^1].Bytes, 0);
        }

        image.CopyToNative();
        var subject = new CoreSubject(image);
        subject.Configure(cpu, nested);
        subject.Walk(gva, access, update, out OracleResult result);
        for (int i = 0; i < memory.Slots.Count; i++)
        {
            image.NativeSlot(i).CopyTo(memory.Slots[i].Bytes);
        }

        return result;
    }
}
