// Perf: walks of a guest behind nested tables: the library's, the same loads alone, and a walker in C.
using System;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Perf.Peers;
using Mmu.Perf.Shadow;
using Mmu.Walk;

namespace Mmu.Perf.Nested;

/// <summary>Walks of a 4-level guest: 24 loads each, all of them in the first cache.</summary>
internal sealed unsafe class NestedWalks : IDisposable
{
    public const string Floor = "24 loads in C";
    public const string CWalk = "C walker";

    private readonly NestedGuest _guest = new(ModeShape.Long4);
    private readonly PeerLibrary? _library;

    // Zero, but no compiler can know: else nothing would be left of the chain.
    private readonly ulong _zero = (ulong)Environment.ProcessId >> 40;
    private NestedContext _context;
    private ulong _sink;

    public NestedWalks(PeerLibrary? library)
    {
        _library = library;
        _context = new NestedContext
        {
            Memory = (nuint)_guest.Memory,
            Bytes = NestedGuest.Bytes,
            GuestRoot = _guest.Root,
            NestedRoot = _guest.NestedRoot,
            Reserved = (ulong.MaxValue << MeasuredState.MaxPhysicalAddressBits) & 0x000f_ffff_ffff_f000,
        };
        List = new AddressList(Enumerable.Range(0, 4096).Select(i => _guest.Start + ((ulong)(i * 37 % NestedGuest.Pages) << 12) + ((ulong)(i * 8) & 0xff8)), 1024);
    }

    public AddressList List { get; }

    /// <summary>Walks of which each needs the one before.</summary>
    public Subject Mmu() => new DelegateSubject("Mmu", List.Chunk, _ => { }, c => _sink += Dependent(List.Of(c), List.Chunk));

    /// <summary>The same in C; null where it could not be built.</summary>
    public Subject? Native(string name, string loop)
    {
        if (_library is null)
        {
            return null;
        }

        var function = (delegate* unmanaged<NestedContext*, ulong*, ulong, ulong, ulong>)_library.Export(loop);
        return new DelegateSubject(name, List.Chunk, _ => { }, c => _sink += Checked(function, c));
    }

    public void Dispose() => _guest.Dispose();

    private ulong Dependent(ulong* gvas, int count)
    {
        ulong last = 0;
        for (int i = 0; i < count; i++)
        {
            if (!_guest.Walker.Translate(new Gva(gvas[i] ^ (last & _zero)), Access.UserRead, out WalkResult result))
            {
                throw new InvalidOperationException(result.ToString());
            }

            last = result.Gpa.Value;
        }

        return last;
    }

    private ulong Checked(delegate* unmanaged<NestedContext*, ulong*, ulong, ulong, ulong> function, int chunk)
    {
        fixed (NestedContext* context = &_context)
        {
            ulong last = function(context, List.Of(chunk), (ulong)List.Chunk, _zero);
            return last != ulong.MaxValue ? last : throw new InvalidOperationException("The walk in C found a fault.");
        }
    }
}
