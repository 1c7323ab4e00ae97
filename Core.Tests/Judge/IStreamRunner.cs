// Judges: what executes commands one after the other, and compares after each.
using System;

namespace Mmu.Tests.Judge;

internal interface IStreamRunner<in TCommand> : IDisposable
{
    /// <summary>Allocations asked for so far, of a machine whose memory may be made to fail.</summary>
    int Allocations { get; }

    /// <summary>Executes a command; what is wrong afterwards, or null.</summary>
    string? Step(TCommand command);
}
