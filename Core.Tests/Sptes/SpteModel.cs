// Tests: the makers a second time, bit by bit from the literal table.
using Mmu.Architecture;
using Mmu.Sptes;
using static Mmu.Tests.Sptes.SpteBits;

namespace Mmu.Tests.Sptes;

/// <summary>Makes entries slowly, from bit numbers.</summary>
internal static class SpteModel
{
    /// <summary>Address bits 51:12.</summary>
    public const ulong Frame = 0x000F_FFFF_FFFF_F000;

    /// <summary>A leaf.</summary>
    public static ulong Leaf(SpteBits bits, ulong encryptionBit, in LeafSpec spec)
    {
        int traits = (int)spec.Traits;
        int rights = (int)spec.Rights;
        bool hostWritable = (traits & 1) != 0;
        bool read = (rights & 1) != 0;
        bool mmuWritable = hostWritable && (traits & 2) != 0 && (read || !bits.IsEpt);
        bool write = mmuWritable && (rights & 2) != 0;
        bool user = (rights & 4) != 0;
        bool execute = (rights & 8) != 0;
        bool accessed = (traits & 4) != 0 && (traits & 32) == 0;
        bool tracked = bits.Tracks && !accessed;

        ulong entry = Always(bits) | spec.Frame;
        entry = With(entry, bits.Read, read && !tracked);
        entry = With(entry, bits.Write, write && !tracked);
        entry = With(entry, bits.User, user && !tracked);
        entry = With(entry, bits.Execute, execute && !tracked);
        entry = With(entry, bits.NoExecute, !execute);
        entry = With(entry, bits.SavedRead, read && tracked);
        entry = With(entry, bits.SavedUser, user && tracked);
        entry = With(entry, bits.SavedExecute, execute && tracked);
        entry = With(entry, bits.Accessed, accessed);
        entry = With(entry, bits.Dirty, write || (traits & 8) != 0);
        entry = With(entry, bits.Large, spec.Level > 1);
        entry = With(entry, bits.HostWritable, hostWritable);
        entry = With(entry, bits.MmuWritable, mmuWritable);
        entry = With(entry, bits.IgnorePat, spec.IgnorePat);
        entry |= bits.MemoryType >= 0 ? (ulong)spec.MemoryType << bits.MemoryType : 0;
        entry |= bits.Key >= 0 ? (ulong)spec.Key << bits.Key : 0;
        return (traits & 16) != 0 ? entry : entry | encryptionBit;
    }

    /// <summary>An entry that names a table.</summary>
    public static ulong NonLeaf(SpteBits bits, ulong encryptionBit, ulong frame)
    {
        ulong entry = Always(bits) | frame | encryptionBit;
        entry = With(entry, bits.Read, wanted: true);
        entry = With(entry, bits.Write, wanted: true);
        entry = With(entry, bits.User, wanted: true);
        entry = With(entry, bits.Execute, wanted: true);
        return With(entry, bits.Accessed, !bits.Tracks);
    }

    /// <summary>What the CPU would allow.</summary>
    public static Rights RightsOf(SpteBits bits, ulong entry)
    {
        if (!Has(entry, 11))
        {
            return Rights.None;
        }

        Rights rights = !bits.IsEpt || Has(entry, bits.Read) ? Rights.Read : Rights.None;
        rights |= Has(entry, bits.Write) ? Rights.Write : Rights.None;
        rights |= Has(entry, bits.User) ? Rights.User : Rights.None;
        return rights | ((bits.IsEpt ? Has(entry, bits.Execute) : !Has(entry, bits.NoExecute)) ? Rights.Execute : Rights.None);
    }

    /// <summary>What must follow a replacement.</summary>
    public static SpteConsequences Compare(SpteBits bits, ulong old, ulong @new)
    {
        if (!Has(old, 11))
        {
            return SpteConsequences.None;
        }

        bool same = Has(@new, 11) && (old & Frame) == (@new & Frame);
        bool accessedLost = Has(old, bits.Accessed) && !(same && Has(@new, bits.Accessed));
        bool dirtyLost = Has(old, bits.Dirty) && !(same && Has(@new, bits.Dirty));
        bool protects = Has(old, bits.MmuWritable) && !Has(@new, bits.Write);
        return (accessedLost ? SpteConsequences.AccessedLost : 0) | (dirtyLost ? SpteConsequences.DirtyLost : 0)
            | (!same || accessedLost || dirtyLost || protects ? SpteConsequences.Flush : 0);
    }

    private static ulong Always(SpteBits bits)
    {
        ulong entry = 0;
        foreach (int bit in bits.Always)
        {
            entry |= 1UL << bit;
        }

        return entry;
    }
}
