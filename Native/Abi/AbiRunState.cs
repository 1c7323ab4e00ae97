// Abi: what a processor is loaded with.
using System.Runtime.InteropServices;
using Mmu.Common;
using Mmu.Vm;

namespace Mmu.Native.Abi;

/// <summary>What the processor that runs the guest must be loaded with, from entry to exit.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AbiRunState
{
    /// <summary>sizeof the struct.</summary>
    internal uint StructSize;

    /// <summary>LOADED: the vCPU is in guest now. Else why it is not; the rest is 0.</summary>
    internal RootStatus Status;

    /// <summary>Host physical address of the root table, for CR3. Tag the TLB by root, or empty it when the root changes.</summary>
    internal ulong RootAddress;

    /// <summary>Paging mode of the tables: 3 (PAE paging), 4 or 5 levels.</summary>
    internal uint Levels;

    /// <summary>What the root is for: CR3, or EPTP or nCR3.</summary>
    internal RootKind Kind;
}
