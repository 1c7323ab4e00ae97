// Shadow judge: the judge again, now on tables that the library made and the test spoils.
using System;
using Mmu.Tests.Conformance;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;
using Xunit;

namespace Mmu.Tests.Shadow;

public sealed unsafe class WrongEntryTests
{
    private const ulong Page = 0x1000;
    private const ulong Writable = 2;
    private const int Tries = 2000;

    [Fact]
    public void AFrameThatIsNotTheGuestsIsNoticed() => Spoil(_ => true, leaf => leaf ^ Page);

    [Fact]
    public void ARightThatTheGuestDoesNotGiveIsNoticed() =>
        Spoil(leaf => (leaf & Writable) == 0, leaf => leaf | Writable, new OracleAccess(OracleKind.Write));

    // The guest takes the page away and invalidates it; then the old entry stands there again.
    [Fact]
    public void AnEntryFromBeforeAnInvalidationIsNoticed()
    {
        using StreamVm vm = new(new StreamOptions { Vcpus = 1, Seed = 4 });
        (ModelVcpu vcpu, ulong linear) = Reach(vm, _ => true, new OracleAccess(OracleKind.Read));
        Assert.True(HardwareWalker.TryFindLeaf(vcpu.Cpu.Registers, vm.HostFrames, linear, out ulong* leaf));
        ulong old = *leaf;
        LegacyPath path = vm.Model.FreshPath(vcpu.Flat, linear);
        vm.World.Now++;
        vm.StoreAndAnnounce(0, path.Steps[path.Count - 1].Gpa, 8, 0);
        vcpu.Leave();
        vcpu.Vcpu.InvalidatePage(new Mmu.Addressing.Gva(linear));
        vm.World.Now++;
        vcpu.Flat.InvalidatePage(linear, vm.World.Now);
        Assert.True(vm.Enter(vcpu));
        Assert.True(vcpu.Cpu.Peek(linear, new OracleAccess(OracleKind.Read), useTlb: true).Faults);

        _ = HardwareWalker.TryFindLeaf(vcpu.Cpu.Registers, vm.HostFrames, linear, out leaf);
        ulong now = *leaf;
        *leaf = old;
        Assert.Throws<JudgeException>(() => Judge(vm, vcpu, linear, new OracleAccess(OracleKind.Read)));
        *leaf = now;
    }

    private static void Spoil(Predicate<ulong> suits, Func<ulong, ulong> change, OracleAccess access = default)
    {
        using StreamVm vm = new(new StreamOptions { Vcpus = 1, Seed = 4 });
        (ModelVcpu vcpu, ulong linear) = Reach(vm, suits, new OracleAccess(OracleKind.Read));
        Judge(vm, vcpu, linear, new OracleAccess(OracleKind.Read));
        Assert.True(HardwareWalker.TryFindLeaf(vcpu.Cpu.Registers, vm.HostFrames, linear, out ulong* leaf));
        ulong right = *leaf;
        *leaf = change(right);
        vcpu.Cpu.Tlb.Clear();
        Assert.Throws<JudgeException>(() => Judge(vm, vcpu, linear, access));
        Assert.NotNull(vm.Audit());
        *leaf = right;
    }

    // An address that the guest reaches, whose leaf in our tables suits.
    private static (ModelVcpu Vcpu, ulong Linear) Reach(StreamVm vm, Predicate<ulong> suits, OracleAccess access)
    {
        SeededRandom random = new(9);
        AccessRunner accesses = new(vm, random);
        ModelVcpu vcpu = vm.Vcpus[0];
        for (int i = 0; i < Tries; i++)
        {
            ulong linear = LinearMaker.Make(random, vcpu.Flat.Cpu.Mode());
            if (vm.Model.Fresh(vcpu.Flat, linear, access).Outcome != OracleOutcome.Ok)
            {
                continue;
            }

            accesses.Run(vcpu, linear, access, 8, 0);
            if (vm.Enter(vcpu) && !vcpu.Cpu.Peek(linear, access, useTlb: false).Faults
                && HardwareWalker.TryFindLeaf(vcpu.Cpu.Registers, vm.HostFrames, linear, out ulong* leaf) && suits(*leaf)
                && vm.Model.FreshPath(vcpu.Flat, linear).PageShift == 12)
            {
                return (vcpu, linear);
            }
        }

        throw new InvalidOperationException("No address suits.");
    }

    private static void Judge(StreamVm vm, ModelVcpu vcpu, ulong linear, OracleAccess access)
    {
        HardwareOutcome outcome = vcpu.Cpu.Peek(linear, access, useTlb: true);
        Assert.False(outcome.Faults);
        _ = vm.Judge.JudgeReached(vcpu.Flat, linear, access, outcome.Page.PhysicalOf(linear));
    }
}
