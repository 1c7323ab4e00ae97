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
    /// <summary>Port of the stub of exception 0; the others follow.</summary>
    internal const int ExceptionPort = 0xC0;

    /// <summary>Port of a probe that is done.</summary>
    internal const int ProbePort = 0xF8;

    /// <summary>The exception of a page fault.</summary>
    internal const int PageFault = 14;

    private const int ProbePage = 3;
    private const ulong TablePhysical = HostLayout.Monitor + 0x1_0000;
    private const ulong PagePhysical = HostLayout.Monitor + 0x2_0000;
    private const ulong NativeTablePhysical = HostLayout.Monitor + 0x1_8000;
    private const ulong StackPhysical = PagePhysical + 0x2000;
    private const ulong Writable = 3;
    private const ulong Executable = 1;
    private const ulong UserExecutable = 5;
    private const ulong UserWritable = 7;
    private const int StubBytes = 16;

    // Room for the longest probe.
    private const int ProbeBytes = 16;

    // A fault pushes six words at the top of the stack; in 32-bit mode those from ring 0 lack the two highest.
    private const int FrameWords = 6;

    private readonly HostMemory _memory;
    private readonly RunMode _mode;
    private readonly int _wordBytes;
    private readonly ulong _base;
    private readonly ulong _stubs;
    private readonly ulong _stackTop;
    private readonly Dictionary<ulong, ulong> _copies = [];
    private int _nextCopy;

    /// <summary>Makes the window.</summary>
    /// <param name="memory">Physical memory.</param>
    /// <param name="mode">The guest's paging mode.</param>
    internal Window(HostMemory memory, RunMode mode)
    {
        _memory = memory;
        _mode = mode;
        _wordBytes = mode.Bits / 8;
        _base = mode.AddressOfRootEntry(mode.WindowIndex);
        _stubs = _base + 0x1000;
        _stackTop = _base + 0x3000;
        Descriptors = new Descriptors(_base, mode.Bits);
        RootEntry = mode.TableEntry(mode.Levels, mode == mode.Shadow ? TablePhysical : NativeTablePhysical);
        ulong table = TablePhysical;
        for (int level = mode.Shadow.Levels - 1; level > 1; level--, table += 0x1000)
        {
            memory.Word(table) = (table + 0x1000) | 7;
        }

        ReadOnlySpan<ulong> rights = [Writable, Executable, Writable, UserExecutable, UserWritable, Executable];
        for (int i = 0; i < rights.Length; i++)
        {
            // The last page is the probes' again: SMEP keeps ring 0 from the user's.
            int page = i == rights.Length - 1 ? ProbePage : i;
            ulong entry = (PagePhysical + ((ulong)page * 0x1000)) | rights[i];
            memory.Word(table + ((ulong)i * 8)) = entry;
            if (mode != mode.Shadow)
            {
                _ = BitConverter.TryWriteBytes(memory.At(NativeTablePhysical + ((ulong)i * 4), 4), (uint)entry);
            }
        }

        Descriptors.Write(memory.At(PagePhysical, 0x1000), _stackTop, _stackTop, vector => _stubs + ((ulong)vector * StubBytes));
        WriteStubs();
        WriteProbes();
    }

    /// <summary>Gets the window's descriptor tables.</summary>
    internal Descriptors Descriptors { get; }

    /// <summary>Gets the entry of the window, for a root of the guest's own.</summary>
    internal ulong RootEntry { get; }

    /// <summary>Gets the entry of the window, for a root of shadow tables.</summary>
    internal ulong ShadowRootEntry => _mode.Shadow.TableEntry(_mode.Shadow.Levels, TablePhysical);

    /// <summary>Gets the addresses of the OUT instructions of stubs and probes.</summary>
    internal IReadOnlyList<ulong> Ports
    {
        get
        {
            var ports = new List<ulong> { ProbeEndOf(user: true), ProbeEndOf(user: false) };
            for (int i = 0; i < 32; i++)
            {
                ports.Add(_stubs + (ulong)(i * StubBytes));
            }

            return ports;
        }
    }

    /// <summary>Gets the stack of a probe: a fault that it takes pushes its frame where those from ring 3 do.</summary>
    internal ulong ProbeStack => _mode.IsLong ? _base + 0x4F00 : _stackTop - (2 * sizeof(uint));

    private ulong ProbeCode => _base + (ProbePage * 0x1000);

    private ulong KernelProbeCode => _base + 0x5000;

    /// <summary>Gets what the last page fault pushed.</summary>
    internal ulong Frame(FrameWord word) => _wordBytes == 8
        ? _memory.Word(FrameAddress(word)) : BitConverter.ToUInt32(_memory.At(FrameAddress(word), sizeof(uint)));

    /// <summary>Changes what the last page fault pushed: the stub returns by it.</summary>
    internal void SetFrame(FrameWord word, ulong value)
    {
        Span<byte> there = _memory.At(FrameAddress(word), _wordBytes);
        _ = _wordBytes == 8 ? BitConverter.TryWriteBytes(there, value) : BitConverter.TryWriteBytes(there, (uint)value);
    }

    /// <summary>Gets the address of a probe.</summary>
    internal ulong AddressOf(Probe probe, bool user) => (user ? ProbeCode : KernelProbeCode) + ((ulong)probe * ProbeBytes);

    /// <summary>Gets the address of the OUT that all probes end in.</summary>
    internal ulong ProbeEndOf(bool user) => (user ? ProbeCode : KernelProbeCode) + 0x800;

    /// <summary>Reads code of a probe; false if the address is none of a probe.</summary>
    internal bool TryReadProbe(ulong address, Span<byte> code)
    {
        ulong offset = address & 0xFFF;
        if (((address & ~0xFFFUL) != ProbeCode && (address & ~0xFFFUL) != KernelProbeCode) || offset > 0x1000 - (ulong)code.Length)
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
        RunMode mode = _mode.Shadow;
        for (uint i = 0; i < mode.RootEntries; i++)
        {
            ulong entry = i == mode.WindowIndex ? ShadowRootEntry : _memory.Word(root + (i * 8));
            ref ulong there = ref _memory.Word(copy + (i * 8));

            // The processor sets accessed bits in the copy: they are no difference.
            if (((there ^ entry) & ~0x20UL) != 0)
            {
                // PDPTEs are in registers, which are loaded with CR3.
                changed |= (there & 1) != 0 || mode == RunMode.Pae;
                there = entry;
            }
        }

        return copy;
    }

    private void WriteStubs()
    {
        for (int vector = 0; vector < 32; vector++)
        {
            var stub = new Iced.Intel.Assembler(_mode.Bits);
            stub.@out((byte)(ExceptionPort + vector), al);
            if (_mode.IsLong)
            {
                stub.add(rsp, 8);
                stub.iretq();
            }
            else
            {
                stub.add(esp, 4);
                stub.iretd();
            }

            ulong address = _stubs + (ulong)(vector * StubBytes);
            _ = Code.Assemble(stub, address, _memory.At(PagePhysical + address - _base, StubBytes));
        }
    }

    private void WriteProbes()
    {
        foreach (Probe probe in Enum.GetValues<Probe>())
        {
            var code = new Iced.Intel.Assembler(_mode.Bits);
            if (_mode.IsLong)
            {
                ProbeCodes.Emit64(code, probe);
            }
            else
            {
                ProbeCodes.Emit32(code, probe);
            }

            code.jmp(ProbeEndOf(user: true));
            ulong address = AddressOf(probe, user: true);
            _ = Code.Assemble(code, address, _memory.At(PagePhysical + address - _base, ProbeBytes));
        }

        var end = new Iced.Intel.Assembler(_mode.Bits);
        end.@out(ProbePort, al);
        _ = Code.Assemble(end, ProbeEndOf(user: true), _memory.At(PagePhysical + ProbeEndOf(user: true) - _base, ProbeBytes));
    }

    private ulong FrameAddress(FrameWord word) => StackPhysical + 0x1000 - (ulong)((FrameWords - (int)word) * _wordBytes);
}
