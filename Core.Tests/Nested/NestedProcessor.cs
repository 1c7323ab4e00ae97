// Nested judge: a processor that runs L2 on our tables, and the VMM that answers its faults.
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;
using Mmu.Vm;

namespace Mmu.Tests.Nested;

/// <summary>
/// Makes accesses as a processor with nested paging does, by the literal walker of the oracle over our tables, and hands its violations in until the access
/// is made, is L2's or L1's to deal with, or is for a device.
/// </summary>
internal sealed class NestedProcessor(MmuVcpu vcpu, OracleMemory host)
{
    private const int Attempts = 200;

    /// <summary>How often a fault of the second dimension was handed in.</summary>
    internal int Violations { get; private set; }

    /// <summary>The processor's second dimension; its root is loaded before each access. What else it says follows from L1's own.</summary>
    internal OracleNested Hardware { get; private set; } = new();

    /// <summary>L2's registers.</summary>
    internal OracleCpu Cpu { get; set; } = new();

    /// <summary>Takes over what L1's tables decide.</summary>
    internal void Configure(OracleCpu cpu, OracleNested first)
    {
        Cpu = cpu;
        Hardware = new OracleNested
        {
            IsEpt = first.IsEpt,
            EptAccessedDirty = first.EptAccessedDirty,
            ExecuteOnly = true,
            Mbec = first.Mbec,
            Gmet = first.Gmet,
            HostEfer = 0xD00,
        };
    }

    /// <summary>Makes one access of L2.</summary>
    internal NestedOutcome Access(ulong gva, OracleAccess access)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            Load();
            OracleResult seen = SdmWalker.Walk(Cpu, Hardware, host, gva, access, update: true);
            if (seen.Outcome is not (OracleOutcome.EptViolation or OracleOutcome.EptMisconfiguration or OracleOutcome.NestedPageFault))
            {
                return new NestedOutcome(FaultOutcome.None, seen, default);
            }

            FaultOutcome outcome = Report(RequestOf(seen, gva, access), out FaultResult result);
            if (outcome is not (FaultOutcome.Fixed or FaultOutcome.Spurious or FaultOutcome.Retry))
            {
                return new NestedOutcome(outcome, seen, result);
            }
        }

        throw new JudgeException($"The access to {gva:x} never got on.");
    }

    /// <summary>Makes one access to a guest physical address of L2, as a final access.</summary>
    internal NestedOutcome AccessPhysical(ulong gpa, SecondAccess access)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            Load();
            SecondResult seen = SecondDimension.Translate(Hardware, host, gpa, access, update: true);
            var linear = new OracleResult { Outcome = seen.Outcome, Code = seen.Code, FaultGpa = gpa, Hpa = seen.Hpa };
            if (seen.Outcome == OracleOutcome.Ok)
            {
                return new NestedOutcome(FaultOutcome.None, linear, default);
            }

            ulong code = seen.Code | (access.UserModeAddress ? 1UL << 9 : 0);
            ViolationRequest request = seen.Outcome switch
            {
                OracleOutcome.EptMisconfiguration => ViolationRequest.FromEptMisconfiguration(new Gpa(gpa)),
                OracleOutcome.EptViolation => ViolationRequest.FromEptViolation(new Gpa(gpa), code),
                _ => ViolationRequest.FromNestedPageFault(new Gpa(gpa), seen.Code),
            };
            FaultOutcome outcome = Report(request, out FaultResult result);
            if (outcome is not (FaultOutcome.Fixed or FaultOutcome.Spurious or FaultOutcome.Retry))
            {
                return new NestedOutcome(outcome, linear, result);
            }
        }

        throw new JudgeException($"The access to {gpa:x} never got on.");
    }

    private FaultOutcome Report(in ViolationRequest request, out FaultResult result)
    {
        Violations++;
        return vcpu.HandleViolation(request, out result);
    }

    /// <summary>Enters for a moment, and takes over the root.</summary>
    internal void Load()
    {
        RootStatus status = vcpu.BeginRun(out RunState state);
        if (status != RootStatus.Loaded)
        {
            throw new JudgeException($"No root: {status}.");
        }

        vcpu.EndRun();
        Hardware.EptRoot = state.RootAddress;
        Hardware.EptLevels = state.Levels;
        Hardware.HostCr3 = state.RootAddress;
        Hardware.HostCr4 = state.Levels == 5 ? (1UL << 5) | (1UL << 12) : 1UL << 5;
    }

    private ViolationRequest RequestOf(in OracleResult seen, ulong gva, OracleAccess access)
    {
        Gpa gpa = new(seen.FaultGpa);
        switch (seen.Outcome)
        {
            case OracleOutcome.EptMisconfiguration:
                return ViolationRequest.FromEptMisconfiguration(gpa);
            case OracleOutcome.EptViolation:
                // Advanced VM-exit information: a user-mode linear address, by the guest's own entries.
                bool final = Bits.Has(seen.Code, 8);
                bool user = final && access.Kind == OracleKind.Fetch && Hardware.Mbec
                    && SdmWalker.Walk(Cpu, null, new GuestView(Hardware, host), gva, access, update: false).User;
                return ViolationRequest.FromEptViolation(gpa, seen.Code | (user ? 1UL << 9 : 0));
            default:
                return ViolationRequest.FromNestedPageFault(gpa, seen.Code);
        }
    }
}
