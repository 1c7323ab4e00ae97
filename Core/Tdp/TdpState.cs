// Tdp: what all parts of the TDP MMU of one VM share.
using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Mmu.Common;
using Mmu.Diagnostics;
using Mmu.Memory;

namespace Mmu.Tdp;

/// <summary>The data of a VM's TDP MMU that does not depend on the format of its entries.</summary>
internal sealed class TdpState : IDisposable
{
    // So many tables are taken apart when the arena is exhausted: enough for some faults.
    private const int RefillPages = 32;

    private readonly Lock _hostTallyLock = new();

    // guarded by: _hostTallyLock
    private TdpTally _hostTally;

    internal TdpState(VmCore vm, TdpOptions options)
    {
        Vm = vm;
        Options = options;
        Pages = new TdpPages(vm.Tables, vm.Private, vm.SpteHost);
        Roots = new TdpRoots(this);
    }

    internal VmCore Vm { get; }

    internal TdpOptions Options { get; }

    internal TdpPages Pages { get; }

    internal TdpRoots Roots { get; }

    /// <summary>What depends on the format of entries; set once, when the engine is made.</summary>
    internal TdpCode? Code { get; set; }

    /// <summary>The frame from which on tables are taken apart next to make room. Guarded by: MmuLock(write).</summary>
    internal ulong ShrinkHand { get; set; }

    /// <summary>What the host did, vCPUs that are no more included.</summary>
    internal TdpTally HostTally
    {
        get
        {
            lock (_hostTallyLock)
            {
                return _hostTally;
            }
        }
    }

    /// <summary>Adds what was counted for the host.</summary>
    internal void Count(in TdpTally tally)
    {
        lock (_hostTallyLock)
        {
            _hostTally.Add(tally);
        }
    }

    /// <summary>
    /// Pays what a change owes, before the lock is dropped: the flush first, and only then do removed pages go to the arena, which waits for
    /// lockless readers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Settle(ref RetireList owed)
    {
        if (!owed.IsIdle)
        {
            Pay(ref owed);
        }
    }

    private void Pay(ref RetireList owed)
    {
#if !MMU_FAULT_144
        Flush(ref owed);
#endif
        while (!owed.First.IsNone)
        {
            PageHandle page = owed.First;
            owed.First = new PageHandle(Pages[page].Next);
            SchedulePoint.At(SchedulePointKind.TdpRetire);
            Vm.Tables.Retire(page, Vm.Epochs);
        }

#if MMU_FAULT_144
        Flush(ref owed);
#endif
        owed = default;
    }

    /// <summary>Pays the flush alone; pages stay owed.</summary>
    internal void Flush(ref RetireList owed)
    {
        if (owed.NeedsFlush)
        {
            Vm.Gate.FlushAll();
            owed.NeedsFlush = false;
        }
    }

    /// <summary>
    /// Fills a vCPU's cache for a fault, taking tables apart if the arena is exhausted; false if nothing could be. Without the lock.
    /// </summary>
    internal bool TryTopUp(TdpVcpu vcpu)
    {
        const int want = TdpVcpu.PagesPerFault * 2;
        if (Vm.Tables.TopUp(ref vcpu.Pages, want) || vcpu.Pages.Count >= TdpVcpu.PagesPerFault)
        {
            return true;
        }

        // First what nobody uses any more, then what a fault brings back.
        if (!Code!.ZapInvalidRoots())
        {
            _ = Code.Shrink(RefillPages);
        }

        return Vm.Tables.TopUp(ref vcpu.Pages, want) || vcpu.Pages.Count >= TdpVcpu.PagesPerFault;
    }

    /// <summary>Stops the VM: the tables are not what they must be.</summary>
    internal void Corrupt(string what)
    {
        Vm.Kill();
        MmuAssert.That(condition: false, what);
    }

    /// <summary>Gives back everything; no page is in use any more.</summary>
    public void Dispose() => Pages.Release();
}
