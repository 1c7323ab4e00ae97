// TDP judge: the guest's memory as the model knows it: what an access must end in.
using System.Collections.Generic;
using Mmu.Common;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Tdp;

internal sealed class GpaWorld
{
    private readonly Dictionary<(int AddressSpace, ulong Gfn), int> _tracked = [];

    internal List<GpaSlot> Slots { get; } = [];

    internal GpaSlot? Find(int addressSpace, ulong gfn) => Slots.Find(slot => slot.AddressSpace == addressSpace && slot.Holds(gfn));

    internal int TrackCount(int addressSpace, ulong gfn) => _tracked.GetValueOrDefault((addressSpace, gfn));

    internal void Track(int addressSpace, ulong gfn, int change) => _tracked[(addressSpace, gfn)] = TrackCount(addressSpace, gfn) + change;

    /// <summary>A slot is gone, and what was said about its frames.</summary>
    internal void Remove(GpaSlot slot)
    {
        _ = Slots.Remove(slot);
        for (ulong gfn = slot.Gfn; gfn < slot.Gfn + slot.Pages; gfn++)
        {
            _ = _tracked.Remove((slot.AddressSpace, gfn));
        }
    }

    /// <summary>What a fault of an access must end in; <see cref="FaultOutcome.Fixed"/> if it is to be mapped.</summary>
    internal FaultOutcome Expect(int addressSpace, ulong gfn, GpaAccess access, EntryFormat format, bool isPrivate)
    {
        bool write = access.Writes(format);
        if (Find(addressSpace, gfn) is not { } slot)
        {
            return isPrivate ? FaultOutcome.MemoryFault : FaultOutcome.Mmio;
        }

        FaultOutcome answer = !slot.IsResolved ? FaultOutcome.Fixed : slot.AnswerOf(gfn) switch
        {
            ResolvedKind.ReadOnly when write => FaultOutcome.Emulate,
            ResolvedKind.NotYet => FaultOutcome.NotYet,
            ResolvedKind.Poisoned => FaultOutcome.Poisoned,
            ResolvedKind.Mmio => FaultOutcome.Mmio,
            _ => FaultOutcome.Fixed,
        };
        return answer != FaultOutcome.Fixed ? answer
            : slot.IsPrivate(gfn) != isPrivate || (slot.IsExecuteOnly && access.Kind != OracleKind.Fetch) ? FaultOutcome.MemoryFault
            : write && slot.IsReadOnly ? FaultOutcome.Mmio
            : write && TrackCount(addressSpace, gfn) > 0 ? FaultOutcome.WriteProtected
            : FaultOutcome.Fixed;
    }
}
