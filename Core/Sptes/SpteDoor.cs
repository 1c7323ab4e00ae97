// Sptes: the one door through which an SPTE is stored.
using System.Runtime.CompilerServices;
using Mmu.Diagnostics;
using Mmu.Memory;

namespace Mmu.Sptes;

/// <summary>Stores SPTEs, and says what must follow.</summary>
internal static class SpteDoor
{
    /// <summary>
    /// Stores an entry for who excludes all others but the CPU and faults without the lock. Where these may change the old entry meanwhile,
    /// it is exchanged, so that nothing they wrote is lost; elsewhere a plain store does.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SpteChange Set<TSpte>(PtPage page, int index, ulong value)
        where TSpte : struct, ISpteFormat
    {
        Check<TSpte>(value);
        ulong old = page.Load(index);
        if (TSpte.NeedsAtomic(old))
        {
#if MMU_FAULT_57
            _ = page.Exchange(index, value);
#else
            old = page.Exchange(index, value);
#endif
        }
        else
        {
            page.Store(index, value);
        }

        return new SpteChange(old, value, TSpte.Compare(old, value));
    }

    /// <summary>
    /// Takes W, and only W, from an entry that has it: as <see cref="Set"/> would, for passes over many entries. Returns the entry as it was;
    /// 0 if it had no W. If it was MMU-writable, TLBs must be flushed.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong WriteProtect<TSpte>(PtPage page, int index)
        where TSpte : struct, ISpteFormat
    {
        ulong old = page.Load(index);
        if (!TSpte.IsWritable(old))
        {
            return 0;
        }

        // What the CPU adds meanwhile, A or D, is lost with W's flush or not at all.
        ulong value = TSpte.WriteProtect(old, keepMmuWritable: true);
        if (TSpte.NeedsAtomic(old))
        {
            old = page.Exchange(index, value);
        }
        else
        {
            page.Store(index, value);
        }

        MmuAssert.That(TSpte.IsMmuWritable(old) || (TSpte.Compare(old, value) & SpteConsequences.Flush) == 0, "A lost W asks for a flush", old);
        return old;
    }

    /// <summary>
    /// Stores an entry where there is none, as <see cref="Set"/> would: nobody but the holder of the lock changes an empty entry, and nothing
    /// follows from its loss.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fill<TSpte>(PtPage page, int index, ulong value)
        where TSpte : struct, ISpteFormat
    {
        Check<TSpte>(value);
        MmuAssert.That(Spte.IsEmpty(page.Load(index)), "An entry that says something was filled", page.Load(index));
        page.Store(index, value);
    }

    /// <summary>Stores an entry if it still is what the caller has seen, beside others who do the same.</summary>
    /// <returns>False if it is not; nothing was stored.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TrySet<TSpte>(PtPage page, int index, ulong expected, ulong value, out SpteChange change)
        where TSpte : struct, ISpteFormat
    {
        Check<TSpte>(value);
#if MMU_ASSERT
        bool stored = !ExchangeFaults.Loses() && page.TryReplace(index, expected, value);
#else
        bool stored = page.TryReplace(index, expected, value);
#endif
        change = stored ? new SpteChange(expected, value, TSpte.Compare(expected, value)) : default;
        return stored;
    }

    // Only leaves are host-writable: an entry that names a table has W alone.
    private static void Check<TSpte>(ulong value)
        where TSpte : struct, ISpteFormat
    {
        bool present = Spte.IsPresent(value);
        MmuAssert.That(
            !present || !TSpte.IsMmuWritable(value) || TSpte.IsHostWritable(value), "MMU-writable without host-writable", value);
        MmuAssert.That(
            !present || !TSpte.IsHostWritable(value) || !TSpte.IsWritable(value) || TSpte.IsMmuWritable(value),
            "Writable without MMU-writable", value);
    }
}
