// Nested conformance: the Shadow MMU under the matrix of two dimensions: each access is made by a processor on our tables.
using System;
using System.Collections.Generic;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Common;
using Mmu.Tests.Conformance;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;
using Mmu.Vm;

namespace Mmu.Tests.Nested;

/// <summary>
/// L2 behind L1's tables in an image. Entries that changed since the last access were stored by L1, which announces them; now and then everything is made
/// anew. What the processor reached must be what L1's tables and L2's say, and every mark must be where the manual has it.
/// </summary>
internal sealed class ShadowSubject : IMatrixSubject, IDisposable
{
    private const ulong ZapEvery = 61;
    private const ulong AuditEvery = 503;

    private readonly MatrixImage _image;
    private readonly CoreSubject _core;
    private readonly MmuVm _vm;
    private readonly MmuVcpu _vcpu;
    private readonly NestedProcessor _processor;
    private readonly Dictionary<MatrixEntry, ulong> _known = [];
    private ulong _walks;

    internal ShadowSubject(MatrixImage image, OracleCpu cpu, OracleNested nested, int hostLevels, bool onTdp)
    {
        _image = image;
        _core = new CoreSubject(image);
        TdpOptions options = new()
        {
            Format = nested.IsEpt ? TdpFormat.Ept : TdpFormat.Npt,
            Levels = hostLevels,
            ExecuteOnly = nested.IsEpt,
        };
        TestHost host = new() { Logs = false };
        _vm = MmuVm.Create(
            new MmuVmOptions
            {
                Features = CoreSubject.Features(cpu),
                TablePages = 512,
                MaxVcpus = 1,
                Tdp = onTdp ? options : null,
                Nested = onTdp ? null : options,
            },
            host);
        ProcessMemory memory = new();
        memory.Allow(_vm.TableMemory.HostAddress, _vm.TableMemory.Bytes);
        for (int i = 0; i < image.Oracle.Slots.Count; i++)
        {
            OracleSlot slot = image.Oracle.Slots[i];
            _vm.AddSlot(new MemorySlot(new Gpa(slot.Address), (ulong)slot.Bytes.Length, image.HostAddressOf(i), SlotFlags.None));
            memory.Allow(image.HostAddressOf(i), (ulong)slot.Bytes.Length);
        }

        _vcpu = _vm.CreateVcpu();
        _processor = new NestedProcessor(_vcpu, memory);
    }

    public void Configure(OracleCpu cpu, OracleNested? nested)
    {
        _core.Configure(cpu, nested);
        if (_vcpu.InNestedGuest)
        {
            Require(_vcpu.LeaveNested(new ControlState()));
        }

        _vm.ZapAll();
        ControlState state = CoreSubject.State(cpu);
        Require(nested!.IsEpt
            ? _vcpu.EnterNested(state, CoreSubject.Ept(nested), new NestedTag(7))
            : _vcpu.EnterNested(state, CoreSubject.Npt(nested), new NestedTag(7)));
        for (int i = 0; i < 4; i++)
        {
            _vcpu.Walker.Context.Pdptes[i] = cpu.Pdpte[i];
        }

        _processor.Configure(cpu, nested);
        Remember();
    }

    public void Walk(ulong gva, OracleAccess access, bool update, out OracleResult result)
    {
        if (!update)
        {
            _core.Walk(gva, access, update, out result);
            return;
        }

        if (++_walks % ZapEvery == 0)
        {
            _vm.ZapAll();
        }

        AnnounceStores();
        NestedOutcome outcome = _processor.Access(gva, access);
        result = ResultOf(gva, access, outcome);
        Remember();
        if (_walks % AuditEvery == 0 && _vm.Audit() is { } broken)
        {
            throw new JudgeException(broken);
        }
    }

    public void Dispose()
    {
        Require(_vcpu.LeaveNested(new ControlState()));
        _vcpu.Dispose();
        _vm.Dispose();
    }

    private OracleResult ResultOf(ulong gva, OracleAccess access, in NestedOutcome outcome)
    {
        if (outcome.Answer == FaultOutcome.Inject)
        {
            return CoreSubject.Fault(outcome.Result.Walk);
        }

        if (outcome.Answer == FaultOutcome.None && outcome.Seen.Outcome != OracleOutcome.Ok)
        {
            return outcome.Seen;
        }

        OracleResult result;
        if (outcome.Answer != FaultOutcome.None)
        {
            // A device, or a table that is shadowed: the instruction is emulated, and marks what it must by the walker.
            if (outcome.Answer is not (FaultOutcome.Mmio or FaultOutcome.WriteProtected))
            {
                throw new JudgeException($"The answer to the access to {gva:x} is {outcome.Answer}.");
            }

            _core.Walk(gva, access, update: true, out result);
            return result;
        }

        // What it is besides its place the tables of L1 and L2 say; the place is where the processor got to.
        _core.Walk(gva, access, update: false, out result);
        if (_image.HostPointer(result.Hpa) != (nuint)outcome.Seen.Hpa)
        {
            result.Hpa = ~result.Hpa;
        }

        return result;
    }

    // Whatever differs from what was there when the last access ended.
    private void AnnounceStores()
    {
        foreach (MatrixEntry entry in _image.Entries)
        {
            if (!_known.TryGetValue(entry, out ulong known) || known != _image.Native(entry))
            {
                _vm.GuestWrote(new Gpa(entry.Address), entry.Bytes);
            }
        }
    }

    private void Remember()
    {
        foreach (MatrixEntry entry in _image.Entries)
        {
            _known[entry] = _image.Native(entry);
        }
    }

    private static void Require(ControlStateStatus status)
    {
        if (status != ControlStateStatus.Legal)
        {
            throw new JudgeException($"A legal state was refused: {status}.");
        }
    }
}
