// Conformance: the products that are checked for each format of the second dimension.
using System;
using System.Collections.Generic;
using System.Linq;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Conformance;

internal static class NestedPhases
{
    private const ulong P = 1, W = 2, U = 4, A = 32, D = 64, Large = 128, G = 256, NoExecute = 1UL << 63;
    private const ulong R = 1, X = 4, UserExecute = 1UL << 10, EptA = 1UL << 8, EptD = 1UL << 9, Reserved = 1UL << 50;

    // One entry of the page's path at a time, every right x every control of the second dimension.
    public static IEnumerable<MatrixPhase> DataEntry(NestedScene scene)
    {
        for (int level = scene.Second.Levels; level >= scene.SecondLeaf; level--)
        {
            MatrixEntry entry = scene.DataPath[level];
            yield return new MatrixPhase
            {
                Name = $"page, level {level}",
                Cpus = [scene.Cpu()],
                Nested = Controls(scene),
                Varied = [(entry, Toggles(scene, entry.Value)), (GuestLeaf(scene), Variants.Subsets(GuestLeaf(scene).Value, U))],
                Addresses = [scene.Address],
                Accesses = Accesses.Nested,
            };
        }
    }

    // One entry of the path to the guest's lowest table at a time, against the flags that the walk may have to set there.
    public static IEnumerable<MatrixPhase> TableEntry(NestedScene scene)
    {
        MatrixEntry guest = GuestLeaf(scene);
        for (int level = scene.Second.Levels; level >= 1; level--)
        {
            MatrixEntry entry = scene.TablePaths[scene.GuestLeaf][level];
            ulong[] values = scene.Second.IsEpt
                ? Variants.Subsets(entry.Value, R, W, X, UserExecute, Reserved)
                : Variants.Subsets(entry.Value, P, W, U, A, D, scene.Second.EntryBytes == 4 ? Large : NoExecute);
            yield return new MatrixPhase
            {
                Name = $"table, level {level}",
                Cpus = [scene.Cpu()],
                Nested = Controls(scene),
                Varied = [(entry, values), (guest, Variants.Subsets(guest.Value, A, D, W))],
                Addresses = [scene.Address],
                Accesses = Accesses.Nested,
                Updates = [true, false],
            };
        }
    }

    // The rights of every level of the page's path multiplied.
    public static MatrixPhase Folding(NestedScene scene, bool full)
    {
        var varied = new List<(MatrixEntry, ulong[])>();
        for (int level = scene.Second.Levels; level >= scene.SecondLeaf; level--)
        {
            MatrixEntry entry = scene.DataPath[level];
            varied.Add((entry, FoldedRights(scene, level, entry.Value, full)));
        }

        OracleNested nested = scene.Nested();
        return new MatrixPhase
        {
            Name = "folding",
            Cpus = [scene.Cpu()],
            Nested = scene.Second.IsEpt
                ? [.. Variants.Product(nested, n => n.Copy(), n => n.Mbec = true).Select(n => { n.ExecuteOnly = true; return n; })]
                : [.. Variants.Product(nested, n => n.Copy(), n => n.Gmet = true)],
            Varied = varied,
            Addresses = [scene.Address],
            Accesses = [Accesses.Plain[0], Accesses.Plain[4], Accesses.Plain[2], Accesses.Plain[5]],
        };
    }

    // The guest's leaf x the second dimension's leaf: all pairs of what either may hold.
    public static MatrixPhase LeafPairs(NestedScene scene, bool full)
    {
        MatrixEntry guest = GuestLeaf(scene);
        MatrixEntry leaf = scene.DataPath[scene.SecondLeaf];
        ulong[] first = scene.EntryBytes == 4
            ? Variants.Subsets(guest.Value, P, W, U, A, D)
            : Variants.Subsets(guest.Value, W, U, A, D, NoExecute);
        ulong[] second = scene.Second.IsEpt
            ? Variants.Subsets(leaf.Value, R, W, X, EptA, EptD)
            : Variants.Subsets(leaf.Value, P, W, U, A, D);
        return new MatrixPhase
        {
            Name = "leaf pairs",
            Cpus = full ? Variants.Product(scene.Cpu(), c => c.Copy(), c => c.Cr0 &= ~(1UL << 16)) : [scene.Cpu()],
            Nested = full ? Controls(scene) : [.. Controls(scene)
                .Where(n => n is { Mbec: false, ExecuteOnly: false, Gmet: false } && !Bits.Has(n.HostCr4, 20))],
            Varied = [(guest, first), (leaf, second)],
            Addresses = [scene.Address],
            Accesses = full ? Accesses.Plain : Accesses.Nested,
        };
    }

    // Memory types and "ignore PAT" of the second leaf x the types that the guest's leaf can select, and the page sizes it may not use.
    public static MatrixPhase MemoryTypes(NestedScene scene)
    {
        MatrixEntry guest = GuestLeaf(scene);
        MatrixEntry leaf = scene.DataPath[scene.SecondLeaf];
        ulong guestPat = scene.GuestLeaf == 1 ? 1UL << 7 : 1UL << 12;
        ulong secondPat = scene.SecondLeaf == 1 ? 1UL << 7 : 1UL << 12;
        ulong[] second = scene.Second.IsEpt
            ? Variants.Subsets(leaf.Value, 8, 16, 32, 64, R, Large, 1UL << 13, 1UL << 12)
            : Variants.Subsets(leaf.Value, 8, 16, secondPat, 1UL << 13, P);
        OracleCpu cpu = scene.Cpu();
        cpu.Pat = 0x0106050400070406;
        OracleNested nested = scene.Nested();
        nested.HostPat = 0x0106050400070406;
        return new MatrixPhase
        {
            Name = "memory types",
            Cpus = [cpu],
            Nested = [.. Variants.Product(nested, n => n.Copy(), n => n.Has2M = false, n => n.Has1G = false)],
            Varied = [(guest, Variants.Subsets(guest.Value, 8, 16, guestPat)), (leaf, second)],
            Addresses = [scene.Address],
            Accesses = [Accesses.Plain[0]],
        };
    }

    public static List<OracleNested?> Controls(NestedScene scene)
    {
        OracleNested start = scene.Nested();
        return scene.Second.IsEpt
            ? [.. Variants.Product(start, n => n.Copy(), n => n.EptAccessedDirty = true, n => n.Mbec = true, n => n.ExecuteOnly = true)]
            : [.. Variants.Product(start, n => n.Copy(), n => n.HostEfer ^= 1UL << 11, n => n.HostCr4 ^= 1UL << 20, n => n.Gmet = true)];
    }

    // Everything that may be set or clear in an entry of the page's path.
    public static ulong[] Toggles(NestedScene scene, ulong value) => scene.Second.IsEpt
        ? Variants.Subsets(value, R, W, X, UserExecute, Large, EptA, 8, Reserved)
        : scene.Second.EntryBytes == 4
            ? Variants.Subsets(value, P, W, U, A, D, Large, G, 1UL << 21)
            : Variants.Subsets(value, P, W, U, A, Large, G, 1UL << 13, Reserved, NoExecute);

    private static ulong[] FoldedRights(NestedScene scene, int level, ulong value, bool full)
    {
        SecondTables second = scene.Second;
        if (second.Levels == 3 && level == 3)
        {
            // PDPTEs carry no rights.
            return [value];
        }

        // Five full levels are for the long run: four are folded by the four-level formats.
        bool few = second.Levels == 5 && !full;
        if (second.IsEpt)
        {
            return full ? Variants.Subsets(value, R, W, X, UserExecute)
                : few ? Variants.Subsets(value, W, X) : Variants.Subsets(value, W, X, UserExecute);
        }

        return few || second.EntryBytes == 4 ? Variants.Subsets(value, W, U) : Variants.Subsets(value, W, U, NoExecute);
    }

    private static MatrixEntry GuestLeaf(NestedScene scene) =>
        scene.GuestEntries[scene.GuestLeaf] ?? throw new InvalidOperationException("the guest has no tables");
}
