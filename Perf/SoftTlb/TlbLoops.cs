// Perf: loops over the software TLB, in C# and in C.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Perf.Peers;
using Mmu.Perf.Shadow;
using Mmu.Walk;

namespace Mmu.Perf.SoftTlb;

/// <summary>Makes subjects of the loops. All throw if an access is not answered as it must be.</summary>
internal sealed unsafe class TlbLoops(TlbGuest guest, PeerLibrary? library)
{
    public const string Name = "Mmu";
    public const string NativeName = "C probe";

    private readonly Walk.SoftTlb _tlb = guest.Tlb;

    // Zero, but no compiler can know: else nothing would be left of the chain.
    private readonly ulong _zero = (ulong)Environment.ProcessId >> 40;
    private ulong _sink;

    /// <summary>Hits one after the other: the next address needs the last pointer.</summary>
    public Subject Dependent(AddressList list) => new DelegateSubject(Name, list.Chunk, _ => { }, c => _sink += Dependent(_tlb, list.Of(c), list.Chunk, _zero));

    /// <summary>Hits in a plain loop.</summary>
    public Subject Independent(AddressList list) => new DelegateSubject(Name, list.Chunk, _ => { }, c => _sink += Independent(_tlb, list.Of(c), list.Chunk));

    /// <summary>Misses: walk and fill.</summary>
    public Subject Miss(AddressList list) => new DelegateSubject(Name, list.Chunk, _ => guest.Flush(), c => _sink += Miss(_tlb, list.Of(c), list.Chunk));

    /// <summary>A loop of tlb.c; null where it could not be built.</summary>
    public Subject? Native(string loop, AddressList list)
    {
        if (library is null)
        {
            return null;
        }

        delegate* unmanaged<nuint, ulong*, ulong, ulong, ulong> function = (delegate* unmanaged<nuint, ulong*, ulong, ulong, ulong>)library.Export(loop);
        return new DelegateSubject(NativeName, list.Chunk, _ => { }, c => _sink += Checked(function(_tlb.Address, list.Of(c), (ulong)list.Chunk, _zero)));
    }

    private static ulong Dependent(Walk.SoftTlb tlb, ulong* gvas, int count, ulong zero)
    {
        ulong last = 0;
        for (int i = 0; i < count; i++)
        {
            if (!tlb.TryGet(new Gva(gvas[i] ^ (last & zero)), Access.UserRead, out nuint host))
            {
                Missed();
            }

            last = host;
        }

        return last;
    }

    private static ulong Independent(Walk.SoftTlb tlb, ulong* gvas, int count)
    {
        ulong sum = 0;
        for (int i = 0; i < count; i++)
        {
            if (!tlb.TryGet(new Gva(gvas[i]), Access.UserRead, out nuint host))
            {
                Missed();
            }

            sum += host;
        }

        return sum;
    }

    private static ulong Miss(Walk.SoftTlb tlb, ulong* gvas, int count)
    {
        ulong sum = 0;
        for (int i = 0; i < count; i++)
        {
            Gva gva = new(gvas[i]);
            if (tlb.TryGet(gva, Access.UserRead, out _) || tlb.Resolve(gva, Access.UserRead, out WalkResult result) != SoftTlbOutcome.Memory)
            {
                throw new InvalidOperationException($"{gva} was no miss.");
            }

            sum += result.HostAddress;
        }

        return sum;
    }

    private static ulong Checked(ulong sum)
    {
        if (sum == ulong.MaxValue)
        {
            Missed();
        }

        return sum;
    }

    private static void Missed() => throw new InvalidOperationException("A page that was filled was not found.");
}
