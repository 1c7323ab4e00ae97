// The load of the PDPTE registers by Core's walker against the oracle's: what is refused, and what the registers then hold.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Tests.Oracle;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Conformance;

public sealed class PdpteLoadConformanceTests
{
    private const ulong Table = 0x2FE0;

    [Fact]
    public void EveryPairOfBitsAtEveryWidthAgreesWithTheOracle()
    {
        using var image = new MatrixImage();
        image.AddSlot(0x2000, 0x1000);
        MatrixEntry entry = image.AddEntry(Table + 16, 8, 1);
        long count = 0;
        long mismatches = 0;
        for (int width = 32; width <= 52; width++)
        {
            foreach (ulong value in (ulong[])[.. Variants.SingleBits(1, 64), .. Variants.BitPairs(1, 64)])
            {
                image.Set(entry, value);
                mismatches += Agrees(image, width, Table) ? 0 : 1;
                count++;
            }
        }

        mismatches += Agrees(image, 52, 0x9000) ? 0 : 1;
        ConformanceReport.Conclude("PDPTE load", count + 1, mismatches, "");
    }

    private static bool Agrees(MatrixImage image, int width, ulong table)
    {
        var cpu = new OracleCpu { MaxPhyAddr = width, Cr0 = 0x80000001, Cr3 = table, Cr4 = 1 << 5 };
        ulong[] loaded = new ulong[4];
        OracleResult expected = SdmWalker.LoadPdptes(cpu, null, image.Oracle, loaded, update: true);

        var memory = new GuestMemory();
        memory.AddSlot(new MemorySlot(new Gpa(0x2000), 0x1000, image.HostAddressOf(0)));
        var walker = new GuestWalker(memory, new CpuFeatures { PhysicalAddressBits = width });
        ControlStateStatus actual = walker.SetControlState(new ControlState { Cr0 = cpu.Cr0, Cr3 = cpu.Cr3, Cr4 = cpu.Cr4 });
        if (expected.Outcome == OracleOutcome.Ok)
        {
            return actual == ControlStateStatus.Legal && walker.Context.Pdptes[2] == loaded[2];
        }

        bool reserved = expected.Cause == OracleCause.ReservedBit;
        return actual == (reserved ? ControlStateStatus.PdpteReserved : ControlStateStatus.PdptesUnreachable);
    }
}
