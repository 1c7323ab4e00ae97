// An engine for tests that writes down what it is asked, in the host's log.
using System;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Guest;

namespace Mmu.Tests.Common;

internal readonly struct RecordingEngine(TestHost host) : IMmuEngine
{
    internal static RootStatus Status { get; set; }

    public static bool WorksShared => false;

    public bool HasTables => true;

    public void Dispose() => host.Log.Add("dispose");

    public void AddVcpu(Vcpu vcpu) => host.Log.Add("add vcpu");

    public void RemoveVcpu(Vcpu vcpu) => host.Log.Add("remove vcpu");

    public bool TryAddSlot(SlotRecord slot) => Note("add slot", true);

    public void SlotRemoved(SlotRecord slot) => host.Log.Add("slot removed");

    public void ZapAll() => host.Log.Add("zap all");

    public bool ZapObsolete() => Note("zap obsolete", false);

    public bool TrySwitchRoot(Vcpu vcpu) => Note("switch", vcpu.Cr3 < 0x9000);

    public RootStatus LoadRoot(Vcpu vcpu) => Note("load", Status);

    public void SyncRoot(Vcpu vcpu) => host.Log.Add("sync");

    public void FreeRoots(Vcpu vcpu, RootSelection selection) => host.Log.Add($"free {selection}");

    public void FreePreviousRoots(Vcpu vcpu, ulong pcid) => host.Log.Add($"free pcid {pcid}");

    public void DropNestedRoots(Vcpu vcpu, NestedRoots roots) => host.Log.Add($"drop {roots.Kind}");

    public FaultOutcome HandleFault(Vcpu vcpu, in FaultRequest request, ref FaultResult result) => Note("fault", FaultOutcome.Fixed);

    public FaultOutcome HandleViolation(Vcpu vcpu, in ViolationRequest request, ref FaultResult result) => Note("violation", FaultOutcome.Fixed);

    public FaultOutcome Prefault(Vcpu vcpu, Gpa gpa, out int level)
    {
        level = 1;
        return Note("prefault", FaultOutcome.Fixed);
    }

    public void InvalidatePage(Vcpu vcpu, Gva address) => host.Log.Add("invalidate page");

    public void InvalidatePage(Vcpu vcpu, Gva address, ulong pcid) => host.Log.Add($"invalidate page of {pcid}");

    public void GuestWrote(int addressSpace, Gpa gpa, int bytes) => host.Log.Add("wrote");

    public bool Unprotect(int addressSpace, Gfn gfn) => Note("unprotect", true);

    public WritableAnswer AllowWritable(SlotRecord slot, Gfn gfn) => WritableAnswer.Yes;

    public bool UnmapRange(SlotRecord slot, ulong start, ulong end) => Note("unmap", false);

    public void ZapRanges(ReadOnlySpan<SlotRange> ranges) => host.Log.Add("zap");

    public bool WriteProtect(SlotRecord slot, ulong start, ulong end, int minimumLevel) => Note("protect", false);

    public bool WriteProtectMasked(SlotRecord slot, ulong start, ulong mask) => false;

    public bool WriteProtectFrame(SlotRecord slot, ulong gfn) => Note("protect frame", false);

    public bool ClearDirty(SlotRecord slot, ulong start, ulong end) => false;

    public bool ClearDirtyMasked(SlotRecord slot, ulong start, ulong mask) => false;

    public bool Age(SlotRecord slot, ulong start, ulong end) => Note("age", true);

    public bool TestAge(SlotRecord slot, ulong start, ulong end) => Note("test age", true);

    public bool SplitHugePages(SlotRecord slot, ulong start, ulong end, int targetLevel) => Note("split", true);

    public bool ZapCollapsible(SlotRecord slot, ulong start, ulong end) => Note("collapse", false);

    public int GetWalk(Vcpu vcpu, Gva address, Span<ulong> sptes) => Note("walk", 0);

    public int Shrink(int pages) => Note("shrink", 3);

    public void AddStatistics(ref MmuStatistics statistics) => statistics.Tables++;

    public string? Audit() => null;

    private T Note<T>(string what, T answer)
    {
        host.Log.Add(what);
        return answer;
    }
}
