// Shadow judge: where in guest tables a store goes, and what it stores.
using System;
using Mmu.Tests.Conformance;

namespace Mmu.Tests.Shadow;

internal static class TableStores
{
    /// <summary>An entry of a table that can be written; false if the table picked is not there.</summary>
    internal static bool TryPick(GuestWorld world, int addressSpace, SeededRandom random, out ulong gpa)
    {
        gpa = (EntryMaker.Pick(random, GuestLayout.AllTables) << 12) | ((ulong)EntryMaker.Pick(random, GuestLayout.Indexes) << 3);
        return world.Find(addressSpace, gpa) is { IsReadOnly: false };
    }

    /// <summary>What to put there: an entry for the table's level, or what is there with one thing changed.</summary>
    internal static ulong Value(GuestWorld world, int addressSpace, ulong gpa, SeededRandom random)
    {
        ulong frame = gpa >> 12;
        if (Array.IndexOf(GuestLayout.PaeRoots, frame) >= 0)
        {
            return EntryMaker.MakePaeRoot(random);
        }

        if (random.Next(2) == 0 && world.Find(addressSpace, gpa) is { } slot)
        {
            ulong word = slot.Load(gpa);
            return EntryMaker.Change(random, (gpa & 4) != 0 ? word >> 32 : word);
        }

        int level = Math.Max(1, Array.FindIndex(GuestLayout.Tables, tables => Array.IndexOf(tables, frame) >= 0));
        return EntryMaker.MakeAt(random, level, frame, (int)(gpa & 0xFFF) >> 3);
    }
}
