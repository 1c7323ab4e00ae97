// Guest memory in which every mark comes too late: a processor that always changes the entry between its load and its mark.
using Mmu.Guest;

namespace Mmu.Tests.Properties;

/// <summary>
/// Answers loads from a walk's tables, each in a page of its own, and the mark that follows them from a page where nothing is as it was.
/// </summary>
/// <param name="tables">The tables.</param>
/// <param name="decoy">A page of zeros.</param>
/// <param name="levels">Loads of one attempt.</param>
internal struct LosingView(SlotTable tables, MemorySlot decoy, int levels) : IGuestView
{
    private GuestWindow _window;

    /// <summary>Loads and marks so far.</summary>
    internal int Located { get; private set; }

    /// <summary>The window of the last look-up; empty to whoever asks before the next.</summary>
    public GuestWindow TableWindow
    {
        get
        {
            GuestWindow window = _window;
            _window = default;
            return window;
        }
    }

    public bool TryLocate(ulong gpa)
    {
        _ = tables.TryFind(gpa, out GuestWindow found);
        ulong page = gpa & ~0xFFFUL;
        nuint host = ++Located % (levels + 1) == 0 ? decoy.HostAddress : found.HostOf(page);
        _window = new GuestWindow(new MemorySlot(new Mmu.Addressing.Gpa(page), 4096, host));
        return true;
    }

    public readonly nuint HostOf(ulong gpa) => 0;

    public readonly void Marked(ulong gpa, ulong bits)
    {
    }
}
