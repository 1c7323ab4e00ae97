// Vm: what a processor is loaded with before it runs the guest.
using System.Runtime.InteropServices;

namespace Mmu.Vm;

/// <summary>What the processor that runs the guest must be loaded with, from entry to exit.</summary>
/// <param name="RootAddress">
/// Host physical address of the root table; below 4 GiB and a multiple of 32 if <paramref name="Levels"/> is 3. Translations made from one root
/// are never used with another: tag the TLB by root, or empty it when the root changes.
/// </param>
/// <param name="Levels">Paging mode of the tables: 3 (PAE paging), 4 or 5 levels.</param>
/// <param name="Kind">Which register the root is for.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct RunState(ulong RootAddress, int Levels, RootKind Kind);
