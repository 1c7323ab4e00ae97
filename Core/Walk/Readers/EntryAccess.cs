// Walk: single loads and exchanges of guest entries through a view.
using Mmu.Guest;

namespace Mmu.Walk;

/// <summary>Loads and exchanges of one guest entry at an address that may be anywhere.</summary>
internal static class EntryAccess
{
    /// <summary>Loads an entry once; false if it lies outside every slot.</summary>
    internal static bool TryLoad<TView>(ref TView view, ulong entryAddress, int bytes, out ulong entry)
        where TView : struct, IGuestView
    {
        if (!TryWindow(ref view, entryAddress, out GuestWindow window))
        {
            entry = 0;
            return false;
        }

        nuint row = window.Row(0);
        entry = bytes == 4 ? GuestWindow.Load32(row, entryAddress) : GuestWindow.Load64(row, entryAddress);
        return true;
    }

    /// <summary>Replaces an entry if it still has the expected value; true without a write if the guest cannot write it.</summary>
    internal static bool TryMark<TView>(ref TView view, ulong entryAddress, int bytes, ulong expected, ulong value)
        where TView : struct, IGuestView
    {
        if (!TryWindow(ref view, entryAddress, out GuestWindow window))
        {
            return false;
        }

#if MMU_FAULT_23
        if (window.IsReadOnly && bytes == 0)
#else
        if (window.IsReadOnly)
#endif
        {
            return true;
        }

        bool marked = bytes == 4 ? window.TryExchange32(entryAddress, expected, value) : window.TryExchange64(entryAddress, expected, value);
#if !MMU_FAULT_154
        if (marked)
        {
            view.Marked(entryAddress, expected ^ value);
        }

#endif
#if MMU_FAULT_24
        return marked || true;
#else
        return marked;
#endif
    }

    /// <summary>The pointer to a translated address; 0 if no slot holds it.</summary>
    internal static nuint HostOf<TView>(ref TView view, ulong gpa)
        where TView : struct, IGuestView
    {
        GuestWindow window = view.TableWindow;
        return window.Holds(gpa) ? window.HostOf(gpa) : view.HostOf(gpa);
    }

    private static bool TryWindow<TView>(ref TView view, ulong entryAddress, out GuestWindow window)
        where TView : struct, IGuestView
    {
        window = view.TableWindow;
        if (window.Holds(entryAddress))
        {
            return true;
        }

        if (!view.TryLocate(entryAddress))
        {
            return false;
        }

        window = view.TableWindow;
        return true;
    }
}
