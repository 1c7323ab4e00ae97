// Shadow judge: runs one guest access to its end, as a VMM does: on our tables, through faults, emulation and injection; and judges each step.
using System.Collections.Generic;
using System.Globalization;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Tests.Conformance;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Shadow;

/// <summary>One access of a guest.</summary>
internal sealed class AccessRunner(StreamVm vm, SeededRandom random)
{
    private const int MaxFaults = 24;

    /// <summary>Runs an access to its end; a write stores the value. False if the guest got a fault.</summary>
    /// <exception cref="JudgeException">Something was not as the guest's tables say, or the guest got no further.</exception>
    internal bool Run(ModelVcpu vcpu, ulong linear, OracleAccess access, int bytes, ulong value)
    {
        List<string> outcomes = [];
        while (outcomes.Count < MaxFaults)
        {
            if (!vm.Enter(vcpu))
            {
                outcomes.Add("no root");
                vm.MakeRoom();
                continue;
            }

            HardwareOutcome outcome = vcpu.Cpu.Access(linear, access);
            if (!outcome.Faults)
            {
                Reach(vcpu, linear, access, outcome.Page.PhysicalOf(linear), bytes, value);
                return true;
            }

            if (IsDone(vcpu, linear, access, outcome.Code, bytes, value, out FaultOutcome answer))
            {
                return answer != FaultOutcome.Inject;
            }

            outcomes.Add($"{outcome.Code:x} {answer}");
        }

        throw new JudgeException(string.Create(CultureInfo.InvariantCulture,
            $"{access} at {linear:x} gets no further: {string.Join(", ", outcomes)}; the tables say {vm.Model.Fresh(vcpu.Flat, linear, access)}."));
    }

    private void Reach(ModelVcpu vcpu, ulong linear, OracleAccess access, ulong physical, int bytes, ulong value)
    {
        if (vm.IsTainted)
        {
            vm.Judge.JudgeMemory(physical, access);
        }
        else
        {
            _ = vm.Judge.JudgeReached(vcpu.Flat, linear, access, physical);
        }

        vm.Accesses++;
        if (access.Kind == OracleKind.Write)
        {
            (ModelSlot slot, ulong gpa) = vm.World.Locate(physical);
            vm.World.Store(slot, gpa, bytes, value);
        }
    }

    // One fault; true if that was the end of the access.
    private bool IsDone(ModelVcpu vcpu, ulong linear, OracleAccess access, ulong code, int bytes, ulong value, out FaultOutcome answer)
    {
        vcpu.Leave();
        bool write = access.Kind == OracleKind.Write;
        OracleResult fresh = vm.Model.Fresh(vcpu.Flat, linear, access);
        bool allowed = fresh.Outcome == OracleOutcome.Ok;
        Dictionary<(int, ulong), ulong> marks = allowed && vcpu.Flat.Cpu.Mode() != OracleMode.Off
            ? MarkSet.Of(vcpu.Flat.AddressSpace, vm.Model.FreshPath(vcpu.Flat, linear), write)
            : MarkSet.None;

        answer = vcpu.Vcpu.HandleFault(new FaultRequest(new Gva(linear), ToCore(access), (PageFaultCode)code), out FaultResult result);
        vm.Answers[(int)answer]++;
        vm.Judge.Guard.FaultHandled();
        vm.World.Observe(marks);
        switch (answer)
        {
            case FaultOutcome.Fixed or FaultOutcome.Spurious:
                Require(allowed || vm.IsTainted, answer, linear, access, fresh);
                return false;

            case FaultOutcome.Retry:
                return false;

            case FaultOutcome.NotYet:
                Require(result.Token != 0, answer, linear, access, fresh);
                return false;

            case FaultOutcome.OutOfPages:
                Require(vm.MayRunOut, answer, linear, access, fresh);
                vm.MakeRoom();
                return false;

            case FaultOutcome.Inject:
                bool same = fresh.Outcome == OracleOutcome.PageFault && (ulong)result.Walk.ErrorCode == fresh.Code
                    && result.Walk.LinearAddress.Value == fresh.FaultLinear;
                Require(same, answer, linear, access, fresh);
                return true;

            case FaultOutcome.Mmio:
                if (!vm.IsTainted)
                {
                    vm.Judge.JudgeMmio(vcpu.Flat, linear, access, result.Gpa.Value);
                }

                return true;

            case FaultOutcome.Emulate or FaultOutcome.WriteProtected:
                Require(allowed && (write || answer == FaultOutcome.Emulate) && result.Gpa.Value == fresh.Gpa, answer, linear, access, fresh);
                return IsEmulated(vcpu, answer, linear, fresh.Gpa, write, result.HitsOwnTables, bytes, value);

            default:
                Require(false, answer, linear, access, fresh);
                return false;
        }
    }

    // Some VMMs emulate, others ask for the protection to be taken off and let the guest try again.
    private bool IsEmulated(ModelVcpu vcpu, FaultOutcome answer, ulong linear, ulong gpa, bool write, bool hitsOwnTables, int bytes, ulong value)
    {
        if (!write)
        {
            return true;
        }

        int space = vcpu.Flat.AddressSpace;
        if (answer == FaultOutcome.WriteProtected && !hitsOwnTables && random.Next(3) == 0
            && vm.Judge.Guard.TrackCount(space, gpa >> 12) == 0 && vcpu.Vcpu.Unprotect(new Gva(linear), new Gpa(gpa), random.NextBits()))
        {
            return false;
        }

        vm.StoreAndAnnounce(space, gpa, bytes, value);
        return true;
    }

    private static void Require(bool right, FaultOutcome answer, ulong linear, OracleAccess access, OracleResult fresh)
    {
        if (!right)
        {
            throw new JudgeException(string.Create(CultureInfo.InvariantCulture, $"{access} at {linear:x} was answered {answer}; the tables say {fresh}."));
        }
    }

    internal static Access ToCore(OracleAccess access) => new(
        (AccessKind)access.Kind,
        (access.User ? AccessFlags.User : 0) | (access.Implicit ? AccessFlags.Implicit : 0) | (access.Ac ? AccessFlags.AlignmentCheck : 0));
}
