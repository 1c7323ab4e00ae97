// Vmm: an address space as Core's walker translates it.
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Walk;

namespace Mmu.Vmm.Inspect;

/// <summary>Lists and explains one address space through a <see cref="GuestWalker"/>, without leaving a trace in its tables.</summary>
internal sealed class CoreAddressSpace : IAddressSpace
{
    // Allowed wherever there is a mapping at all: EFLAGS.AC lifts SMAP, and protection keys are open.
    private static readonly Access _probe = new(AccessKind.Read, AccessFlags.AlignmentCheck);

    private readonly GuestWalker _walker;
    private readonly int _levels;
    private readonly string? _refused;
    private readonly WalkBudget _budget;

    internal CoreAddressSpace(GuestWalker walker, int levels, string? refused, WalkBudget budget)
    {
        _walker = walker;
        _levels = levels;
        _refused = refused;
        _budget = budget;
        Incomplete = refused;
    }

    /// <inheritdoc/>
    public string? Incomplete { get; private set; }

    private int IndexBits => _levels == 2 ? 10 : 9;

    private ulong LastAddress => _levels <= 3 ? uint.MaxValue : ulong.MaxValue;

    /// <inheritdoc/>
    public IEnumerable<MappedPage> Pages()
    {
        if (_refused is not null || _levels == 0)
        {
            yield break;
        }

        ulong gva = 0;
        for (long walks = 0; ; walks++)
        {
            if (walks == _budget.Walks)
            {
                Incomplete = $"stopped after {walks} walks at {gva:x}: the tables share or contain each other";
                yield break;
            }

            bool mapped = _walker.Peek(new Gva(gva), _probe, out WalkResult result);
            if (mapped)
            {
                yield return new MappedPage(gva, result.Gpa.Value, result.PageBytes, result.Entry, result.Rights);
            }

            ulong last = mapped ? gva + (result.PageBytes - 1) : LastOfHole(gva, result);
            if (last >= LastAddress)
            {
                yield break;
            }

            gva = last + 1;
        }
    }

    /// <inheritdoc/>
    public Explanation Explain(ulong gva)
    {
        if (_refused is not null)
        {
            return new Explanation(gva, [], null, 0, Rights.None, [new Verdict("any access", false, _refused)]);
        }

        WalkExplanation walk = _walker.Explain(new Gva(gva), _probe);
        WalkResult result = walk.Result;
        var verdicts = new List<Verdict>();
        foreach (AccessFlags flags in (System.ReadOnlySpan<AccessFlags>)[AccessFlags.User, AccessFlags.None])
        {
            foreach (AccessKind kind in (System.ReadOnlySpan<AccessKind>)[AccessKind.Read, AccessKind.Write, AccessKind.Fetch])
            {
                bool allowed = _walker.Peek(new Gva(gva), new Access(kind, flags), out WalkResult tried);
                string who = flags == AccessFlags.User ? "user" : "supervisor";
                verdicts.Add(new Verdict($"{who} {FaultText.Name(kind)}", allowed, FaultText.Outcome(tried)));
            }
        }

        ulong? gpa = result.IsTranslated ? result.Gpa.Value : null;
        return new Explanation(gva, Steps(walk), gpa, result.PageBytes, result.Rights, verdicts);
    }

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

    // The last address that the refusing entry is responsible for.
    private ulong LastOfHole(ulong gva, in WalkResult fault)
    {
        if (fault.Outcome == WalkOutcome.NonCanonical)
        {
            return (_levels == 5 ? 0xff00_0000_0000_0000 : 0xffff_8000_0000_0000) - 1;
        }

        // No entry was read: the root itself is not in memory.
        return fault.Level == 0 ? LastAddress : gva | ((1UL << (12 + ((fault.Level - 1) * IndexBits))) - 1);
    }
}
