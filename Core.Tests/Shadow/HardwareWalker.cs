// Shadow judge: walks our tables as a processor does, entry by entry from memory; knows nothing of how they are made.
using System.Threading;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Shadow;

internal static unsafe class HardwareWalker
{
    private const int Attempts = 100;

    /// <summary>Walks for one access. With <paramref name="update"/> it sets accessed and dirty bits, as a processor must before it goes on.</summary>
    /// <exception cref="JudgeException">The tables lead the processor out of the arena, or out of the slots.</exception>
    internal static HardwareOutcome Walk(HardwareRegisters cpu, HostFrames host, ulong linear, OracleAccess access, bool update)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            if (TryWalk(cpu, host, linear, access, update, out HardwareOutcome outcome))
            {
                return outcome;
            }
        }

        throw new JudgeException("Entries kept changing under the processor.");
    }

    /// <summary>What MOV to CR3 does under PAE paging: loads the four registers, or raises #GP.</summary>
    internal static void LoadPdptes(HardwareRegisters cpu, HostFrames host)
    {
        if (Bits.AnyOf(cpu.Root, 63, 32) || Bits.AnyOf(cpu.Root, 4, 0))
        {
            throw new JudgeException($"CR3 cannot hold the PAE root {cpu.Root:x}.");
        }

        for (int i = 0; i < 4; i++)
        {
            ulong entry = Volatile.Read(ref *EntryAt(host, cpu.Root, i));
            if (Bits.Has(entry, 0) && LegacyReserved.IsPdpteReserved(cpu.MaxPhyAddr, entry))
            {
                throw new JudgeException($"#GP: PDPTE {i} is {entry:x}.");
            }

            cpu.Pdpte[i] = entry;
        }
    }

    /// <summary>Where the leaf for an address lies in this process, for tests that put something wrong there.</summary>
    internal static bool TryFindLeaf(HardwareRegisters cpu, HostFrames host, ulong linear, out ulong* leaf)
    {
        leaf = null;
        int level = cpu.Mode switch { OracleMode.Level5 => 5, OracleMode.Level4 => 4, _ => 2 };
        ulong table = cpu.Mode == OracleMode.Pae ? Bits.Keep(cpu.Pdpte[(int)Bits.Field(linear, 31, 30)], 51, 12) : cpu.Root;
        for (; level > 0; level--)
        {
            int shift = 3 + (9 * level);
            leaf = EntryAt(host, table, (int)Bits.Field(linear, shift + 8, shift));
            if (!Bits.Has(*leaf, 0) || level == 1 || (level <= 3 && Bits.Has(*leaf, 7)))
            {
                return Bits.Has(*leaf, 0);
            }

            table = Bits.Keep(*leaf, 51, 12);
        }

        return false;
    }

    private static bool TryWalk(HardwareRegisters cpu, HostFrames host, ulong linear, OracleAccess access, bool update, out HardwareOutcome outcome)
    {
        ulong** entries = stackalloc ulong*[5];
        ulong* values = stackalloc ulong[5];
        int count = 0;
        ulong table = cpu.Root;
        int level = cpu.Mode switch { OracleMode.Level5 => 5, OracleMode.Level4 => 4, _ => 2 };
        if (cpu.Mode == OracleMode.Pae)
        {
            ulong register = cpu.Pdpte[(int)Bits.Field(linear, 31, 30)];
            if (!Bits.Has(register, 0))
            {
                outcome = new HardwareOutcome(true, HardwareRules.NotPresentCode(access), default, IsPresent: false);
                return true;
            }

            table = Bits.Keep(register, 51, 12);
        }

        bool writable = true;
        bool user = true;
        bool noExecute = false;
        while (true)
        {
            int shift = 3 + (9 * level);
            entries[count] = EntryAt(host, table, (int)Bits.Field(linear, shift + 8, shift));
            ulong entry = Volatile.Read(ref *entries[count]);
            values[count] = entry;
            count++;
            if (!Bits.Has(entry, 0))
            {
                outcome = new HardwareOutcome(true, HardwareRules.NotPresentCode(access), default, IsPresent: false);
                return true;
            }

            bool leaf = level == 1 || (level <= 3 && Bits.Has(entry, 7));
            if (IsReserved(cpu, level, leaf, entry))
            {
                outcome = new HardwareOutcome(true, HardwareRules.ReservedCode(access), default, IsPresent: false);
                return true;
            }

            writable &= Bits.Has(entry, 1);
            user &= Bits.Has(entry, 2);
            noExecute |= Bits.Has(entry, 63);
            if (leaf)
            {
                var page = new HardwarePage(Bits.Keep(linear, 63, shift), shift, Bits.Keep(entry, 51, shift), writable, user, noExecute,
                    (int)Bits.Field(entry, 62, 59), Bits.Has(entry, 6) || access.Kind == OracleKind.Write);
                if (!HardwareRules.Allows(cpu, page, access, out ulong code))
                {
                    outcome = new HardwareOutcome(true, code, page, IsPresent: true);
                    return true;
                }

                outcome = new HardwareOutcome(false, 0, page, IsPresent: true);
                return !update || TryMark(entries, values, count, access.Kind == OracleKind.Write);
            }

            table = Bits.Keep(entry, 51, 12);
            level--;
        }
    }

    private static bool IsReserved(HardwareRegisters cpu, int level, bool leaf, ulong entry)
    {
        if (Bits.AnyOf(entry, cpu.Mode == OracleMode.Pae ? 62 : 51, cpu.MaxPhyAddr))
        {
            return true;
        }

        return level > 3 ? Bits.Has(entry, 7) : level > 1 && leaf && Bits.AnyOf(entry, level == 3 ? 29 : 20, 13);
    }

    private static bool TryMark(ulong** entries, ulong* values, int count, bool write)
    {
        for (int i = 0; i < count; i++)
        {
            ulong marked = values[i] | (1UL << 5) | (write && i == count - 1 ? 1UL << 6 : 0);
            if (marked != values[i] && Interlocked.CompareExchange(ref *entries[i], marked, values[i]) != values[i])
            {
                return false;
            }
        }

        return true;
    }

    private static ulong* EntryAt(HostFrames host, ulong table, int index)
    {
        if (!host.TryFind(table >> 12, out HostRange? range) || range.Use != HostUse.Tables)
        {
            throw new JudgeException($"The processor found a table at {table:x}, outside the arena.");
        }

        return (ulong*)(range.AddressOf(table >> 12) + (nuint)(table & 0xFFF)) + index;
    }
}
