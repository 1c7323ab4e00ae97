// Vmm: a walk told step by step.
using System.Collections.Generic;
using Mmu.Architecture;

namespace Mmu.Vmm.Inspect;

/// <summary>The entries read for an address, the translation if there is one, and what each kind of access would do.</summary>
internal sealed record Explanation(
    ulong Gva, IReadOnlyList<ExplainedStep> Steps, ulong? Gpa, ulong PageSize, Rights Rights, IReadOnlyList<Verdict> Verdicts);
