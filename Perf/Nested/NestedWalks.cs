// Perf: walks of a guest behind nested tables: the library's, the same loads alone, and a walker in C.
using System;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Perf.Peers;
using Mmu.Perf.Shadow;
using Mmu.Walk;

namespace Mmu.Perf.Nested;

/// <summary>A 4-level guest of 64 pages behind 4-level nested tables: 24 loads a walk, all of them in the first cache.</summary>
internal sealed unsafe class NestedWalks : IDisposable
{
    public const string Floor = "24 loads in C";
    public const string CWalk = "C walker";
    private const ulong MiB = 1 << 20;
    private const ulong Bytes = 16 * MiB;
    private const ulong Data = 8 * MiB;
    private const ulong Start = 0x7f12_4000_0000;
    private const int Pages = 64;

    private readonly GuestRegion _memory = new(Bytes);
    private readonly GuestWalker _walker;
    private readonly PeerLibrary? _library;

    // Zero, but no compiler can know: else nothing would be left of the chain.
    private readonly ulong _zero = (ulong)Environment.ProcessId >> 40;
    private NestedContext _context;
    private ulong _sink;

    public NestedWalks(PeerLibrary? library)
    {
        _library = library;
        TableBuilder tables = new(ModeShape.Long4, _memory.Memory, MiB, 2 * MiB);
        TableBuilder nested = new(ModeShape.Long4, _memory.Memory, 4 * MiB, 6 * MiB);
        for (ulong page = 0; page < Pages; page++)
        {
            _ = tables.Map(Start + (page << 12), Data + (page << 12));
        }

        for (ulong gpa = 0; gpa < Bytes; gpa += 4096)
        {
            _ = nested.Map(gpa, gpa);
        }

        GuestMemory memory = new();
        memory.AddSlot(new MemorySlot(new Gpa(0), Bytes, (nuint)_memory.Memory));
        _walker = new GuestWalker(memory, new CpuFeatures { PhysicalAddressBits = MeasuredState.MaxPhysicalAddressBits });
        _ = _walker.SetControlState(
            new ControlState { Cr0 = MeasuredState.Cr0, Cr3 = tables.Root, Cr4 = MeasuredState.Cr4(ModeShape.Long4), Efer = MeasuredState.Efer(ModeShape.Long4) },
            new NptControl { NestedCr3 = nested.Root, HostCr4 = 0x20, HostEfer = 0xd00, PhysicalAddressBits = MeasuredState.MaxPhysicalAddressBits });
        _context = new NestedContext
        {
            Memory = (nuint)_memory.Memory,
            Bytes = Bytes,
            GuestRoot = tables.Root,
            NestedRoot = nested.Root,
            Reserved = (ulong.MaxValue << MeasuredState.MaxPhysicalAddressBits) & 0x000f_ffff_ffff_f000,
        };
        List = new AddressList(Enumerable.Range(0, 4096).Select(i => Start + ((ulong)(i * 37 % Pages) << 12) + ((ulong)(i * 8) & 0xff8)), 1024);
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

    public void Dispose() => _memory.Dispose();

    private ulong Dependent(ulong* gvas, int count)
    {
        ulong last = 0;
        for (int i = 0; i < count; i++)
        {
            if (!_walker.Translate(new Gva(gvas[i] ^ (last & _zero)), Access.UserRead, out WalkResult result))
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
