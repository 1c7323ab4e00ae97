// Vmm.Run: the linear addresses that belong to the monitor, in every root that a processor gets.
using System;
using System.Collections.Generic;
using Mmu.Vmm.Run.Processors;
using static Iced.Intel.AssemblerRegisters;

namespace Mmu.Vmm.Run;

/// <summary>
/// The window: one entry of the root, behind it the monitor's own tables, and there descriptor tables, a stub for each exception, a stack
/// and code for probes. Roots of the Shadow MMU are never touched for it: the processor gets copies of them with the entry of the window in
/// its place, so that no mapping of the guest can displace it.
/// </summary>
internal sealed class Window
{
    /// <summary>Index of the window's entry in a root.</summary>
    internal const int RootIndex = 510;

    /// <summary>First linear address.</summary>
    internal const ulong Base = 0xFFFF_FF00_0000_0000;

    /// <summary>Port of the stub of exception 0; the others follow.</summary>
    internal const int ExceptionPort = 0xC0;

    /// <summary>Port of a probe that is done.</summary>
    internal const int ProbePort = 0xF8;

    /// <summary>The exception of a page fault.</summary>
    internal const int PageFault = 14;

    /// <summary>A page of code that ring 3 and ring 0 may run.</summary>
    internal const ulong ProbeCode = Base + (ProbePage * 0x1000);

    /// <summary>A stack for it.</summary>
    internal const ulong ProbeStack = Base + 0x4F00;

    private const int ProbePage = 3;
    private const ulong KernelProbeCode = Base + 0x5000;
    private const ulong TablePhysical = HostLayout.Monitor + 0x1_0000;
    private const ulong PagePhysical = HostLayout.Monitor + 0x2_0000;
    private const ulong Stubs = Base + 0x1000;
    private const ulong Stack = Base + 0x2000;
    private const ulong Writable = 1UL << 63 | 3;
    private const ulong Executable = 1;
    private const ulong UserExecutable = 5;
    private const ulong UserWritable = 1UL << 63 | 7;
    private const int StubBytes = 16;

    // Room for the longest probe.
    private const int ProbeBytes = 16;

    private readonly HostMemory _memory;
    private readonly Dictionary<ulong, ulong> _copies = [];
    private int _nextCopy;

    internal Window(HostMemory memory)
    {
        _memory = memory;
        ulong table = TablePhysical;
        for (int level = 0; level < 2; level++, table += 0x1000)
        {
            memory.Word(table) = (table + 0x1000) | 7;
        }

        ReadOnlySpan<ulong> rights = [Writable, Executable, Writable, UserExecutable, UserWritable, Executable];
        for (int i = 0; i < rights.Length; i++)
        {
            // The last page is the probes' again: SMEP keeps ring 0 from the user's.
            int page = i == rights.Length - 1 ? ProbePage : i;
            memory.Word(table + ((ulong)i * 8)) = (PagePhysical + ((ulong)page * 0x1000)) | rights[i];
        }

        Descriptors.Write(memory.At(PagePhysical, 0x1000), Stack + 0x1000, Stack + 0x1000, vector => Stubs + ((ulong)vector * StubBytes));
        WriteStubs();
        WriteProbes();
    }

    /// <summary>Gets the window's descriptor tables.</summary>
    internal Descriptors Descriptors { get; } = new(Base);

    /// <summary>Gets the entry of the window, for a root.</summary>
    internal static ulong RootEntry => TablePhysical | 7;

    /// <summary>Gets the addresses of the OUT instructions of stubs and probes.</summary>
    internal static IReadOnlyList<ulong> Ports
    {
        get
        {
            var ports = new List<ulong> { ProbeEndOf(user: true), ProbeEndOf(user: false) };
            for (int i = 0; i < 32; i++)
            {
                ports.Add(Stubs + (ulong)(i * StubBytes));
            }

            return ports;
        }
    }

    /// <summary>Gets what the last page fault pushed. It may be changed: the stub returns by it.</summary>
    internal ref ulong Frame(FrameWord word) => ref _memory.Word(PagePhysical + 0x3000 - 48 + ((ulong)word * 8));

    /// <summary>Gets the address of a probe.</summary>
    internal static ulong AddressOf(Probe probe, bool user) => (user ? ProbeCode : KernelProbeCode) + ((ulong)probe * ProbeBytes);

    /// <summary>Gets the address of the OUT that all probes end in.</summary>
    internal static ulong ProbeEndOf(bool user) => (user ? ProbeCode : KernelProbeCode) + 0x800;

    /// <summary>Reads code of a probe; false if the address is none of a probe.</summary>
    internal bool TryReadProbe(ulong address, Span<byte> code)
    {
        ulong offset = (address & ~0xFFFUL) switch
        {
            ProbeCode => address - ProbeCode,
            KernelProbeCode => address - KernelProbeCode,
            _ => ulong.MaxValue,
        };
        if (offset > 0x1000 - (ulong)code.Length)
        {
            return false;
        }

        _memory.At(PagePhysical + (ProbePage * 0x1000) + offset, code.Length).CopyTo(code);
        return true;
    }

    /// <summary>Copies a root and adds the window.</summary>
    /// <param name="root">Physical address of the root.</param>
    /// <param name="changed">True if an entry that was present has changed, so that the processor must be told.</param>
    /// <returns>Physical address of the copy.</returns>
    internal ulong Attach(ulong root, out bool changed)
    {
        if (!_copies.TryGetValue(root, out ulong copy))
        {
            // No copy is given to another root while there are unused ones: the processor would take it for the old one.
            if (_nextCopy == HostLayout.RootCount)
            {
                _copies.Clear();
                _nextCopy = 0;
            }

            copy = HostLayout.Roots + ((ulong)_nextCopy++ * 4096);
            _copies.Add(root, copy);
        }

        changed = false;
        for (uint i = 0; i < 512; i++)
        {
            ulong entry = i == RootIndex ? RootEntry : _memory.Word(root + (i * 8));
            ref ulong there = ref _memory.Word(copy + (i * 8));

            // The processor sets accessed bits in the copy: they are no difference.
            if (((there ^ entry) & ~0x20UL) != 0)
            {
                changed |= (there & 1) != 0;
                there = entry;
            }
        }

        return copy;
    }

    private void WriteStubs()
    {
        for (int vector = 0; vector < 32; vector++)
        {
            var stub = new Iced.Intel.Assembler(64);
            stub.@out((byte)(ExceptionPort + vector), al);
            stub.add(rsp, 8);
            stub.iretq();
            ulong address = Stubs + (ulong)(vector * StubBytes);
            _ = Code.Assemble(stub, address, _memory.At(PagePhysical + address - Base, StubBytes));
        }
    }

    private void WriteProbes()
    {
        (Probe Probe, Action<Iced.Intel.Assembler> Body)[] probes =
        [
            (Probe.Read, c => c.mov(rax, __[rdi])),
            (Probe.Write, c => c.mov(__[rdi], rax)),
            (Probe.Fetch, c => c.jmp(rdi)),
            (Probe.Invalidate, c => c.invlpg(__[rdi])),
        ];
        foreach ((Probe probe, Action<Iced.Intel.Assembler> body) in probes)
        {
            var code = new Iced.Intel.Assembler(64);
            body(code);
            code.jmp(ProbeEndOf(user: true));
            ulong address = AddressOf(probe, user: true);
            _ = Code.Assemble(code, address, _memory.At(PagePhysical + address - Base, ProbeBytes));
        }

        var end = new Iced.Intel.Assembler(64);
        end.@out(ProbePort, al);
        _ = Code.Assemble(end, ProbeEndOf(user: true), _memory.At(PagePhysical + ProbeEndOf(user: true) - Base, ProbeBytes));
    }
}
