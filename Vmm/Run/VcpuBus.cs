// Vmm.Run: guest memory as an emulated instruction of the guest sees it.
using System;
using System.Buffers.Binary;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Vm;
using Mmu.Vmm.Run.Processors.Model;
using Mmu.Walk;

namespace Mmu.Vmm.Run;

/// <summary>Memory through the guest's own tables; stores are announced to the Shadow MMU, those to devices counted.</summary>
internal sealed class VcpuBus : IBus
{
    private readonly ShadowMachine _machine;

    internal VcpuBus(ShadowMachine machine) => _machine = machine;

    /// <summary>Gets or sets the ring of the instruction.</summary>
    internal bool User { get; set; }

    /// <summary>Gets what refused an access.</summary>
    internal WalkResult Refusal { get; private set; }

    /// <summary>Gets the stores to the device.</summary>
    internal long DeviceStores { get; private set; }

    /// <summary>Gets the last value that the device was given.</summary>
    internal ulong DeviceValue { get; private set; }

    /// <summary>Gets or sets its EFLAGS.AC.</summary>
    internal bool AlignmentCheck { get; set; }

    private AccessFlags Flags =>
        (User ? AccessFlags.User : AccessFlags.None) | (AlignmentCheck ? AccessFlags.AlignmentCheck : AccessFlags.None);

    /// <inheritdoc/>
    public bool TryLoad(ulong address, int bytes, out ulong value)
    {
        Span<byte> buffer = stackalloc byte[8];
        buffer.Clear();
        _machine.Recorder?.Access(address, new Access(AccessKind.Read, Flags));
        bool done = _machine.Vcpu.Walker.TryRead(new Gva(address), buffer[..bytes], out WalkResult result, Flags);
        _machine.Recorder?.Accessed();
        value = BinaryPrimitives.ReadUInt64LittleEndian(buffer);
        Refusal = result;
        return done;
    }

    /// <inheritdoc/>
    public bool TryStore(ulong address, int bytes, ulong value)
    {
        Span<byte> buffer = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(buffer, value);
        MmuVcpu vcpu = _machine.Vcpu;
        for (int done = 0; done < bytes;)
        {
            var at = new Gva(address + (ulong)done);
            var access = new Access(AccessKind.Write, Flags);
            _machine.Recorder?.Access(at.Value, access);
            bool translated = vcpu.Walker.Translate(at, access, out WalkResult walk);
            _machine.Recorder?.Accessed();
            if (!translated)
            {
                Refusal = walk;
                return false;
            }

            int count = Math.Min(bytes - done, 4096 - (int)(at.Value & 0xFFF));
            if (!_machine.Vm.TryWrite(walk.Gpa, buffer.Slice(done, count)))
            {
                DeviceStores++;
                DeviceValue = value;
            }
            else
            {
                _machine.Recorder?.Stored(at.Value, walk.Gpa.Value, buffer.Slice(done, count));
            }

            done += count;
        }

        return true;
    }
}
