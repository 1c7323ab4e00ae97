// Walk: all mapped pages of an address space, in ascending order.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;

namespace Mmu.Walk;

/// <summary>
/// Enumerates the mapped pages of an address space in ascending order; holes cost nothing. Leaves no trace in guest memory.
/// </summary>
/// <remarks>
/// Tables that name each other can describe 2^36 pages in one page of memory. A table met again at a level where it was met before is an
/// alias; when more than the budget have been followed, the scan ends and <see cref="IsTruncated"/> is true. The walker's control state
/// must not change during a scan. A scan sees the
/// slots that were there when it began; their memory must stay valid until it is done with. The budget does not count tables of a second
/// dimension.
/// </remarks>
public sealed unsafe class PageScan
{
    /// <summary>Aliased tables that a scan follows unless told otherwise.</summary>
    public const int DefaultAliasBudget = 65536;

    private readonly WalkContext _context;
    private readonly WalkCode _code;
    private readonly ulong _last;
    private readonly HashSet<(int Level, ulong Table)> _met = [];
    private readonly Frame[] _frames = new Frame[6];
    private SlotView _view;
    private int _aliasesLeft;
    private int _level;
    private ulong _pieceAt;
    private ulong _pieceEnd;
    private MappedPage _page;

    internal PageScan(WalkContext context, SlotTable slots, Gva first, Gva last, int aliasBudget)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(aliasBudget);
        _context = context;
        _code = context.Code;
        _view = new SlotView(slots);
        _aliasesLeft = aliasBudget;
        ulong addressMask = ulong.MaxValue >> (64 - _code.AddressBits);
        _last = Fold(last.Value, addressMask, roundUp: false);
        ulong from = Fold(first.Value, addressMask, roundUp: true);
        _level = _code.Levels;
        if (_level != 0 && from <= _last)
        {
            _frames[_level] = new Frame { Table = context.Root, Next = from >> _code.ShiftOf(_level), All = ulong.MaxValue, First = from };
        }
        else
        {
            _level = int.MaxValue;
        }
    }

    /// <summary>The page found last.</summary>
    public MappedPage Current { get; private set; }

    /// <summary>True once the scan has ended because the alias budget was spent.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>The scan itself, for <see langword="foreach"/>.</summary>
    /// <returns>This object.</returns>
    public PageScan GetEnumerator() => this;

    /// <summary>Finds the next page.</summary>
    /// <returns>False at the end.</returns>
    public bool MoveNext()
    {
        while (true)
        {
            if (_pieceAt < _pieceEnd)
            {
                if (TryPiece())
                {
                    return true;
                }

                continue;
            }

            if (_level > _code.Levels)
            {
                return false;
            }

            Step();
        }
    }

    // The linear address as an index into the tables: without sign extension, its upper half above the lower. An address inside
    // the hole between the halves moves to the nearer end of the range that is asked for; where there is no upper half, a range above the
    // lower one is empty.
    private ulong Fold(ulong address, ulong mask, bool roundUp)
    {
        if (!_code.IsCanonical)
        {
            return roundUp ? address : Math.Min(address, mask);
        }

        ulong half = (mask >> 1) + 1;
        if (address >= half && address < ~(half - 1))
        {
            return roundUp ? half : half - 1;
        }

        return address & mask;
    }

    private ulong Unfold(ulong index)
    {
        int unused = 64 - _code.AddressBits;
        return _code.IsCanonical ? (ulong)((long)(index << unused) >> unused) : index;
    }

    // Looks at one entry of the table on top, or goes back up when the table is done.
    private void Step()
    {
        ref Frame frame = ref _frames[_level];
        int shift = _code.ShiftOf(_level);
        ulong at = frame.Base + (frame.Next << shift);
        if (at > _last)
        {
            _level = int.MaxValue;
            return;
        }

        if (frame.Next >> _code.IndexBitsOf(_level) != 0)
        {
            _level++;
            return;
        }

        ulong index = frame.Next++;
        if (!TryRead(frame.Table, index, out ulong entry))
        {
            return;
        }

        EntryClass kind = _code.Classify(_context, _level, entry, out ulong address);
        if (kind is EntryClass.Absent or EntryClass.Malformed)
        {
            return;
        }

        bool hasRights = _level != _code.Levels || _code.RootHasRights;
#if MMU_FAULT_34
        ulong all = hasRights ? entry : frame.All;
#else
        ulong all = hasRights ? frame.All & entry : frame.All;
#endif
        ulong any = hasRights ? frame.Any | entry : frame.Any;
        if (kind == EntryClass.Table)
        {
            Descend(address, at, all, any, frame.First);
            return;
        }

        _page = new MappedPage(new Gva(Unfold(at)), new Gpa(address), shift, (Rights)_code.RightsOf(all, any), _level, entry);
        _pieceAt = frame.First > at ? frame.First - at : 0;
        _pieceEnd = Math.Min(1UL << shift, _last - at + 1);
    }

    private void Descend(ulong table, ulong at, ulong all, ulong any, ulong first)
    {
        if (!_met.Add((_level - 1, table)) && --_aliasesLeft < 0)
        {
            IsTruncated = true;
            _level = int.MaxValue;
            return;
        }

        _level--;
        int shift = _code.ShiftOf(_level);
        ulong next = first > at ? (first - at) >> shift : 0;
        _frames[_level] = new Frame { Table = table, Base = at, Next = next, All = all, Any = any, First = first };
    }

    private bool TryRead(ulong table, ulong index, out ulong entry)
    {
        if (_level == _code.Levels && _code.RootInRegisters)
        {
            entry = _context.Pdptes[(int)index & 3];
            return true;
        }

        ulong address = table + (index * (ulong)_code.EntryBytes);
        if (_context.Second is { } second)
        {
            WalkResult result = default;
            if (!SecondDimension.TryTranslate<Peek>(second, ref _view, address, SecondDimension.TableRead(second), ref result))
            {
                entry = 0;
                return false;
            }

            address = result.GpaValue;
        }

        return EntryAccess.TryLoad(ref _view, address, _code.EntryBytes, out entry);
    }

    // Yields the next piece of a page: all of it, or behind a second dimension what that maps as one.
    private bool TryPiece()
    {
        if (_context.Second is not { } second)
        {
            _pieceAt = _pieceEnd;
            Current = _page;
            return true;
        }

        ulong address = _page.Gpa.Value + _pieceAt;
        WalkResult result = default;
        uint access = SecondDimension.FinalAccess(second, (uint)AccessKind.Read, (uint)_page.Rights);
        bool mapped = SecondDimension.TryTranslate<Peek>(second, ref _view, address, access, ref result);
        int secondShift = mapped ? result.PageShift : second.Code.ShiftOf(Math.Max(result.Level, 1));
        ulong pieceBytes = (1UL << secondShift) - (address & ((1UL << secondShift) - 1));
        ulong at = _pieceAt;
        _pieceAt = Math.Min(_pieceEnd, at + pieceBytes);
        if (!mapped)
        {
            return false;
        }

        WalkResult guest = default;
        guest.GpaValue = address;
        guest.EntryValueBits = _page.Entry;
        guest.Info = (ulong)WalkOutcome.Translated
            | ((ulong)_page.Level << WalkResult.LevelShift)
            | ((ulong)_page.Rights << WalkResult.RightsShift)
            | ((ulong)_page.PageShift << WalkResult.PageShiftShift);
        SecondDimension.Combine(second, guest, ref result);

        // The first piece of a range may be entered in its middle.
        ulong into = address & (result.PageBytes - 1);
        Current = _page with
        {
            Gva = new Gva(_page.Gva.Value + at - into),
            Gpa = new Gpa(result.GpaValue - into),
            PageShift = result.PageShift,
            Rights = result.Rights,
        };
        return true;
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Frame
    {
        internal ulong Table;
        internal ulong Base;
        internal ulong Next;
        internal ulong All;
        internal ulong Any;
        internal ulong First;
    }
}
