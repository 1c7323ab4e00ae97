// Walk: entries of a walk of one dimension.
using Mmu.Architecture;
using Mmu.Guest;

namespace Mmu.Walk;

/// <summary>Reads entries from guest memory, those first that a fast walk has read already.</summary>
internal ref struct DirectReader<TView> : IEntryReader
    where TView : struct, IGuestView
{
    private readonly ref TView _view;
    private EntrySnapshot _snapshot;

    internal DirectReader(ref TView view, in EntrySnapshot snapshot)
    {
        _view = ref view;
        _snapshot = snapshot;
    }

    /// <summary>Forgets what was read: the next attempt reads everything again.</summary>
    internal void Forget() => _snapshot = EntrySnapshot.Empty;

    /// <inheritdoc/>
    public readonly bool TryRead(
        WalkContext context, int level, ulong entryAddress, int bytes, ulong address, uint access, out ulong entry, ref WalkResult result)
    {
        if (level >= _snapshot.Lowest)
        {
            entry = _snapshot.At(level);
            return true;
        }

        if (EntryAccess.TryLoad(ref _view, entryAddress, bytes, out entry))
        {
            return true;
        }

        _ = WalkFaults.Raise(context, FaultCause.TableOutsideMemory, level, entryAddress, 0, address, access, 0, byKey: false, ref result);
        return false;
    }

    /// <inheritdoc/>
    public readonly bool MayMark(int level, ulong entryAddress, ref WalkResult result) => true;

    /// <inheritdoc/>
    public readonly bool TryMark(int level, ulong entryAddress, int bytes, ulong expected, ulong value) =>
        EntryAccess.TryMark(ref _view, entryAddress, bytes, expected, value);

    /// <inheritdoc/>
    public readonly bool TryFinish(uint access, uint rights, ref WalkResult result)
    {
        result.HostValue = EntryAccess.HostOf(ref _view, result.GpaValue);
        return true;
    }
}
