// Conformance: table pages filled with random entries that name each other, themselves, pages and nothing, walked at random addresses.
// Flags pile up in both twins alike, so nothing is put back between walks.
using System;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Conformance;

internal sealed class RandomTables(MatrixImage image, OracleMode mode, Matrix matrix, ulong seed)
{
    private const int Pages = 6, WalksPerFill = 1024;

    private readonly SeededRandom _random = new(seed);

    private int EntryBytes => mode == OracleMode.Bits32 ? 4 : 8;

    public static void AddSlots(MatrixImage image)
    {
        for (int page = 0; page < Pages; page++)
        {
            image.AddSlot((ulong)page << 12, 4096, readOnly: page == 3);
        }
    }

    public void Run(int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            Fill();
            OracleCpu cpu = RandomCpu();
            matrix.Configure(cpu, null);
            for (int walk = 0; walk < WalksPerFill; walk++)
            {
                OracleAccess access = Accesses.Every[_random.Next(Accesses.Every.Length)];
                if (Matrix.IsLegal(cpu, access))
                {
                    matrix.Check($"random tables, seed {seed}", cpu, null, RandomAddress(), access, update: _random.Next(4) != 0);
                }
            }
        }
    }

    private void Fill()
    {
        for (ulong address = 0; address < Pages << 12; address += (ulong)EntryBytes)
        {
            ulong entry = ((ulong)_random.Next(Pages + 1) << 12) | DirectScene.P | DirectScene.W | DirectScene.U;
            entry ^= _random.Next(12) == 0 ? DirectScene.P : 0;
            entry ^= _random.Next(8) == 0 ? DirectScene.W : 0;
            entry ^= _random.Next(8) == 0 ? DirectScene.U : 0;
            entry |= _random.Next(2) == 0 ? DirectScene.A : 0;
            entry |= _random.Next(3) == 0 ? DirectScene.D : 0;
            entry ^= _random.Next(12) == 0 ? DirectScene.Large : 0;
            entry ^= _random.Next(30) == 0 ? _random.NextBits() : 0;
            image.Poke(address, EntryBytes, EntryBytes == 4 ? (uint)entry : entry);
        }

        // PDPTEs hold nothing but an address.
        for (int i = 0; mode == OracleMode.Pae && i < 4; i++)
        {
            image.Poke((ulong)i * 8, 8, ((ulong)_random.Next(Pages + 1) << 12) | (_random.Next(8) == 0 ? 0UL : 1));
        }
    }

    private ulong RandomAddress()
    {
        ulong address = _random.NextBits();
        return mode switch
        {
            OracleMode.Level4 => (ulong)((long)(address << 16) >> 16),
            OracleMode.Level5 => (ulong)((long)(address << 7) >> 7),
            _ => address,
        };
    }

    private OracleCpu RandomCpu()
    {
        var cpu = new OracleCpu
        {
            Vendor = _random.Next(2) == 0 ? OracleVendor.Amd : OracleVendor.Intel,
            MaxPhyAddr = 32 + _random.Next(21),
            Has1G = _random.Next(2) == 0,
            HasPse36 = _random.Next(2) == 0,
            Cr0 = 0x80000001 | (_random.Next(2) == 0 ? 1UL << 16 : 0),
            Cr4 = mode switch { OracleMode.Bits32 => (ulong)_random.Next(2) << 4, OracleMode.Level5 => 0x1020UL, _ => 0x20UL },
            Efer = mode is OracleMode.Level4 or OracleMode.Level5 ? 0x500UL : 0,
            Pkru = _random.Next(2) == 0 ? 0 : (uint)_random.NextBits(),
            Pkrs = _random.Next(2) == 0 ? 0 : (uint)_random.NextBits(),
        };
        foreach (int bit in (ReadOnlySpan<int>)[7, 20, 21, 22, 24])
        {
            cpu.Cr4 |= _random.Next(3) == 0 ? 1UL << bit : 0;
        }

        cpu.Efer |= _random.Next(3) != 0 ? 1UL << 11 : 0;
        if (mode == OracleMode.Pae)
        {
            _ = SdmWalker.LoadPdptes(cpu, null, image.Oracle, cpu.Pdpte, update: true);
        }
        else
        {
            cpu.Cr3 = (ulong)_random.Next(Pages) << 12;
        }

        return cpu;
    }
}
