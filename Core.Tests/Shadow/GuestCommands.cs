// Shadow judge: what a guest does: accesses, stores to its tables, control registers, invalidations, system-management mode.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Tests.Conformance;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;
using Mmu.Vm;

namespace Mmu.Tests.Shadow;

internal sealed class GuestCommands(StreamVm vm, AccessRunner accesses)
{
    private const int AliasTries = 6;
    private static readonly OracleAccess _supervisorWrite = new(OracleKind.Write, Ac: true);

    /// <summary>Does what a vCPU is told; false if the command is not a guest's.</summary>
    internal bool Execute(StreamKind kind, ModelVcpu vcpu, SeededRandom random)
    {
        OracleMode mode = vcpu.Flat.Cpu.Mode();
        switch (kind)
        {
            case StreamKind.Access:
                Access(vcpu, vm.PickLinear(vcpu, random), random);
                return true;
            case StreamKind.StoreEntry:
                StoreEntry(vcpu, random);
                return true;
            case StreamKind.EmulatedStore:
                EmulatedStore(vcpu, vm.PickLinear(vcpu, random), random);
                return true;
            case StreamKind.MoveCr3:
                MoveCr3(vcpu, random);
                return true;
            case StreamKind.ChangeMode:
                ChangeMode(vcpu, StateMaker.Make(random, EntryMaker.Pick(random, vm.Options.Modes)));
                return true;
            case StreamKind.ChangeSwitch:
                ChangeSwitch(vcpu, random);
                return true;
            case StreamKind.ChangeKeys:
                ChangeKeys(vcpu, random);
                return true;
            case StreamKind.InvalidatePage:
                InvalidatePage(vcpu, vm.PickLinear(vcpu, random), random);
                return true;
            case StreamKind.InvalidatePcid:
                InvalidatePcid(vcpu, vm.PickLinear(vcpu, random), random);
                return true;
            case StreamKind.ToggleSmm:
                ToggleSmm(vcpu);
                return true;
            case StreamKind.LeaveGuest:
                vcpu.Leave();
                return true;
            case StreamKind.Unprotect:
                vcpu.Leave();
                _ = vcpu.Vcpu.Unprotect(default, new Gpa(EntryMaker.Pick(random, GuestLayout.AllTables) << 12), random.NextBits());
                return true;
            default:
                return false;
        }
    }

    private void Access(ModelVcpu vcpu, ulong linear, SeededRandom random)
    {
        OracleAccess access = AccessMaker.Make(random);
        int bytes = vcpu.Flat.Cpu.Mode() == OracleMode.Bits32 || random.Next(5) == 0 ? 4 : 8;
        if (random.Next(30) == 0 && (linear & 0xFFF) < 0xFF0)
        {
            linear += (ulong)random.Next(8);
            bytes = 1 << random.Next(4);
        }

        if (!accesses.Run(vcpu, linear, access, bytes, EntryMaker.Make(random, 1 + random.Next(4))) && random.Next(3) != 0)
        {
            Repair(vcpu, linear, random);
        }
    }

    // As a kernel does after a fault: what was missing comes, what was forbidden is allowed.
    private void Repair(ModelVcpu vcpu, ulong linear, SeededRandom random)
    {
        LegacyPath path = vm.Model.FreshPath(vcpu.Flat, linear);
        if (path.Count == 0)
        {
            return;
        }

        LegacyStep last = path.Steps[path.Count - 1];
        ulong value = path.Fault == OracleCause.None ? EntryMaker.Open(last.Value) : EntryMaker.MakeOpen(random, last.Level);
        StoreTo(vcpu, linear, last.Gpa, path.EntryBytes, value, random);
    }

    // To an entry on the way to an address in use, the leaf mostly: through the guest's own mapping of the table, or else as a device would.
    private void StoreEntry(ModelVcpu vcpu, SeededRandom random)
    {
        OracleMode mode = vcpu.Flat.Cpu.Mode();
        if (mode == OracleMode.Off)
        {
            return;
        }

        ulong linear = vm.PickLinear(vcpu, random);
        LegacyPath path = vm.Model.FreshPath(vcpu.Flat, linear);
        if (path.Count == 0)
        {
            return;
        }

        int step = random.Next(5) == 0 ? random.Next(path.Count) : path.Count - 1;
        ulong entry = path.Steps[step].Gpa;
        int bytes = path.EntryBytes == 8 && random.Next(16) == 0 ? 4 : path.EntryBytes;
        ulong value = TableStores.Value(vm.World, vcpu.Flat.AddressSpace, entry, random);
        StoreTo(vcpu, linear, entry, bytes, value, random);
    }

    private void StoreTo(ModelVcpu vcpu, ulong linear, ulong entry, int bytes, ulong value, SeededRandom random)
    {
        if (TryFindAlias(vcpu, linear, entry, random, out ulong alias))
        {
            _ = accesses.Run(vcpu, alias, _supervisorWrite, bytes, value);
        }
        else if (vm.World.Find(vcpu.Flat.AddressSpace, entry) is { IsReadOnly: false })
        {
            vm.StoreAndAnnounce(vcpu.Flat.AddressSpace, entry, bytes, value);
        }
    }

    // A linear address at which the guest's kernel can write an entry: by the table's entry for itself, or by chance.
    private bool TryFindAlias(ModelVcpu vcpu, ulong linear, ulong entry, SeededRandom random, out ulong alias)
    {
        OracleMode mode = vcpu.Flat.Cpu.Mode();
        alias = mode == OracleMode.Bits32
            ? (linear & ~0x3F_FFFFUL) | (2UL * GuestLayout.SelfIndex << 12)
            : (linear & ~0x1F_FFFFUL) | ((ulong)GuestLayout.SelfIndex << 12);
        for (int i = 0; i < AliasTries; i++)
        {
            alias = (alias & ~0xFFFUL) | (entry & 0xFFF);
            OracleResult result = vm.Model.Fresh(vcpu.Flat, alias, _supervisorWrite);
            if (result.Outcome == OracleOutcome.Ok && result.Gpa == entry)
            {
                return true;
            }

            alias = LinearMaker.Make(random, mode);
        }

        return false;
    }

    // The VMM emulates an instruction: it walks, then stores, then says so.
    private void EmulatedStore(ModelVcpu vcpu, ulong linear, SeededRandom random)
    {
        vcpu.Leave();
        OracleAccess access = new(OracleKind.Write, User: random.Next(2) == 0, Ac: random.Next(2) == 0);
        OracleResult fresh = vm.Model.Fresh(vcpu.Flat, linear, access);
        bool allowed = fresh.Outcome == OracleOutcome.Ok;
        var marks = allowed && vcpu.Flat.Cpu.Mode() != OracleMode.Off
            ? MarkSet.Of(vcpu.Flat.AddressSpace, vm.Model.FreshPath(vcpu.Flat, linear), write: true)
            : MarkSet.None;
        if (vcpu.Vcpu.Walker.Translate(new Gva(linear), AccessRunner.ToCore(access), out _) != allowed)
        {
            throw new JudgeException($"The walker and the manual differ about {access} at {linear:x}: {fresh}.");
        }

        vm.World.Observe(marks);
        if (allowed && vm.World.Find(vcpu.Flat.AddressSpace, fresh.Gpa) is { IsReadOnly: false })
        {
            vm.StoreAndAnnounce(vcpu.Flat.AddressSpace, fresh.Gpa, 8, EntryMaker.Make(random, 1 + random.Next(4)));
        }
    }

    private void MoveCr3(ModelVcpu vcpu, SeededRandom random)
    {
        ulong cr4 = vcpu.State.Cr4;
        ulong value = StateMaker.Root(random, vcpu.Flat.Cpu.Mode(), cr4);
        bool keep = (cr4 & StateMaker.Cr4Pcide) != 0 && random.Next(2) == 0;
        ControlLoads.MoveCr3(vm, vcpu, value | (keep ? StateMaker.KeepTranslations : 0));
    }

    // As a processor has to: through paging off.
    private void ChangeMode(ModelVcpu vcpu, ControlState next)
    {
        ControlLoads.Set(vm, vcpu, new ControlState { Cr0 = 1, Cr3 = vcpu.State.Cr3 & 0xFFFF_F000 });
        ControlLoads.Set(vm, vcpu, next with { Pkru = vcpu.State.Pkru, Pkrs = vcpu.State.Pkrs });
    }

    private void ChangeSwitch(ModelVcpu vcpu, SeededRandom random)
    {
        ControlState state = vcpu.State;
        OracleMode mode = vcpu.Flat.Cpu.Mode();
        switch (random.Next(9))
        {
            case 0 or 1:
                state = state with { Cr0 = state.Cr0 ^ StateMaker.Cr0Wp };
                break;
            case 2 when mode is not OracleMode.Off and not OracleMode.Bits32:
                state = state with { Efer = state.Efer ^ StateMaker.EferNxe };
                break;
            case 3 when mode is OracleMode.Level4 or OracleMode.Level5:
                state = state with { Cr4 = state.Cr4 ^ StateMaker.Cr4Pcide, Cr3 = state.Cr3 & ~0xFFFUL };
                break;
            case 4:
                state = state with { Cr4 = state.Cr4 ^ StateMaker.Cr4Pge };
                break;
            case 5:
                state = state with { Cr4 = state.Cr4 ^ StateMaker.Cr4Smep };
                break;
            case 6:
                state = state with { Cr4 = state.Cr4 ^ StateMaker.Cr4Smap };
                break;
            case 7:
                state = state with { Cr4 = state.Cr4 ^ StateMaker.Cr4Pke };
                break;
            default:
                state = state with { Cr4 = state.Cr4 ^ StateMaker.Cr4Pks };
                break;
        }

        ControlLoads.Set(vm, vcpu, state);
    }

    private static void ChangeKeys(ModelVcpu vcpu, SeededRandom random)
    {
        vcpu.Leave();
        uint pkru = (uint)random.NextBits() & (uint)random.NextBits() & 0x3F;
        uint pkrs = (uint)random.NextBits() & (uint)random.NextBits() & 0x3F;
        vcpu.Vcpu.SetProtectionKeys(pkru, pkrs);
        vcpu.State = vcpu.State with { Pkru = pkru, Pkrs = pkrs };
        (vcpu.Flat.Cpu.Pkru, vcpu.Flat.Cpu.Pkrs) = (pkru, pkrs);
    }

    private void InvalidatePage(ModelVcpu vcpu, ulong linear, SeededRandom random)
    {
        vcpu.Leave();
        vcpu.Vcpu.InvalidatePage(new Gva(linear));
        vcpu.Flat.InvalidatePage(linear, vm.World.Now);
        if (random.Next(2) == 0)
        {
            Access(vcpu, linear, random);
        }
    }

    private void InvalidatePcid(ModelVcpu vcpu, ulong linear, SeededRandom random)
    {
        vcpu.Leave();
        ulong type = (ulong)random.Next(4);
        ulong pcid = (ulong)random.Next(3);
        bool legal = type > 1 || pcid == 0 || (vcpu.State.Cr4 & StateMaker.Cr4Pcide) != 0;
        InvalidateStatus status = vcpu.Vcpu.InvalidatePcid(type, pcid, new Gva(linear));
        if (legal != (status == InvalidateStatus.Done))
        {
            throw new JudgeException($"INVPCID {type} of {pcid} was answered {status}.");
        }

        if (!legal)
        {
            return;
        }

        switch (type)
        {
            case 0:
                vcpu.Flat.InvalidatePage(linear, pcid, vm.World.Now);
                break;
            case 1:
                vcpu.Flat.FlushPcid(pcid, vm.World.Now);
                break;
            case 2:
                vcpu.Flat.FlushAll(vm.World.Now);
                break;
            default:
                vcpu.Flat.FlushNonGlobals(vm.World.Now);
                break;
        }
    }

    // An SMI finds paging off; what it interrupted comes back with RSM.
    private void ToggleSmm(ModelVcpu vcpu)
    {
        bool enter = !vcpu.Flat.IsInSmm;
        if (enter)
        {
            vcpu.Saved = vcpu.State;
        }

        ControlLoads.Set(vm, vcpu, new ControlState { Cr0 = 1, Cr3 = vcpu.State.Cr3 & 0xFFFF_F000, Pkru = vcpu.State.Pkru, Pkrs = vcpu.State.Pkrs });
        vcpu.Vcpu.SetSystemManagement(enter);
        vcpu.Flat.IsInSmm = enter;
        vcpu.Flat.FlushAll(vm.World.Now);
        if (!enter)
        {
            ControlLoads.Set(vm, vcpu, vcpu.Saved);
        }
    }
}
