// Guest: one vCPU's view of the slots, with the last ones it used.
using System.Runtime.CompilerServices;

namespace Mmu.Guest;

/// <summary>The slots as one vCPU sees them: a snapshot of the table and the windows it used last, for tables and for data.</summary>
internal struct SlotView : IGuestView
{
    private SlotTable _table;
    private GuestWindow _tableWindow;
    private GuestWindow _dataWindow;

    internal SlotView(SlotTable table)
    {
        _table = table;
        _tableWindow = default;
        _dataWindow = default;
    }

    /// <inheritdoc/>
    public readonly GuestWindow TableWindow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _tableWindow;
    }

    /// <summary>The slots it sees.</summary>
    internal readonly SlotTable Table => _table;

    /// <summary>Takes over the newest slots; forgets the last windows if they changed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Refresh(SlotTable table)
    {
#if MMU_FAULT_32
        if (_table is null)
#else
        if (table != _table)
#endif
        {
            Replace(table);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool TryLocate(ulong gpa)
    {
        if (!_table.TryFind(gpa, out GuestWindow found))
        {
            return false;
        }

        _tableWindow = found;
        return true;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public nuint HostOf(ulong gpa)
    {
        if (!_dataWindow.Holds(gpa) && !_table.TryFind(gpa, out _dataWindow))
        {
            return 0;
        }

        return _dataWindow.HostOf(gpa);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public readonly void Marked(ulong gpa, ulong bits) => _table.Records?.Marked(gpa, bits);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Replace(SlotTable table) => this = new SlotView(table);
}
