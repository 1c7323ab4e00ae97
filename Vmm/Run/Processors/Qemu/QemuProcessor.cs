// Vmm.Run: QEMU's processor in software, through its debugging stub.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Net.Sockets;
using Mmu.Architecture;
using Mmu.Vmm.Images;

namespace Mmu.Vmm.Run.Processors.Qemu;

/// <summary>
/// QEMU with guest memory in a file that is mapped here too. The stub stops at breakpoints on the OUT instructions that matter; they are
/// not executed.
/// </summary>
internal sealed class QemuProcessor : IProcessor
{
    /// <summary>The program.</summary>
    internal const string Program = QemuProcess.Program;

    private const int OutBytes = 2;
    private const int GeneralCount = 16;
    private const int RipNumber = 16;
    private const int FlagsNumber = 17;
    private const int CsNumber = 18;
    private const int SsNumber = 19;
    private const int Cr0Number = 27;
    private const int Cr3Number = 29;
    private const int Cr4Number = 30;
    private const int EferNumber = 32;
    private const ulong RealCr0 = 0x10;
    private const int FlagsOffset = 136;
    private const int Cr2Offset = 196;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    // The debugger's numbers of registers, by their encodings.
    private static readonly byte[] _numbers = [0, 2, 3, 1, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15];

    private readonly QemuBoot _boot;
    private readonly QemuProcess _process;
    private readonly GdbClient _gdb;
    private readonly Dictionary<ulong, int> _ports = [];
    private readonly ulong[] _known = new ulong[GeneralCount + 2];
    private Descriptors? _descriptors;
    private ulong _root;

    internal QemuProcessor(HostMemory memory)
    {
        _boot = new QemuBoot(memory);
        _process = new QemuProcess(memory);
        try
        {
            _gdb = _process.Connect();
        }
        catch
        {
            _process.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Name => "qemu";

    /// <inheritdoc/>
    public CpuFeatures Features { get; } = new() { PhysicalAddressBits = 40, ShadowStacks = false, Pks = false, Lam = false };

    /// <inheritdoc/>
    public bool OmitsPresentOnReserved => true;

    /// <inheritdoc/>
    public CpuRegisters Registers { get; } = new();

    /// <inheritdoc/>
    public ulong Cr2 { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyList<FlushMethod> FlushMethods { get; } = [FlushMethod.ReloadCr3];

    /// <inheritdoc/>
    public void Start(in ProcessorState state, IReadOnlyList<ulong> ports)
    {
        if (_descriptors != state.Descriptors)
        {
            LoadDescriptors(state.Descriptors);
        }

        foreach (ulong port in _ports.Keys)
        {
            _gdb.Send($"z0,{port:x},1");
        }

        _ports.Clear();
        foreach (ulong port in ports)
        {
            _ports.Add(port, -1);
            _gdb.Send($"Z0,{port:x},1");
        }

        Write(Cr0Number, state.Cr0);
        Write(Cr4Number, state.Cr4);
        Write(EferNumber, state.Efer);
        LoadRoot(state.Cr3);
        Jump(state.Ring, state.Rip, state.Rsp, state.Flags);
    }

    /// <inheritdoc/>
    public void Jump(Ring ring, ulong rip, ulong rsp, ulong flags)
    {
        Write32(CsNumber, Descriptors.CodeOf(ring));
        Write32(SsNumber, Descriptors.DataOf(ring));
        Registers.Rip = rip;
        Registers.Flags = flags;
        Registers[CpuRegisters.Rsp] = rsp;
    }

    /// <inheritdoc/>
    public RunEvent Run(TimeSpan budget)
    {
        try
        {
            WriteRegisters();
            string? stop = _gdb.Continue(budget);
            if (stop is not null && stop[0] is not ('T' or 'S'))
            {
                return RunEvent.Dead("triple fault");
            }

            ReadRegisters();
            if (stop is null)
            {
                return new RunEvent(RunEventKind.OutOfTime, 0, null);
            }

            if (!_ports.TryGetValue(Registers.Rip, out int port))
            {
                return RunEvent.Dead($"QEMU stopped at 0x{Registers.Rip:x}: {stop}");
            }

            if (port < 0)
            {
                port = ReadPort(Registers.Rip);
                _ports[Registers.Rip] = port;
            }

            Registers.Rip += OutBytes;
            return RunEvent.Out(port);
        }
        catch (Exception e) when (e is InputException or SocketException)
        {
            return RunEvent.Dead($"triple fault, or QEMU is gone: {ImageFile.OneLine(e)}");
        }
    }

    /// <inheritdoc/>
    public void LoadRoot(ulong root)
    {
        _root = root;
        Write(Cr3Number, root);
    }

    /// <inheritdoc/>
    public void LoadControl(ulong cr0, ulong cr4)
    {
        Write(Cr0Number, cr0);
        Write(Cr4Number, cr4);
    }

    /// <inheritdoc/>
    public void Flush(FlushRegion region, FlushMethod method) => Write(Cr3Number, _root);

    /// <inheritdoc/>
    public void Dispose()
    {
        _gdb.Dispose();
        _process.Dispose();
    }

    /// <summary>True if the program is in one of the folders of PATH.</summary>
    internal static bool IsThere() => QemuProcess.IsThere();

    private static string LittleEndian(ulong value, int bytes)
    {
        Span<byte> buffer = stackalloc byte[8];
        _ = BitConverter.TryWriteBytes(buffer, value);
        return Convert.ToHexStringLower(buffer[..bytes]);
    }

    // The stub sets no descriptor-table registers: the processor does it itself, from real mode on.
    private void LoadDescriptors(Descriptors target)
    {
        _boot.Prepare(target);
        _gdb.Send($"Z0,{_boot.End:x},1");
        Write(Cr0Number, RealCr0);
        Write(EferNumber, 0);
        Write32(CsNumber, 0);
        Write32(SsNumber, 0);
        Registers.Rip = QemuBoot.RealCode;
        Registers.Flags = 2;
        WriteRegisters();
        string? stop = _gdb.Continue(_patience);
        ReadRegisters();
        if (stop is null || Registers.Rip != _boot.End)
        {
            throw new InputException($"{Program}: its processor does not come to {target.Bits}-bit mode; it is at 0x{Registers.Rip:x}");
        }

        _gdb.Send($"z0,{_boot.End:x},1");
        _descriptors = target;
    }

    private int ReadPort(ulong address)
    {
        string bytes = _gdb.Ask($"m{address + 1:x},1");
        return int.Parse(bytes, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }

    private void Write(int number, ulong value) => _gdb.Send($"P{number:x}={LittleEndian(value, 8)}");

    private void Write32(int number, uint value) => _gdb.Send($"P{number:x}={LittleEndian(value, 4)}");

    private void ReadRegisters()
    {
        byte[] all = Convert.FromHexString(_gdb.Ask("g").Replace('x', '0'));
        for (int i = 0; i < GeneralCount; i++)
        {
            Registers[i] = _known[i] = BitConverter.ToUInt64(all, _numbers[i] * 8);
        }

        Registers.Rip = _known[GeneralCount] = BitConverter.ToUInt64(all, RipNumber * 8);
        Registers.Flags = _known[GeneralCount + 1] = BitConverter.ToUInt32(all, FlagsOffset);
        Cr2 = BitConverter.ToUInt64(all, Cr2Offset);
    }

    private void WriteRegisters()
    {
        for (int i = 0; i < GeneralCount; i++)
        {
            if (Registers[i] != _known[i])
            {
                Write(_numbers[i], Registers[i]);
            }
        }

        Write(RipNumber, Registers.Rip);
        if (Registers.Flags != _known[GeneralCount + 1])
        {
            Write32(FlagsNumber, (uint)Registers.Flags);
        }
    }
}
