// A VM whose guest (L1) has tables for a guest of its own (L2) in its memory, and a processor that runs L2 on ours. For tests that do one thing at a time.
using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Common;
using Mmu.Tests.Guest;
using Mmu.Tests.Oracle;
using Mmu.Vm;
using Xunit;

namespace Mmu.Tests.Nested;

/// <summary>
/// vCPU 0 runs L2; vCPU 1 is another processor of L1, which stores to L1's memory as the tables that it runs on allow.
/// </summary>
internal sealed unsafe class L2Scene : IDisposable
{
    internal const ulong Page = 4096;
    internal const int RamPages = 2048;
    internal const ulong EptOpen = 7;
    internal const ulong EptWriteBack = 6 << 3;
    internal const ulong NptOpen = 0x67;
    internal const ulong Large = 0x80;
    internal const ushort Tag = 7;

    // Frames of guest and host are aligned alike, so that pages may be huge.
    private const int Slack = 512;
    private const nuint HugeMask = 0x1F_FFFF;
    private readonly GuardedPages _pages = new(RamPages + Slack);
    private readonly nuint _ram;
    private readonly bool _isEpt;
    private readonly bool _onTdp;

    // Tables come from the upper half: what is below is for data.
    private ulong _nextTable = RamPages / 2;

    internal L2Scene(
        bool ept = true, bool onTdp = true, int hostLevels = 4, bool pml = false, bool nxHugePages = false, uint tablePages = 2048, uint? quota = null,
        TdpFormat? format = null)
    {
        _ram = (_pages.Address + HugeMask) & ~HugeMask;
        _isEpt = ept;
        _onTdp = onTdp;
        TdpOptions options = new() { Format = format ?? (ept ? TdpFormat.Ept : TdpFormat.Npt), Levels = hostLevels, ExecuteOnly = ept };
        Vm = MmuVm.Create(
            new MmuVmOptions
            {
                Features = new CpuFeatures { PhysicalAddressBits = 46, Vendor = ept ? CpuVendor.Intel : CpuVendor.Amd },
                TablePages = tablePages,
                TableQuota = quota,
                MaxVcpus = 4,
                Tdp = onTdp ? options : null,
                Nested = onTdp ? null : options,
                PageModificationLog = pml,
                NxHugePages = nxHugePages,
            },
            Host);
        Host.Logs = false;
        Vm.AddSlot(new MemorySlot(new Gpa(0), RamPages * Page, _ram, SlotFlags.None) { HostFrame = new Pfn(_ram >> 12) });
        Memory.Allow(_ram, RamPages * Page);
        Memory.Allow(Vm.TableMemory.HostAddress, Vm.TableMemory.Bytes);
        Vcpu = Vm.CreateVcpu();
        Other = Vm.CreateVcpu();
        Processor = new NestedProcessor(Vcpu, Memory);
        Run(Other);
        Root = NewTable();
    }

    internal bool IsEpt => _isEpt;

    internal TestHost Host { get; } = new();

    internal ProcessMemory Memory { get; } = new();

    internal MmuVm Vm { get; }

    internal MmuVcpu Vcpu { get; }

    internal MmuVcpu Other { get; }

    internal NestedProcessor Processor { get; }

    /// <summary>L1's tables; another root is made by <see cref="NewTable"/>.</summary>
    internal ulong Root { get; set; }

    internal int Levels { get; set; } = 4;

    internal EptControl Ept { get; set; } = new() { PhysicalAddressBits = 46 };

    internal bool AccessedDirty { get; set; }

    internal NptControl Npt { get; set; } = new() { PhysicalAddressBits = 46, HostCr4 = 1UL << 5, HostEfer = 0xD00 };

    internal MmuStatistics Statistics => Vm.GetStatistics();

    internal ulong EptPointer => Root | 6 | ((ulong)(Levels - 1) << 3) | (AccessedDirty ? 0x40UL : 0);

    /// <summary>A state of L2: paging off.</summary>
    internal static ControlState Unpaged => new();

    internal ref ulong Word(ulong gpa) => ref Unsafe.AsRef<ulong>((void*)(_ram + (nuint)gpa));

    /// <summary>Where an address of L1 lies in this process; its host frame is that.</summary>
    internal nuint HostOf(ulong gpa) => _ram + (nuint)gpa;

    internal ulong NewTable() => _nextTable++ << 12;

    /// <summary>Enters L2; the processor's second dimension is as L1 wants it.</summary>
    internal void Enter(NestedTag? tag = null, ControlState? state = null)
    {
        ControlStateStatus status = _isEpt
            ? Vcpu.EnterNested(state ?? Unpaged, Ept with { EptPointer = EptPointer }, tag ?? new NestedTag(Tag))
            : Vcpu.EnterNested(state ?? Unpaged, Npt with { NestedCr3 = Root }, tag ?? new NestedTag(Tag));
        Assert.Equal(ControlStateStatus.Legal, status);
        ControlState l2 = state ?? Unpaged;
        Processor.Configure(
            new OracleCpu { Cr0 = l2.Cr0, Cr3 = l2.Cr3, Cr4 = l2.Cr4, Efer = l2.Efer, MaxPhyAddr = 46 },
            new OracleNested { IsEpt = _isEpt, EptAccessedDirty = AccessedDirty, Mbec = Ept.ModeBasedExecute, Gmet = Npt.GuestModeExecuteTrap });
    }

    internal void Leave() => Assert.Equal(ControlStateStatus.Legal, Vcpu.LeaveNested(Unpaged));

    /// <summary>Enters and leaves the guest in force, so that what is pending is done.</summary>
    internal static RunState Run(MmuVcpu vcpu)
    {
        Assert.Equal(RootStatus.Loaded, vcpu.BeginRun(out RunState state));
        vcpu.EndRun();
        return state;
    }

    /// <summary>Maps a page in L1's tables: entries of EPT, or 8-byte ones of NPT. Stores as L1 does. Returns where the leaf is.</summary>
    internal ulong Map(ulong ngpa, ulong gpa, ulong rights, int level = 1, ulong? above = null)
    {
        ulong leaf = gpa | rights | (level > 1 ? Large : 0) | (_isEpt ? EptWriteBack : 0);
        ulong at = At(ngpa, level, above ?? (_isEpt ? EptOpen : NptOpen));
        Store(at, leaf);
        return at;
    }

    /// <summary>Where the entry of a level is; tables on the way are made.</summary>
    internal ulong At(ulong ngpa, int level, ulong? above = null)
    {
        ulong table = Root;
        for (int at = Levels; at > level; at--)
        {
            ulong entry = table + (Index(ngpa, at) * 8);
            if ((Word(entry) & 0x407) == 0)
            {
                Store(entry, NewTable() | (above ?? (_isEpt ? EptOpen : NptOpen)));
            }

            table = Word(entry) & 0x000F_FFFF_FFFF_F000;
        }

        return table + (Index(ngpa, level) * 8);
    }

    /// <summary>Another processor of L1 stores: by itself if its tables let it, else by the VMM's emulator.</summary>
    internal void Store(ulong gpa, ulong value)
    {
        Run(Other);
        FaultOutcome outcome = _onTdp
            ? Other.HandleViolation(new ViolationRequest(new Gpa(gpa), Access.SupervisorWrite, ViolationFlags.None), out _)
            : Other.HandleFault(new FaultRequest(new Gva(gpa), Access.SupervisorWrite, PageFaultCode.Write), out _);
        if (outcome == FaultOutcome.WriteProtected)
        {
            Assert.True(Vm.TryWrite(new Gpa(gpa), BitConverter.GetBytes(value)));
            return;
        }

        Assert.True(outcome is FaultOutcome.Fixed or FaultOutcome.Spurious, outcome.ToString());
        Word(gpa) = value;
    }

    /// <summary>An access of L2 to its physical memory.</summary>
    internal NestedOutcome Access2(ulong ngpa, OracleKind kind, bool user = false) =>
        Processor.AccessPhysical(ngpa, new SecondAccess { Kind = kind, UserModeAddress = user, GuestSupervisor = !user });

    /// <summary>The access is made, and reaches an address of L1.</summary>
    internal void Reaches(ulong ngpa, OracleKind kind, ulong gpa, bool user = false)
    {
        NestedOutcome outcome = Access2(ngpa, kind, user);
        Assert.True(outcome.IsMade, outcome.ToString());
        Assert.Equal(_ram + gpa, outcome.Seen.Hpa);
    }

    /// <summary>The access ends in an exit to L1 with a code.</summary>
    internal void Exits(ulong ngpa, OracleKind kind, ulong code, bool user = false)
    {
        NestedOutcome outcome = Access2(ngpa, kind, user);
        Assert.Equal(FaultOutcome.Inject, outcome.Answer);
        Assert.Equal(code, _isEpt ? outcome.Result.Walk.ExitQualification : outcome.Result.Walk.ExitInfo1);
        Assert.Equal(ngpa, outcome.Result.Walk.NestedGpa.Value);
    }

    /// <summary>L1 leaves L2 with its own INVEPT, or a flush of the ASID, and comes back.</summary>
    internal void Flush()
    {
        Leave();
        if (_isEpt)
        {
            Assert.Equal(InvalidateStatus.Done, Vcpu.InvalidateEpt(1, EptPointer));
        }

        Enter(new NestedTag(Tag, Flush: !_isEpt));
    }

    internal void Audit() => Assert.Null(Vm.Audit());

    internal List<string> FlushesOf(Action action)
    {
        Host.Logs = true;
        _ = Host.Take();
        action();
        Host.Logs = false;
        return [.. Host.Take()];
    }

    public void Dispose()
    {
        Audit();
        Vcpu.Dispose();
        Other.Dispose();
        Vm.Dispose();
        Assert.Equal(0U, Vm.Core.Tables.OutstandingPages);
        _pages.Dispose();
    }

    private static ulong Index(ulong ngpa, int level) => (ngpa >> (3 + (9 * level))) & 511;
}
