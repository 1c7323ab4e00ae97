// Shadow judge: a processor that runs on our tables: registers, walker and TLB.
using Mmu.Common;
using Mmu.Tests.Conformance;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Shadow;

/// <summary>
/// A processor whose TLB keeps what it may for as long as it may: entries go when they are evicted, when the library asks for a flush, and
/// when a fault names their address.
/// </summary>
internal sealed class ModelCpu(HostFrames host, SeededRandom random)
{
    private const int TlbEntries = 24;

    private bool _isInGuest;
    private bool _flushNextRoot;

    internal HardwareRegisters Registers { get; } = new();

    internal Tlb Tlb { get; } = new(TlbEntries, random);

    /// <summary>Tries an access and caches its translation; no memory is read or written yet.</summary>
    internal HardwareOutcome Access(ulong linear, OracleAccess access)
    {
        ulong tag = Registers.Root;
        if (Tlb.TryFind(tag, linear, out HardwarePage page))
        {
            bool allowed = HardwareRules.Allows(Registers, page, access, out ulong code);
            if (allowed && (access.Kind != OracleKind.Write || page.Dirty))
            {
                return new HardwareOutcome(false, 0, page, IsPresent: true);
            }

            // A processor may take the cached rights for the truth or look again; either way the entry is gone afterwards.
            Tlb.Drop(tag, linear);
            if (!allowed && random.Next(2) == 0)
            {
                return new HardwareOutcome(true, code, page, IsPresent: true);
            }
        }

        HardwareOutcome outcome = HardwareWalker.Walk(Registers, host, linear, access, update: true);
        if (!outcome.Faults)
        {
            Tlb.Insert(tag, outcome.Page);
        }

        return outcome;
    }

    /// <summary>What an access would find, with the TLB or without; nothing changes.</summary>
    internal HardwareOutcome Peek(ulong linear, OracleAccess access, bool useTlb)
    {
        // A write through a clean entry has to mark the tables' entry, so that those are looked at again.
        if (useTlb && Tlb.TryFind(Registers.Root, linear, out HardwarePage page) && (access.Kind != OracleKind.Write || page.Dirty))
        {
            bool allowed = HardwareRules.Allows(Registers, page, access, out ulong code);
            return new HardwareOutcome(!allowed, code, page, IsPresent: true);
        }

        return HardwareWalker.Walk(Registers, host, linear, access, update: false);
    }

    /// <summary>
    /// Loads CR3, and under PAE paging the PDPTE registers. What is cached of other roots stays, under their tags.
    /// </summary>
    internal void LoadRoot(ulong root, OracleMode mode)
    {
        Registers.Root = root;
        Registers.Mode = mode;
        _isInGuest = true;
        if (_flushNextRoot)
        {
            _flushNextRoot = false;
            Tlb.DropTag(root);
        }

        if (mode == OracleMode.Pae)
        {
            HardwareWalker.LoadPdptes(Registers, host);
        }
    }

    internal void LeaveGuest() => _isInGuest = false;

    /// <summary>Executes a flush that the library asked for; outside the guest "the current root" is the one to be loaded next.</summary>
    internal void Flush(FlushRange range)
    {
        switch (range.Scope)
        {
            case FlushScope.Page:
                Tlb.DropEverywhere(range.Address.Value);
                break;
            case FlushScope.CurrentRoot when _isInGuest:
                Tlb.DropTag(Registers.Root);
                break;
            case FlushScope.CurrentRoot:
                _flushNextRoot = true;
                break;
            default:
                Tlb.Clear();
                break;
        }

        // An IPI handler reloads CR3 to flush, which loads the registers anew as well.
        if (_isInGuest && Registers.Mode == OracleMode.Pae)
        {
            HardwareWalker.LoadPdptes(Registers, host);
        }
    }
}
