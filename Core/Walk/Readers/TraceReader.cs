// Walk: entries of an explained walk.
using System.Collections.Generic;
using Mmu.Architecture;
using Mmu.Guest;

namespace Mmu.Walk;

/// <summary>Reads entries of either kind of walk, marks nothing and records each.</summary>
internal struct TraceReader : IEntryReader
{
    private readonly List<WalkStep> _steps;
    private readonly bool _isSecond;
    private readonly WalkContext? _second;
    private SlotView _view;
    private ulong _all;
    private ulong _any;

    internal TraceReader(List<WalkStep> steps, SlotView view, WalkContext? second, bool isSecond)
    {
        _steps = steps;
        _view = view;
        _second = second;
        _isSecond = isSecond;
        _all = ulong.MaxValue;
        _any = 0;
    }

    /// <inheritdoc/>
    public bool TryRead(
        WalkContext context, int level, ulong entryAddress, int bytes, ulong address, uint access, out ulong entry, ref WalkResult result)
    {
        entry = 0;
        ulong translated = entryAddress;
        if (_second is { } second)
        {
            if (!TryTranslate(second, entryAddress, SecondDimension.TableRead(second), ref result))
            {
                return false;
            }

            translated = result.GpaValue;
        }

        if (!EntryAccess.TryLoad(ref _view, translated, bytes, out entry))
        {
            _ = WalkFaults.Raise(context, FaultCause.TableOutsideMemory, level, entryAddress, 0, address, access, 0, byKey: false, ref result);
            return false;
        }

        Record(context, level, entryAddress, entry);
        return true;
    }

    /// <inheritdoc/>
    public readonly bool MayMark(int level, ulong entryAddress, ref WalkResult result) => true;

    /// <inheritdoc/>
    public readonly bool TryMark(int level, ulong entryAddress, int bytes, ulong expected, ulong value) => true;

    /// <inheritdoc/>
    public bool TryFinish(uint access, uint rights, ref WalkResult result)
    {
        if (_second is not { } second)
        {
            result.HostValue = EntryAccess.HostOf(ref _view, result.GpaValue);
            return true;
        }

        WalkResult guest = result;
        if (!TryTranslate(second, guest.GpaValue, SecondDimension.FinalAccess(second, access, rights), ref result))
        {
            return false;
        }

        SecondDimension.Combine(second, guest, ref result);
        return true;
    }

    private readonly unsafe bool TryTranslate(WalkContext second, ulong address, uint access, ref WalkResult result)
    {
        TraceReader reader = new(_steps, _view, second: null, isSecond: true);
        return second.Code.Trace(second, ref reader, address, access, ref result) != WalkLimits.NoAddress;
    }

    private unsafe void Record(WalkContext context, int level, ulong entryAddress, ulong entry)
    {
        if (level != context.Code.Levels || context.Code.RootHasRights)
        {
            _all &= entry;
            _any |= entry;
        }

        var rights = _all == ulong.MaxValue ? (Rights)0xF : (Rights)context.Code.RightsOf(_all, _any);
        _steps.Add(new WalkStep(context.Code.Name, _isSecond, level, entryAddress, entry, rights));
    }
}
