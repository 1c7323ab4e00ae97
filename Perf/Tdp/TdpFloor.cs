// Perf: the floors of the TDP MMU's operations: the loops of tdp.c over tables of their own.
using System;
using System.Runtime.InteropServices;
using Mmu.Perf.Peers;
using Mmu.Perf.Shadow;

namespace Mmu.Perf.Tdp;

/// <summary>Tables that tdp.c works on.</summary>
internal sealed unsafe class TdpFloor : IDisposable
{
    public const string Name = "C floor";

    private const nuint TablePages = 1 << 14;
    private const nuint PageBytes = 4096;

    private readonly PeerLibrary _library;
    private readonly TdpPeerContext* _context;

    public TdpFloor(PeerLibrary library)
    {
        _library = library;
        _context = (TdpPeerContext*)NativeMemory.AllocZeroed((nuint)sizeof(TdpPeerContext));
        _context->Tables = (byte*)NativeMemory.AlignedAlloc(TablePages * PageBytes, PageBytes);

        // The first touch of a page is the host's business; here it is done.
        NativeMemory.Clear(_context->Tables, TablePages * PageBytes);
        Run("reset", null, 0);
    }

    /// <summary>A subject of two loops over the same addresses.</summary>
    /// <param name="gpas">Addresses, by chunk.</param>
    /// <param name="before">Loops that bring about what the turn needs, and are not timed.</param>
    /// <param name="loop">What is timed.</param>
    /// <param name="operations">What a turn counts as; null for one an address.</param>
    public Subject Of(AddressList gpas, string[] before, string loop, int? operations = null)
    {
        var timed = Loop(loop);
        return new DelegateSubject(
            Name,
            operations ?? gpas.Chunk,
            c =>
            {
                foreach (string name in before)
                {
                    Run(name, gpas.Of(c), gpas.Chunk);
                }
            },
            c => _ = timed(_context, gpas.Of(c), (ulong)gpas.Chunk));
    }

    /// <summary>Runs a loop once over all addresses.</summary>
    public void Run(string loop, AddressList gpas) => Run(loop, gpas.All, gpas.Count);

    private void Run(string loop, ulong* gpas, int count) => _ = Loop(loop)(_context, gpas, (ulong)count);

    public void Dispose()
    {
        NativeMemory.AlignedFree(_context->Tables);
        NativeMemory.Free(_context);
    }

    private delegate* unmanaged<TdpPeerContext*, ulong*, ulong, ulong> Loop(string name) =>
        (delegate* unmanaged<TdpPeerContext*, ulong*, ulong, ulong>)_library.Export(name);
}
