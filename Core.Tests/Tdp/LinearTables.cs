// TDP judge: a small VM on which several threads work at once, and what each of their steps found.
using System;
using System.Collections.Concurrent;
using System.Globalization;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Sptes;
using Mmu.Tests.Guest;
using Mmu.Tests.Judge;
using Mmu.Vm;

namespace Mmu.Tests.Tdp;

/// <summary>Four small pages and a huge one.</summary>
internal sealed class LinearTables : IMmuHost, IDisposable
{
    internal const int Places = 6;
    private const int SmallPlaces = 4;
    private const ulong HugeGfn = 0x400;
    private const int Vcpus = 8;

    private readonly GuardedPages _small = new(SmallPlaces);
    private readonly GuardedPages _huge = new(512);
    private readonly MmuVm _vm;
    private readonly ConcurrentBag<MmuVcpu> _idle = [];
    private readonly ConcurrentDictionary<uint, string> _found = [];

    internal LinearTables(TdpFormat format)
    {
        _vm = MmuVm.Create(
            new MmuVmOptions
            {
                TablePages = 64,
                FirstTableFrame = new Pfn(0x8_0000),
                HostPhysicalAddressBits = 46,
                MaxVcpus = Vcpus,
                Tdp = new TdpOptions { Format = format },
            },
            this);
        _vm.AddSlot(new MemorySlot(default, SmallPlaces << 12, _small.Address, new Pfn(0x10_0000), SlotFlags.None));
        _vm.AddSlot(new MemorySlot(new Gpa(HugeGfn << 12), 0x20_0000, _huge.Address, new Pfn(0x20_0000 + HugeGfn), SlotFlags.None));
        for (int i = 0; i < Vcpus; i++)
        {
            MmuVcpu vcpu = _vm.CreateVcpu();
            _ = vcpu.BeginRun(out _);
            vcpu.EndRun();
            _idle.Add(vcpu);
        }
    }

    /// <summary>What a place holds: nothing, or a page of a size that may be read or written.</summary>
    internal string StateOf(int place) => WithVcpu(vcpu =>
    {
        Span<ulong> entries = stackalloc ulong[5];
        int count = vcpu.GetNestedWalk(new Gpa(GpaOf(place)), entries);
        ulong last = entries[count - 1];
        bool mapped = Spte.IsPresent(last) && Spte.IsLeaf(last, 5 - count);
        return mapped ? string.Create(CultureInfo.InvariantCulture, $"{5 - count}{((last & 2) != 0 ? "w" : "r")}") : "-";
    });

    /// <summary>A fault, until it is answered.</summary>
    internal void Fault(int place, bool write) => WithVcpu(vcpu =>
    {
        ViolationRequest request = new(new Gpa(GpaOf(place)), write ? Access.SupervisorWrite : Access.SupervisorRead, ViolationFlags.None);
        FaultOutcome outcome;
        do
        {
            outcome = vcpu.HandleViolation(request, out _);
        }
        while (outcome == FaultOutcome.Retry);
        return outcome is FaultOutcome.Fixed or FaultOutcome.Spurious ? true : throw new JudgeException($"A fault was answered by {outcome}.");
    });

    internal void Unmap(int place) => _vm.UnmapRange(new Gpa(GpaOf(place)), 4096);

    internal void Protect(int place) => _vm.WriteProtect(new Gpa(GpaOf(place)), 4096);

    internal void Split() => _ = _vm.SplitHugePages(new Gpa(HugeGfn << 12), 0x20_0000);

    /// <summary>Notes what a step found.</summary>
    internal void Note(uint step, string found) => _found[step] = found;

    /// <summary>True if both are alike, and all steps found the same.</summary>
    internal static bool AreEqual(LinearTables one, LinearTables other) =>
        Enumerable.Range(0, Places).All(place => one.StateOf(place) == other.StateOf(place))
        && one._found.Count == other._found.Count
        && one._found.All(pair => other._found.TryGetValue(pair.Key, out string? found) && found == pair.Value);

    internal string? Audit() => _vm.Audit();

    /// <inheritdoc/>
    public override string ToString() => string.Join(' ', Enumerable.Range(0, Places).Select(StateOf)) + " found "
        + string.Join(' ', _found.OrderBy(pair => pair.Key).Select(pair => pair.Value));

    /// <inheritdoc/>
    public bool Flush(ReadOnlySpan<int> vcpus, FlushRange range) => true;

    /// <inheritdoc/>
    public void Kick(ReadOnlySpan<int> vcpus)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _vm.Dispose();
        _small.Dispose();
        _huge.Dispose();
    }

    private static ulong GpaOf(int place) => (place < SmallPlaces ? (ulong)place : HugeGfn + ((ulong)(place - SmallPlaces) * 7)) << 12;

    private T WithVcpu<T>(Func<MmuVcpu, T> action)
    {
        if (!_idle.TryTake(out MmuVcpu? vcpu))
        {
            throw new JudgeException("There are more threads than vCPUs.");
        }

        try
        {
            return action(vcpu);
        }
        finally
        {
            _idle.Add(vcpu);
        }
    }
}
