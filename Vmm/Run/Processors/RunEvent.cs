// Vmm.Run: an event that a processor stopped for.
using System.Runtime.InteropServices;

namespace Mmu.Vmm.Run.Processors;

/// <summary>An event that a processor stopped for.</summary>
/// <param name="Kind">Why.</param>
/// <param name="Port">Of <see cref="RunEventKind.Port"/>, the port.</param>
/// <param name="Detail">Of <see cref="RunEventKind.Dead"/>, what happened.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct RunEvent(RunEventKind Kind, int Port, string? Detail)
{
    /// <summary>An OUT.</summary>
    internal static RunEvent Out(int port) => new(RunEventKind.Port, port, null);

    /// <summary>The end.</summary>
    internal static RunEvent Dead(string detail) => new(RunEventKind.Dead, 0, detail);
}
