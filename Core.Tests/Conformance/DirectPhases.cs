// Conformance: the products that are checked for each mode without a second dimension.
using System;
using System.Collections.Generic;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Conformance;

internal static class DirectPhases
{
    private const ulong W = DirectScene.W, U = DirectScene.U, A = DirectScene.A, D = DirectScene.D, P = DirectScene.P,
        Large = DirectScene.Large, NoExecute = DirectScene.NoExecute;

    // Key 5 in the leaf; every other key but 0 is denied, so that reading the wrong key's bits shows.
    private const ulong Key = 5UL << 59;
    private const uint OtherKeys = ~((3u << 10) | 3u), AccessDisable = 1u << 10, WriteDisable = 2u << 10;

    // Every leaf x every control state x every kind of access.
    public static MatrixPhase Leaf(DirectScene scene)
    {
        ulong[] values = scene.Mode switch
        {
            OracleMode.Level4 or OracleMode.Level5 => Variants.Subsets(scene.Leaf, W, U, A, D, NoExecute, scene.LeafReserved, Key),
            OracleMode.Pae => Variants.Subsets(scene.Leaf, W, U, A, D, NoExecute, scene.LeafReserved),
            _ when scene.LeafLevel == 2 => Variants.Subsets(scene.Leaf, W, U, A, D, scene.LeafReserved, Large),
            _ => Variants.Subsets(scene.Leaf, W, U, A, D, Large),
        };
        ulong allOnes = scene.EntryBytes == 4 ? uint.MaxValue : ulong.MaxValue;
        return new MatrixPhase
        {
            Name = "leaf",
            Cpus = Controls(scene),
            Varied = [(scene.Entries[scene.LeafLevel], [.. values, 0, scene.Leaf & ~P, allOnes & ~P])],
            Addresses = [scene.Address],
            Accesses = Accesses.Every,
        };
    }

    // W, U and NX of every level multiplied.
    public static MatrixPhase Folding(DirectScene scene, bool full)
    {
        var varied = new List<(MatrixEntry, ulong[])>();
        for (int level = scene.RootLevel; level >= scene.LeafLevel; level--)
        {
            MatrixEntry entry = scene.Entries[level];
            ulong[] values = scene.EntryBytes == 4 ? Variants.Subsets(entry.Value, W, U) : Variants.Subsets(entry.Value, W, U, NoExecute);
            varied.Add((entry, values));
        }

        OracleCpu open = scene.Cpu();
        open.Efer |= 1 << 11;
        return new MatrixPhase
        {
            Name = "folding",
            Cpus = full
                ? Variants.Product(open, c => c.Copy(), SetWp, c => c.Cr4 |= 1 << 20, c => c.Cr4 |= 1 << 21)
                : Variants.Product(open, c => c.Copy(), SetWp, c => c.Cr4 |= (1 << 20) | (1 << 21)),
            Varied = varied,
            Addresses = [scene.Address],
            Accesses = full ? Accesses.Every : Accesses.Plain,
        };
    }

    // One entry above the leaf at a time, in every bit that means something there, as a table and as a large page.
    public static IEnumerable<MatrixPhase> Upper(DirectScene scene)
    {
        List<OracleCpu> cpus = Variants.Product(scene.Cpu(), c => c.Copy(), c => c.Vendor = OracleVendor.Amd, c => c.Has1G = false,
            c => c.Efer |= 1 << 11, SetWp);
        for (int level = scene.RootLevel; level > scene.LeafLevel; level--)
        {
            ulong table = DirectScene.Table(level);
            ulong page = DirectScene.Open | Large | (1UL << scene.ShiftAt(level));
            ulong[] Toggle(ulong value) => scene.EntryBytes == 4
                ? Variants.Subsets(value, P, W, U, A, D, Large, 1UL << 8, 1UL << 13, 1UL << 21)
                : Variants.Subsets(value, P, W, U, A, Large, 1UL << 8, 1UL << 13, 1UL << 40, 1UL << 52, NoExecute);
            yield return new MatrixPhase
            {
                Name = $"upper {level}",
                Cpus = cpus,
                Varied = [(scene.Entries[level], [.. Toggle(table), .. Toggle(page)])],
                Addresses = [scene.Address],
                Accesses = [Accesses.Plain[0], Accesses.Plain[4], Accesses.Plain[5]],
            };
        }
    }

    // Accessed and dirty flags of every level, with and without update; the caller multiplies by read-only tables.
    public static MatrixPhase Flags(DirectScene scene)
    {
        var varied = new List<(MatrixEntry, ulong[])>();
        for (int level = scene.RootLevel; level >= scene.LeafLevel; level--)
        {
            MatrixEntry entry = scene.Entries[level];
            varied.Add((entry, level == scene.LeafLevel ? Variants.Subsets(entry.Value, A, D, W) : Variants.Subsets(entry.Value, A)));
        }

        OracleCpu cpu = scene.Cpu();
        cpu.Cr0 |= 1 << 16;
        return new MatrixPhase
        {
            Name = "flags",
            Cpus = [cpu],
            Varied = varied,
            Addresses = [scene.Address],
            Accesses =
            [
                .. Accesses.Plain, new(OracleKind.Read, User: true, ShadowStack: true),
                new(OracleKind.Write, User: true, ShadowStack: true),
            ],
            Updates = [true, false],
        };
    }

    // Every single bit at every physical address width, and every pair of bits at some, in one entry at a time.
    public static IEnumerable<MatrixPhase> ReservedBits(DirectScene scene)
    {
        Action<OracleCpu>[] choices = scene.Mode == OracleMode.Bits32
            ? [c => c.HasPse36 = false, c => c.Cr4 ^= 1 << 4]
            : [c => c.Vendor = OracleVendor.Amd, c => c.Has1G = false, c => c.Efer |= 1 << 11];
        for (int level = scene.RootLevel; level >= scene.LeafLevel; level--)
        {
            MatrixEntry entry = scene.Entries[level];
            var singles = new List<OracleCpu>();
            for (int width = 32; width <= 52; width++)
            {
                OracleCpu cpu = scene.Cpu();
                cpu.MaxPhyAddr = width;
                singles.AddRange(Variants.Product(cpu, c => c.Copy(), choices));
            }

            yield return new MatrixPhase
            {
                Name = $"bits {level}",
                Cpus = singles,
                Varied = [(entry, Variants.SingleBits(entry.Value, scene.EntryBits))],
                Addresses = [scene.Address],
                Accesses = [Accesses.Plain[4], Accesses.Plain[2]],
            };
            yield return new MatrixPhase
            {
                Name = $"pairs {level}",
                Cpus = singles.FindAll(c => c.MaxPhyAddr is 36 or 46),
                Varied = [(entry, Variants.BitPairs(entry.Value, scene.EntryBits))],
                Addresses = [scene.Address],
                Accesses = [Accesses.Plain[4]],
            };
        }
    }

    // Address bits around both sign bits and all of LAM's controls.
    public static MatrixPhase LinearAddresses(DirectScene scene)
    {
        int[] bits = [46, 47, 48, 49, 55, 56, 57, 58, 62, 63];
        var addresses = new ulong[1 << bits.Length];
        for (int subset = 0; subset < addresses.Length; subset++)
        {
            addresses[subset] = scene.Address;
            for (int i = 0; i < bits.Length; i++)
            {
                addresses[subset] |= ((subset >> i) & 1) != 0 ? 1UL << bits[i] : 0;
            }
        }

        OracleCpu withLam = scene.Cpu();
        withLam.HasLam = true;
        return new MatrixPhase
        {
            Name = "addresses",
            Cpus =
            [
                scene.Cpu(),
                .. Variants.Product(withLam, c => c.Copy(), c => c.Cr3 |= 1UL << 61, c => c.Cr3 |= 1UL << 62, c => c.Cr4 |= 1 << 28),
            ],
            Varied = [],
            Addresses = addresses,
            Accesses = [Accesses.Plain[0], Accesses.Plain[2], Accesses.Plain[4], new(OracleKind.Read, Implicit: true)],
        };
    }

    // Every control bit that a permission depends on, multiplied, with three settings of the key registers where keys exist.
    private static List<OracleCpu> Controls(DirectScene scene)
    {
        OracleCpu start = scene.Cpu();
        if (scene.Mode == OracleMode.Bits32)
        {
            return Variants.Product(start, c => c.Copy(), SetWp, c => c.Cr4 |= 1 << 20, c => c.Cr4 |= 1 << 21, c => c.Cr4 ^= 1 << 4,
                c => c.Efer |= 1 << 11, c => SetKeys(c, OtherKeys | AccessDisable, OtherKeys | AccessDisable), c => c.HasPse36 = false);
        }

        var all = new List<OracleCpu>();
        foreach ((uint pkru, uint pkrs) in (ReadOnlySpan<(uint, uint)>)
            [
                (OtherKeys, OtherKeys),
                (OtherKeys | AccessDisable, OtherKeys | WriteDisable),
                (OtherKeys | WriteDisable, OtherKeys | AccessDisable),
            ])
        {
            OracleCpu cpu = start.Copy();
            cpu.Pkru = pkru;
            cpu.Pkrs = pkrs;
            all.AddRange(Variants.Product(cpu, c => c.Copy(), SetWp, c => c.Efer |= 1 << 11, c => c.Cr4 |= 1 << 20, c => c.Cr4 |= 1 << 21,
                c => c.Cr4 |= 1 << 22, c => c.Cr4 |= 1 << 24));
        }

        return all;
    }

    private static void SetWp(OracleCpu cpu) => cpu.Cr0 |= 1 << 16;

    private static void SetKeys(OracleCpu cpu, uint pkru, uint pkrs)
    {
        cpu.Cr4 |= (1 << 22) | (1 << 24);
        cpu.Pkru = pkru;
        cpu.Pkrs = pkrs;
    }
}
