// TDP judge: makes an access as a guest does, with all the faults on its way, and judges each answer.
using System.Globalization;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Tests.Conformance;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Tdp;

internal sealed class GpaAccesses(GpaVm vm, GpaJudge judge)
{
    private const int MostFaults = 24;

    /// <summary>An address for a vCPU to use next.</summary>
    internal ulong Pick(SeededRandom random)
    {
        ulong inPage = (ulong)random.Next(4096);
        if (random.Next(20) == 0)
        {
            // Most likely where nothing is.
            return ((ulong)random.Next(0x6_0000) << 12) | inPage;
        }

        GpaSlot slot = vm.World.Slots[random.Next(vm.World.Slots.Count)];
        int pages = (int)slot.Pages;
        int page = random.Next(3) switch
        {
            0 => random.Next(pages),
            1 => random.Next(System.Math.Min(pages, 4)),

            // Few, but in each large page.
            _ => System.Math.Min(pages - 1, (random.Next(8) * pages / 8) + random.Next(3)),
        };
        return ((slot.Gfn + (ulong)page) << 12) | inPage;
    }

    internal static GpaAccess PickAccess(SeededRandom random)
    {
        OracleKind kind = random.Next(3) switch { 0 => OracleKind.Read, 1 => OracleKind.Write, _ => OracleKind.Fetch };
        return new GpaAccess(kind, PageWalk: kind == OracleKind.Read && random.Next(6) == 0);
    }

    /// <summary>Makes an access.</summary>
    /// <returns>How it ended: <see cref="FaultOutcome.None"/> if it went through.</returns>
    internal FaultOutcome Run(GpaVcpu vcpu, ulong gpa, GpaAccess access, bool isPrivate)
    {
        bool isFixed = false;
        for (int faults = 0; faults < MostFaults; faults++)
        {
            if (!vm.Enter(vcpu))
            {
                vm.MakeRoom();
                continue;
            }

            GpaOutcome found = vcpu.Cpu.Access(gpa, access);
            if (found.Passes)
            {
                judge.Reached(vcpu.AddressSpace, gpa, access, found.Page);
                if (access.Writes(vm.Options.Format))
                {
                    vm.Guard.Written(vcpu.AddressSpace, gpa >> 12);
                }

                return FaultOutcome.None;
            }

            if (isFixed)
            {
                throw new JudgeException(string.Create(CultureInfo.InvariantCulture, $"{access} at {gpa:x} faults though the library said that it is fixed."));
            }

            bool hadLeaf = judge.HasLeaf(vcpu.Cpu.Root, gpa);
            vcpu.Leave();
            FaultOutcome outcome = Handle(vcpu, gpa, access, isPrivate, found);
            switch (outcome)
            {
                case FaultOutcome.Fixed or FaultOutcome.Spurious:
                    // Of a misconfiguration the processor does not say what the access was.
                    isFixed = found.Kind != GpaOutcomeKind.Misconfigured;
                    if (outcome == FaultOutcome.Fixed && vm.Enter(vcpu))
                    {
                        Mapped(vcpu, gpa, writes: !hadLeaf || access.Writes(vm.Options.Format));
                    }

                    break;
                case FaultOutcome.Retry:
                    break;
                case FaultOutcome.OutOfPages when vm.MayRunOut:
                    vm.MakeRoom();
                    break;
                default:
                    return outcome;
            }
        }

        throw new JudgeException(string.Create(CultureInfo.InvariantCulture, $"{access} at {gpa:x} does not get anywhere."));
    }

    /// <summary>A fault was answered by a page, or a page was mapped ahead.</summary>
    internal void Mapped(GpaVcpu vcpu, ulong gpa, bool writes)
    {
        if (vm.Walker.Walk(vcpu.Cpu.Root, gpa, GpaAccess.Read, update: false).Page is { Shift: > 0 } page)
        {
            vm.Guard.Mapped(vcpu.AddressSpace, page, writes);
        }
    }

    private FaultOutcome Handle(GpaVcpu vcpu, ulong gpa, GpaAccess access, bool isPrivate, GpaOutcome found)
    {
        ViolationRequest request = vm.Options.Format == EntryFormat.Npt ? ViolationRequest.FromNestedPageFault(new Gpa(gpa), found.Code)
            : found.Kind == GpaOutcomeKind.Misconfigured ? ViolationRequest.FromEptMisconfiguration(new Gpa(gpa))
            : ViolationRequest.FromEptViolation(new Gpa(gpa), found.Code);
        request = isPrivate ? request with { Flags = request.Flags | ViolationFlags.Private } : request;
        FaultOutcome outcome = vcpu.Vcpu.HandleViolation(request, out FaultResult result);
        vm.Answers[(int)outcome]++;
        Judge(vcpu, gpa, access, isPrivate, found, outcome, result);
        return outcome;
    }

    private void Judge(GpaVcpu vcpu, ulong gpa, GpaAccess access, bool isPrivate, GpaOutcome found, FaultOutcome outcome, in FaultResult result)
    {
        // Of a misconfiguration the library knows no access: it may take it for a read.
        GpaAccess known = found.Kind == GpaOutcomeKind.Misconfigured && vm.Options.Format != EntryFormat.Npt ? GpaAccess.Read : access;
        FaultOutcome expected = vm.World.Expect(vcpu.AddressSpace, gpa >> 12, known, vm.Options.Format, isPrivate);
        bool right = outcome == expected
            || outcome == FaultOutcome.Retry
            || (outcome == FaultOutcome.OutOfPages && vm.MayRunOut)
            || (outcome == FaultOutcome.Spurious && expected == FaultOutcome.Fixed)
            || (outcome == FaultOutcome.Mmio && expected == FaultOutcome.MemoryFault && vm.World.Find(vcpu.AddressSpace, gpa >> 12) is null);
        if (right && outcome is FaultOutcome.Mmio or FaultOutcome.MemoryFault or FaultOutcome.WriteProtected)
        {
            right = result.Gpa.Value == gpa && (outcome != FaultOutcome.MemoryFault || result.IsPrivate == isPrivate);
        }

        if (!right || (outcome == FaultOutcome.NotYet && result.Token == 0))
        {
            throw new JudgeException(string.Create(
                CultureInfo.InvariantCulture, $"{access} at {gpa:x} (private {isPrivate}, {found.Kind} {found.Code:x}) was answered by {outcome}, not {expected}."));
        }
    }
}
