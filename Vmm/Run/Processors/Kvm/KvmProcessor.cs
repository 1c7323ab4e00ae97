// Vmm.Run: the real processor, through /dev/kvm.
// UNSAFETY: reads and writes the vCPU's shared page at the offsets of struct kvm_run; it stays mapped as long as this lives.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using Mmu.Architecture;
using Mmu.Vmm.Images;

namespace Mmu.Vmm.Run.Processors.Kvm;

/// <summary>One vCPU of a KVM virtual machine.</summary>
internal sealed unsafe partial class KvmProcessor : IProcessor
{
    /// <summary>The device.</summary>
    internal const string Device = "/dev/kvm";

    private const int ApiVersion = 12;
    private const int MonitorSlot = 0;
    private const int TablesSlot = 1;
    private const int GuestsSlot = 2;
    private const ulong TssAddress = 0xFFFB_D000;
    private const int ImmediateExit = 1;
    private const int ExitReason = 8;
    private const int ExitData = 32;

    // Numbers of registers in struct kvm_regs, by their encodings.
    private static readonly byte[] _places = [0, 2, 3, 1, 6, 7, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15];

    private readonly HostMemory _memory;
    private readonly PosixSignalRegistration _signal;
    private readonly int _kvm;
    private readonly int _vm;
    private readonly int _vcpu;
    private readonly int _thread = KvmNative.ThreadId();
    private readonly nuint _runBytes;
    private readonly byte* _run;
    private readonly Timer _timer;
    private KvmSpecialRegisters _special;
    private int _bits = 64;

    internal KvmProcessor(HostMemory memory, string device = Device)
    {
        _memory = memory;
        _kvm = KvmNative.Open(device);
        if (_kvm < 0)
        {
            throw new InputException($"{device}: cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        try
        {
            if (KvmNative.Ioctl(_kvm, KvmNative.GetApiVersion, 0) != ApiVersion)
            {
                throw new InputException($"{Device}: is not version {ApiVersion} of the interface");
            }

            _vm = Require(KvmNative.Ioctl(_kvm, KvmNative.CreateVm, 0), "makes no virtual machine");
            _ = KvmNative.Ioctl(_vm, KvmNative.SetTssAddress, (long)TssAddress);
            SetRegion(MonitorSlot, HostLayout.Monitor, HostLayout.MonitorBytes);
            SetRegion(TablesSlot, HostLayout.Roots, HostLayout.TablesEnd - HostLayout.Roots);
            SetRegion(GuestsSlot, HostLayout.GuestMemory, memory.Bytes - HostLayout.GuestMemory);
            _vcpu = Require(KvmNative.Ioctl(_vm, KvmNative.CreateVcpu, 0), "makes no vCPU");
            Features = KvmCpuid.Copy(_kvm, _vcpu) ?? throw new InputException($"{Device}: does not say what its processor can do");
            _runBytes = (nuint)Require(KvmNative.Ioctl(_kvm, KvmNative.GetVcpuMmapSize, 0), "does not say how large a vCPU is");
            _run = KvmNative.Map(_vcpu, _runBytes);
            if (_run is null)
            {
                throw new InputException($"{Device}: the vCPU cannot be mapped");
            }
        }
        catch
        {
            CloseAll();
            throw;
        }

        // A signal that the runtime handles without a trace is what makes KVM return when the time is up.
        _signal = PosixSignalRegistration.Create((PosixSignal)KvmNative.WindowChanged, context => context.Cancel = true);
        _timer = new Timer(_ => Kick());
    }

    /// <inheritdoc/>
    public string Name => "kvm";

    /// <inheritdoc/>
    public CpuFeatures Features { get; }

    /// <inheritdoc/>
    public bool OmitsPresentOnReserved => false;

    /// <inheritdoc/>
    public CpuRegisters Registers { get; } = new();

    /// <inheritdoc/>
    public ulong Cr2
    {
        get
        {
            ReadSpecial();
            return _special.Cr2;
        }
    }

    /// <inheritdoc/>
    public void Start(in ProcessorState state, IReadOnlyList<ulong> ports)
    {
        ReadSpecial();
        _special.Cr0 = state.Cr0;
        _special.Cr3 = state.Cr3;
        _special.Cr4 = state.Cr4;
        _special.Efer = state.Efer;
        _bits = state.Bits;
        _special.Gdt = new KvmTable { Base = state.Descriptors.Gdt, Limit = Descriptors.GdtBytes - 1 };
        _special.Idt = new KvmTable { Base = state.Descriptors.Idt, Limit = Descriptors.IdtBytes - 1 };
        _special.Tr = new KvmSegment
        {
            Base = state.Descriptors.Tss,
            Limit = Descriptors.TssBytes - 1,
            Selector = Descriptors.TaskState,
            Type = 11,
            Present = 1,
        };
        _special.Ldt = new KvmSegment { Unusable = 1 };
        Jump(state.Ring, state.Rip, state.Rsp, state.Flags);
    }

    /// <inheritdoc/>
    public void Jump(Ring ring, ulong rip, ulong rsp, ulong flags)
    {
        _special.Cs = KvmSegment.Code(Descriptors.CodeOf(ring), _bits);
        _special.Ss = KvmSegment.Data(Descriptors.DataOf(ring));

        // Data segments of ring 3 serve every ring, and outlast a return to it.
        KvmSegment data = KvmSegment.Data(Descriptors.UserData);
        _special.Ds = data;
        _special.Es = data;
        _special.Fs = data;
        _special.Gs = data;
        WriteSpecial();
        Registers.Rip = rip;
        Registers.Flags = flags;
        Registers[CpuRegisters.Rsp] = rsp;
    }

    /// <inheritdoc/>
    public RunEvent Run(TimeSpan budget)
    {
        WriteRegisters();
        _run[ImmediateExit] = 0;
        _ = _timer.Change(budget, Timeout.InfiniteTimeSpan);
        RunEvent found;
        do
        {
            int status = KvmNative.Ioctl(_vcpu, KvmNative.Run, 0);
            int error = status < 0 ? Marshal.GetLastPInvokeError() : 0;
            found = error switch
            {
                0 => Decode(),
                KvmNative.Interrupted when _run[ImmediateExit] != 0 => new RunEvent(RunEventKind.OutOfTime, 0, null),
                KvmNative.Interrupted or KvmNative.TryAgain => default,
                _ => RunEvent.Dead($"KVM_RUN failed: {Marshal.GetPInvokeErrorMessage(error)}"),
            };
        }
        while (found == default);

        _ = _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        ReadRegisters();
        return found;
    }

    /// <inheritdoc/>
    public void LoadRoot(ulong root)
    {
        ReadSpecial();
        bool same = _special.Cr3 == root;
        _special.Cr3 = root;
        WriteSpecial();
        if (same)
        {
            // KVM takes the same CR3 for no load at all.
            Flush(FlushRegion.Guests, FlushMethod.ToggleGlobalPages);
        }
    }

    /// <inheritdoc/>
    public void LoadControl(ulong cr0, ulong cr4)
    {
        ReadSpecial();
        _special.Cr0 = cr0;
        _special.Cr4 = cr4;
        WriteSpecial();
    }

    /// <inheritdoc/>
    public IReadOnlyList<FlushMethod> FlushMethods { get; } =
        [FlushMethod.ReloadCr3, FlushMethod.ToggleGlobalPages, FlushMethod.ReplaceRegion];

    /// <inheritdoc/>
    public void Flush(FlushRegion region, FlushMethod method)
    {
        const ulong globalPages = 1 << 7;
        if (method != FlushMethod.ReplaceRegion)
        {
            ReadSpecial();
            ulong cr4 = _special.Cr4;
            _special.Cr4 ^= method == FlushMethod.ToggleGlobalPages ? globalPages : 0;
            WriteSpecial();
            _special.Cr4 = cr4;
            WriteSpecial();
            return;
        }

        // A KVM that shadows its guests keeps what it built from tables until the region they lie in goes away.
        (uint slot, ulong first, ulong bytes) = region == FlushRegion.Tables
            ? (TablesSlot, HostLayout.Roots, HostLayout.TablesEnd - HostLayout.Roots)
            : ((uint)GuestsSlot, HostLayout.GuestMemory, _memory.Bytes - HostLayout.GuestMemory);
        SetRegion(slot, first, 0);
        SetRegion(slot, first, bytes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();
        _signal.Dispose();
        _ = KvmNative.Unmap(_run, _runBytes);
        CloseAll();
    }

    /// <summary>True if the device can be opened.</summary>
    internal static bool IsThere()
    {
        int file = KvmNative.Open(Device);
        return file >= 0 && KvmNative.Close(file) == 0;
    }

    private static int Require(int result, string what) =>
        result >= 0 ? result : throw new InputException($"{Device}: {what}: {Marshal.GetLastPInvokeErrorMessage()}");

    private void SetRegion(uint slot, ulong address, ulong bytes)
    {
        var region = new KvmRegion { Slot = slot, GuestAddress = address, Bytes = bytes, HostAddress = _memory.Address + address };
        _ = Require(KvmNative.Ioctl(_vm, KvmNative.SetUserMemoryRegion, &region), "refuses guest memory");
    }

    private RunEvent Decode()
    {
        const int exitIo = 2;
        const int exitHalt = 5;
        const int exitMmio = 6;
        const int exitShutdown = 8;
        switch (*(int*)(_run + ExitReason))
        {
            case exitIo:
                ushort port = *(ushort*)(_run + ExitData + 2);
                CompleteInstruction();
                return RunEvent.Out(port);
            case exitMmio:
                new Span<byte>(_run + ExitData + 8, 8).Clear();
                CompleteInstruction();
                return new RunEvent(RunEventKind.Mmio, 0, null);
            case exitHalt:
                return RunEvent.Dead("it halted");
            case exitShutdown:
                return RunEvent.Dead("triple fault");
            case int reason:
                return RunEvent.Dead($"KVM cannot go on: exit {reason}, reason {*(int*)(_run + ExitData)}");
        }
    }

    // It completes, and RIP moves on, when KVM is entered again: at once, without running the guest.
    private void CompleteInstruction()
    {
        _run[ImmediateExit] = 1;
        _ = KvmNative.Ioctl(_vcpu, KvmNative.Run, 0);
    }

    private void Kick()
    {
        _run[ImmediateExit] = 1;
        _ = KvmNative.Signal(Environment.ProcessId, _thread, KvmNative.WindowChanged);
    }

    private void CloseAll()
    {
        foreach (int file in (ReadOnlySpan<int>)[_vcpu, _vm, _kvm])
        {
            if (file > 0)
            {
                _ = KvmNative.Close(file);
            }
        }
    }
}
