// Tdp: a vCPU as the TDP MMU sees it.
using Mmu.Common;
using Mmu.Guest;
using Mmu.Memory;

namespace Mmu.Tdp;

/// <summary>A vCPU's root, its pages in reserve and its counts. Owner: the vCPU's thread.</summary>
internal sealed class TdpVcpu
{
    /// <summary>One fault makes a table for each level below the root at most.</summary>
    internal const int PagesPerFault = 4;

    private SlotRecord? _slot;
    private uint _slotGeneration;

    // Fields, as they are changed in place.
    internal PageCache Pages;
    internal TdpTally Tally;
    internal FaultCounters Faults;

    internal TdpVcpu(Vcpu vcpu) => Vcpu = vcpu;

    internal Vcpu Vcpu { get; }

    /// <summary>The root it is loaded with, of which it holds a reference; none before the first load.</summary>
    internal PageHandle Root { get; set; }

    /// <summary>The slot that holds a frame of the root's address space; null if none does. Lock held, shared at least.</summary>
    internal SlotRecord? FindSlot(VmCore vm, int addressSpace, ulong gfn)
    {
        if (_slot is { } last && _slotGeneration == vm.SlotGeneration && last.AddressSpace == addressSpace && last.Holds(gfn))
        {
            return last;
        }

        _slot = vm.Slots[addressSpace].FindLockless(gfn);
        _slotGeneration = vm.SlotGeneration;
        return _slot;
    }

    /// <summary>Forgets which slot was found last: generations start anew after a root was let go.</summary>
    internal void ForgetSlot() => _slot = null;
}
