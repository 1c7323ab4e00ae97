// Perf: a subject of two delegates.
using System;

namespace Mmu.Perf;

/// <summary>A subject that is a preparation and a turn; both are given the number of the turn.</summary>
internal sealed class DelegateSubject(string name, int operations, Action<int> prepare, Action<int> run) : Subject(name, operations)
{
    public override void Prepare(int chunk) => prepare(chunk);

    public override void Run(int chunk) => run(chunk);
}
