// Perf: one number that the gate compares with the accepted one.
using System;

namespace Mmu.Perf.Gate;

/// <summary>A figure of a scenario.</summary>
/// <param name="Name">Kind of figure, colon, scenario: <c>instructions: long4 walk hot</c>.</param>
/// <param name="Value">The number.</param>
internal sealed record Figure(string Name, double Value)
{
    public const string Instructions = "instructions";
    public const string CodeBytes = "code bytes";

    /// <summary>Kind of figure: what stands before the colon.</summary>
    public string Kind => KindOf(Name);

    /// <summary>How far the figure may be from the accepted one: of instructions 1 %, of code 2 %, of what is counted exactly nothing.</summary>
    public double Tolerance => Kind switch { Instructions => 0.01, CodeBytes => 0.02, _ => 0 };

    /// <summary>True if the figure is as accepted.</summary>
    public bool Agrees(double accepted) => Math.Abs(Value - accepted) <= Math.Abs(accepted) * Tolerance;

    public static string KindOf(string name) => name[..name.IndexOf(':', StringComparison.Ordinal)];
}
