// Walk: entries of a walk whose tables and data lie behind a second dimension.
using Mmu.Architecture;
using Mmu.Guest;

namespace Mmu.Walk;

/// <summary>Reads a nested guest's entries: each table access is first translated by the second dimension.</summary>
internal ref struct NestedReader<TMarking> : IEntryReader
    where TMarking : struct, IMarking
{
    private readonly ref SlotView _view;
    private readonly WalkContext _second;
    private LevelMasks _translated;
    private uint _writable;

    internal NestedReader(ref SlotView view, WalkContext second)
    {
        _view = ref view;
        _second = second;
    }

    /// <inheritdoc/>
    public bool TryRead(
        WalkContext context, int level, ulong entryAddress, int bytes, ulong address, uint access, out ulong entry, ref WalkResult result)
    {
        entry = 0;
        if (!SecondDimension.TryTranslate<TMarking>(_second, ref _view, entryAddress, SecondDimension.TableRead(_second), ref result))
        {
            return false;
        }

        _translated[level] = result.GpaValue;
        _writable |= ((uint)(result.Rights & Rights.Write) >> 1) << level;
        if (EntryAccess.TryLoad(ref _view, result.GpaValue, bytes, out entry))
        {
            return true;
        }

        _ = WalkFaults.Raise(context, FaultCause.TableOutsideMemory, level, entryAddress, 0, address, access, 0, byKey: false, ref result);
        return false;
    }

    /// <inheritdoc/>
    public readonly bool MayMark(int level, ulong entryAddress, ref WalkResult result)
    {
#if MMU_FAULT_22
        if (level != 0)
#else
        if (_second.AccessedMask != 0 || ((_writable >> level) & 1) != 0)
#endif
        {
            return true;
        }

        // Translated once more for the fault; the result already holds the guest's translation: only a refusal may replace it. If the
        // second dimension has come to allow it meanwhile, where the entry was read is still no place to write: TryMark makes the walk
        // start again.
        WalkResult table = default;
        if (SecondDimension.TryTranslate<Peek>(_second, ref _view, entryAddress, SecondDimension.TableWrite, ref table))
        {
            return true;
        }

        result = table;
        return false;
    }

    /// <inheritdoc/>
    public readonly bool TryMark(int level, ulong entryAddress, int bytes, ulong expected, ulong value) =>
        ((_writable >> level) & 1) != 0 && EntryAccess.TryMark(ref _view, _translated[level], bytes, expected, value);

    /// <inheritdoc/>
    public readonly bool TryFinish(uint access, uint rights, ref WalkResult result)
    {
        WalkResult guest = result;
        uint final = SecondDimension.FinalAccess(_second, access, rights);
        if (!SecondDimension.TryTranslate<TMarking>(_second, ref _view, guest.GpaValue, final, ref result))
        {
            return false;
        }

        SecondDimension.Combine(_second, guest, ref result);
        return true;
    }
}
