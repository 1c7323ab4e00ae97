// Hosting: the VMM's callbacks, as the library sees them.
using System;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Native.Abi;

namespace Mmu.Native.Hosting;

/// <summary>Calls a C program's callbacks, and notes on which thread one runs.</summary>
internal sealed unsafe class NativeHost(in AbiHost host) : IMmuHost
{
    [ThreadStatic]
    private static NativeHost? _running;

    private readonly void* _context = host.Context;
    private readonly delegate* unmanaged<void*, uint*, uint, FlushScope, ulong, uint> _flush =
        (delegate* unmanaged<void*, uint*, uint, FlushScope, ulong, uint>)host.Flush;

    private readonly delegate* unmanaged<void*, uint*, uint, void> _kick = (delegate* unmanaged<void*, uint*, uint, void>)host.Kick;
    private readonly delegate* unmanaged<void*, ulong, uint, AbiResolvedFrame*, void> _resolve =
        (delegate* unmanaged<void*, ulong, uint, AbiResolvedFrame*, void>)host.Resolve;

    internal bool CanResolve => _resolve != null;

    /// <summary>True if the calling thread is inside a callback of this host.</summary>
    internal static bool IsRunning(NativeHost host) => _running == host;

    public bool Flush(ReadOnlySpan<int> vcpus, FlushRange range)
    {
        if (_flush == null)
        {
            // No TLB but the software one, which the library empties and waits for by itself.
            return true;
        }

        NativeHost? outer = _running;
        _running = this;
        fixed (int* numbers = vcpus)
        {
            uint done = _flush(_context, (uint*)numbers, (uint)vcpus.Length, range.Scope, range.Address.Value);
            _running = outer;
            return done != 0;
        }
    }

    public void Kick(ReadOnlySpan<int> vcpus)
    {
        if (_kick == null)
        {
            return;
        }

        NativeHost? outer = _running;
        _running = this;
        fixed (int* numbers = vcpus)
        {
            _kick(_context, (uint*)numbers, (uint)vcpus.Length);
            _running = outer;
        }
    }

    public ResolvedFrame Resolve(Gfn gfn, bool write)
    {
        AbiResolvedFrame frame = new() { StructSize = (uint)sizeof(AbiResolvedFrame) };
        NativeHost? outer = _running;
        _running = this;
        _resolve(_context, gfn.Value, write ? 1u : 0, &frame);
        _running = outer;
        return new ResolvedFrame(frame.Kind, new Pfn(frame.Frame), frame.Token) { Order = (int)frame.Order };
    }
}
