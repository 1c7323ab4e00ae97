// Vmm: an address space as Core's walker translates it.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Vmm.Images;
using Mmu.Walk;

namespace Mmu.Vmm.Inspect;

/// <summary>Lists and explains one address space through a <see cref="GuestWalker"/>, without leaving a trace in its tables.</summary>
internal sealed class AddressSpace
{
    // Allowed wherever there is a mapping at all: EFLAGS.AC lifts SMAP, and protection keys are open.
    private static readonly Access _probe = new(AccessKind.Read, AccessFlags.AlignmentCheck);

    private readonly GuestWalker _walker;
    private readonly string? _refused;
    private readonly int _aliasBudget;

    private AddressSpace(GuestWalker walker, string? refused, int aliasBudget)
    {
        _walker = walker;
        _refused = refused;
        _aliasBudget = aliasBudget;
        Incomplete = refused;
    }

    /// <summary>Gets why the last listing ended before the end of the address space; null if it did not.</summary>
    public string? Incomplete { get; private set; }

    /// <summary>Opens the address space of <paramref name="root"/>.</summary>
    /// <param name="tables">The tables; they must outlive the address space.</param>
    /// <param name="root">The control state.</param>
    /// <param name="cpu">What the control state does not say.</param>
    /// <param name="aliasBudget">Tables met again that a listing follows before it gives up.</param>
    public static AddressSpace Open(TableMemory tables, PagingRoot root, CpuModel cpu, int aliasBudget)
    {
        GuestMemory memory = new();
        foreach (TableRun run in tables.Runs)
        {
            memory.AddSlot(new MemorySlot(new Gpa(run.Gpa), run.Size, (nuint)run.Host, SlotFlags.ReadOnly));
        }

        GuestWalker walker = new(memory, new CpuFeatures
        {
            Vendor = cpu.IsAmd ? CpuVendor.Amd : CpuVendor.Intel,
            PhysicalAddressBits = cpu.MaxPhyAddr,
        });
        ControlState state = new() { Cr0 = root.Cr0, Cr3 = root.Cr3, Cr4 = root.Cr4, Efer = root.Efer };
        ControlStateStatus status = walker.SetControlState(state);
        string? refused = status == ControlStateStatus.Legal ? null : $"a CPU refuses this control state: {Words(status)}";
        return new AddressSpace(walker, refused, aliasBudget);
    }

    /// <summary>Returns every mapped page, ascending; see <see cref="Incomplete"/> afterwards.</summary>
    public IEnumerable<MappedPage> Pages()
    {
        if (_refused is not null)
        {
            yield break;
        }

        PageScan scan = _walker.ScanPages(new Gva(0), new Gva(ulong.MaxValue), _aliasBudget);
        while (scan.MoveNext())
        {
            yield return scan.Current;
        }

        if (scan.IsTruncated)
        {
            Incomplete = $"stopped after following {_aliasBudget} tables that had been met before: the tables share or contain each other";
        }
    }

    /// <summary>Tells how <paramref name="gva"/> is translated and what each access to it would do.</summary>
    public Explanation Explain(ulong gva)
    {
        if (_refused is not null)
        {
            return new Explanation(gva, [], null, 0, Rights.None, [new Verdict("any access", false, _refused)]);
        }

        WalkExplanation walk = _walker.Explain(new Gva(gva), _probe);
        WalkResult result = walk.Result;
        var verdicts = new List<Verdict>();
        foreach (AccessFlags flags in (ReadOnlySpan<AccessFlags>)[AccessFlags.User, AccessFlags.None])
        {
            foreach (AccessKind kind in (ReadOnlySpan<AccessKind>)[AccessKind.Read, AccessKind.Write, AccessKind.Fetch])
            {
                bool allowed = _walker.Peek(new Gva(gva), new Access(kind, flags), out WalkResult tried);
                string who = flags == AccessFlags.User ? "user" : "supervisor";
                verdicts.Add(new Verdict($"{who} {FaultText.Name(kind)}", allowed, FaultText.Outcome(tried)));
            }
        }

        ulong? gpa = result.IsTranslated ? result.Gpa.Value : null;
        return new Explanation(gva, Steps(walk), gpa, result.PageBytes, result.Rights, verdicts);
    }

    private static string Words(ControlStateStatus status) => status switch
    {
        ControlStateStatus.UnsupportedFeature => "CR0, CR4 or EFER has an unknown bit",
        ControlStateStatus.IllegalCombination => "CR0, CR4 and EFER do not fit together",
        ControlStateStatus.Cr3Reserved => "CR3 has a reserved bit",
        ControlStateStatus.PdpteReserved => "a PDPTE has a reserved bit",
        ControlStateStatus.PdptesUnreachable => "the PDPTEs are not in the image",
        _ => status.ToString(),
    };

    private static List<ExplainedStep> Steps(WalkExplanation walk)
    {
        var steps = new List<ExplainedStep>();
        for (int i = 0; i < walk.Steps.Count; i++)
        {
            WalkStep step = walk.Steps[i];
            string meaning = i + 1 < walk.Steps.Count
                ? $"table at {walk.Steps[i + 1].EntryAddress & ~0xfffUL:x}, so far {EntryFlags.Full(step.FoldedRights)}"
                : walk.Result.IsTranslated ? $"{SizeText.Of(walk.Result.PageBytes)} page" : FaultText.Reason(walk.Result);
            steps.Add(new ExplainedStep(step.Level, step.EntryAddress, step.Entry, meaning));
        }

        return steps;
    }
}
