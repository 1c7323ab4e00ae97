// Conformance: Core's walker, in the oracle's types.
using System;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Tests.Oracle;
using Mmu.Walk;

namespace Mmu.Tests.Conformance;

internal sealed class CoreSubject : IMatrixSubject
{
    // More than a batch keeps in flight, and no multiple of it.
    private const int BatchSize = 43;

    private readonly MatrixImage _image;
    private readonly GuestMemory _memory = new();
    private readonly bool _everyWay;
    private readonly Gva[] _addresses = new Gva[BatchSize];
    private readonly WalkResult[] _batch = new WalkResult[BatchSize];
    private GuestWalker? _walker;

    // `everyWay`: a walk is also peeked at and explained, and made as a batch; all must say the same.
    public CoreSubject(MatrixImage image, bool everyWay = false)
    {
        _image = image;
        _everyWay = everyWay;
        for (int i = 0; i < image.Oracle.Slots.Count; i++)
        {
            OracleSlot slot = image.Oracle.Slots[i];
            SlotFlags flags = slot.ReadOnly ? SlotFlags.ReadOnly : SlotFlags.None;
            _memory.AddSlot(new MemorySlot(new Gpa(slot.Address), (ulong)slot.Bytes.Length, image.HostAddressOf(i), flags));
        }
    }

    public void Configure(OracleCpu cpu, OracleNested? nested)
    {
        var walker = new GuestWalker(_memory, Features(cpu));
        ControlState state = State(cpu);
        ControlStateStatus status = nested switch
        {
            null => walker.SetControlState(state),
            { IsEpt: true } => walker.SetControlState(state, Ept(nested)),
            _ => walker.SetControlState(state, Npt(nested)),
        };
        if (status != ControlStateStatus.Legal)
        {
            throw new InvalidOperationException($"the walker refused a legal state: {status}");
        }

        for (int i = 0; i < 4; i++)
        {
            walker.Context.Pdptes[i] = cpu.Pdpte[i];
        }

        _walker = walker;
    }

    public void Walk(ulong gva, OracleAccess access, bool update, out OracleResult result)
    {
        GuestWalker walker = _walker ?? throw new InvalidOperationException("not configured");
        if (_everyWay)
        {
            result = WalkEveryWay(walker, new Gva(gva), Convert(access), update);
            return;
        }

        WalkResult core;
        bool ok = update ? walker.Translate(new Gva(gva), Convert(access), out core) : walker.Peek(new Gva(gva), Convert(access), out core);
        if (ok != core.IsTranslated)
        {
            throw new InvalidOperationException($"returned {ok} with {core}");
        }

        result = ok ? Success(core) : Fault(core);
    }

    private OracleResult WalkEveryWay(GuestWalker walker, Gva gva, Access access, bool update)
    {
        bool ok = walker.Peek(gva, access, out WalkResult peeked);
        OracleResult result = ok ? Success(peeked) : Fault(peeked);
        WalkResult explained = walker.Explain(gva, access).Result;
        if (explained != peeked)
        {
            throw new InvalidOperationException($"explained as {explained} but peeked {peeked}");
        }

        if (!update)
        {
            return result;
        }

        Array.Fill(_addresses, gva);
        int translated = walker.TranslateMany(_addresses, access, _batch);
        foreach (WalkResult one in _batch)
        {
            OracleResult each = one.IsTranslated ? Success(one) : Fault(one);
            if (each != result || translated != (ok ? BatchSize : 0))
            {
                throw new InvalidOperationException($"{translated} translated, one as {one}, but peeked {peeked}");
            }
        }

        return result;
    }

    internal static Access Convert(OracleAccess access) => new(
        access.Kind switch { OracleKind.Read => AccessKind.Read, OracleKind.Write => AccessKind.Write, _ => AccessKind.Fetch },
        (access.User ? AccessFlags.User : 0) | (access.Implicit ? AccessFlags.Implicit : 0) |
            (access.Ac ? AccessFlags.AlignmentCheck : 0) | (access.ShadowStack ? AccessFlags.ShadowStack : 0));

    internal static CpuFeatures Features(OracleCpu cpu) => new()
    {
        Vendor = cpu.Vendor == OracleVendor.Amd ? CpuVendor.Amd : CpuVendor.Intel,
        PhysicalAddressBits = cpu.MaxPhyAddr,
        Pse36 = cpu.HasPse36,
        Pages1G = cpu.Has1G,
        Lam = cpu.HasLam,
    };

    internal static ControlState State(OracleCpu cpu) => new()
    {
        Cr0 = cpu.Cr0,
        Cr3 = cpu.Cr3,
        Cr4 = cpu.Cr4,
        Efer = cpu.Efer,
        Pat = cpu.Pat,
        Pkru = cpu.Pkru,
        Pkrs = cpu.Pkrs,
    };

    internal static EptControl Ept(OracleNested nested) => new()
    {
        EptPointer = nested.EptRoot | 6 | ((ulong)(nested.EptLevels - 1) << 3) | (nested.EptAccessedDirty ? 0x40UL : 0),
        ModeBasedExecute = nested.Mbec,
        ExecuteOnly = nested.ExecuteOnly,
        Pages2M = nested.Has2M,
        Pages1G = nested.Has1G,
        PhysicalAddressBits = nested.MaxPhyAddr,
    };

    internal static NptControl Npt(OracleNested nested) => new()
    {
        NestedCr3 = nested.HostCr3,
        HostCr4 = nested.HostCr4,
        HostEfer = nested.HostEfer,
        HostPat = nested.HostPat,
        GuestModeExecuteTrap = nested.Gmet,
        Pages1G = nested.Has1G,
        PhysicalAddressBits = nested.MaxPhyAddr,
    };

    private OracleResult Success(in WalkResult core)
    {
        ulong address = core.Gpa.Value;

        // A wrong host pointer shows as a wrong address.
        bool rightPointer = core.HostAddress == _image.HostPointer(address);
        ulong guest = core.NestedGpa.Value == 0 ? address : core.NestedGpa.Value;
        return new OracleResult
        {
            Gpa = guest,
            Hpa = rightPointer ? address : ~address,
            PageShift = core.PageShift,
            Readable = (core.Rights & Rights.Read) != 0,
            Writable = (core.Rights & Rights.Write) != 0,
            Executable = (core.Rights & Rights.Execute) != 0,
            User = (core.Rights & Rights.User) != 0,
            Global = core.IsGlobal,
            PatIndex = core.PatIndex,
            MemoryType = (int)core.MemoryType,
        };
    }

    internal static OracleResult Fault(in WalkResult core) => new()
    {
        Outcome = core.Outcome switch
        {
            WalkOutcome.PageFault => OracleOutcome.PageFault,
            WalkOutcome.NonCanonical => OracleOutcome.NonCanonical,
            WalkOutcome.EptViolation => OracleOutcome.EptViolation,
            WalkOutcome.EptMisconfiguration => OracleOutcome.EptMisconfiguration,
            WalkOutcome.NestedPageFault => OracleOutcome.NestedPageFault,
            _ => throw new InvalidOperationException($"a single thread cannot see {core}"),
        },
        Code = (ulong)core.ErrorCode | core.ExitQualification | core.ExitInfo1,
        FaultGpa = core.NestedGpa.Value,
        FaultLinear = core.Outcome == WalkOutcome.PageFault ? core.LinearAddress.Value : 0,
        Dimension = core.InSecondDimension ? OracleDimension.Second : OracleDimension.Guest,
        Cause = core.Cause switch
        {
            FaultCause.NotPresent => OracleCause.NotPresent,
            FaultCause.TableOutsideMemory => OracleCause.OutsideMemory,
            FaultCause.AddressTooWide => OracleCause.TooWide,
            FaultCause.ReservedBit or FaultCause.BadRights or FaultCause.BadMemoryType => OracleCause.ReservedBit,
            FaultCause.NonCanonical or FaultCause.None => OracleCause.None,
            _ => OracleCause.Permission,
        },
        Rules = Rule(core.Cause),
        Level = core.Level,
        EntryAddress = core.EntryAddress,
        EntryValue = core.Entry,
    };

    private static OracleRules Rule(FaultCause cause) => cause switch
    {
        FaultCause.ReservedBit => OracleRules.ReservedBit,
        FaultCause.BadRights => OracleRules.BadRights,
        FaultCause.BadMemoryType => OracleRules.BadMemoryType,
        FaultCause.NotReadable => OracleRules.NotReadable,
        FaultCause.NotWritable => OracleRules.NotWritable,
        FaultCause.NotUser => OracleRules.NotUser,
        FaultCause.NotExecutable => OracleRules.NotExecutable,
        FaultCause.Smep => OracleRules.Smep,
        FaultCause.Smap => OracleRules.Smap,
        FaultCause.ProtectionKey => OracleRules.Key,
        FaultCause.ShadowStack => OracleRules.ShadowStack,
        _ => OracleRules.None,
    };
}
