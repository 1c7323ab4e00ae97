// Judges the oracle's load of the PDPTE registers (Intel SDM "PAE Paging"): which entries refuse MOV to CR3.
using Xunit;

namespace Mmu.Tests.Oracle;

public sealed class PdpteLoadTests
{
    private const ulong Cr3 = 0x2FE0;

    [Fact]
    public void FourEntriesAreLoadedFromTheThirtyTwoByteAlignedTable()
    {
        ulong[] loaded = new ulong[4];
        OracleResult result = Load(loaded, null, 0x1001, 0x2001, 0x3000, 0xFFFFFFFFFFFFFFFE);
        Assert.Equal(OracleOutcome.Ok, result.Outcome);
        Assert.Equal([0x1001UL, 0x2001UL, 0x3000UL, 0xFFFFFFFFFFFFFFFEUL], loaded);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(8)]
    [InlineData(36)]
    [InlineData(51)]
    [InlineData(52)]
    [InlineData(63)]
    public void AReservedBitInAPresentEntryIsRefused(int bit)
    {
        OracleResult result = Load(new ulong[4], null, 0, 0, 0x1001 | (1UL << bit), 0);
        Assert.Equal(OracleOutcome.InvalidPdpte, result.Outcome);
        Assert.Equal(Cr3 + 16, result.EntryAddress);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(9)]
    [InlineData(11)]
    [InlineData(35)]
    public void OtherBitsOfAPresentEntryAreAccepted(int bit) =>
        Assert.Equal(OracleOutcome.Ok, Load(new ulong[4], null, 0x1001 | (1UL << bit), 0, 0, 0).Outcome);

    [Fact]
    public void UnderEptTheLoadIsAReadWithoutLinearAddress()
    {
        var ept = new OracleNested { IsEpt = true, EptRoot = 0x8000, EptAccessedDirty = true };
        OracleResult result = Load(new ulong[4], ept, 0, 0, 0, 0);
        Assert.Equal(OracleOutcome.EptViolation, result.Outcome);
        Assert.Equal(1UL, result.Code);
        Assert.Equal(Cr3, result.FaultGpa);
    }

    private static OracleResult Load(ulong[] loaded, OracleNested? nested, params ulong[] entries)
    {
        var memory = new OracleMemory();
        _ = memory.Add(0, 0x10000);
        for (int i = 0; i < 4; i++)
        {
            memory.Poke(Cr3 + ((ulong)i * 8), 8, entries[i]);
        }

        var cpu = new OracleCpu { MaxPhyAddr = 36, Cr0 = 0x80000001, Cr3 = Cr3 | 0x18, Cr4 = 1 << 5 };
        return SdmWalker.LoadPdptes(cpu, nested, memory, loaded, update: true);
    }
}
