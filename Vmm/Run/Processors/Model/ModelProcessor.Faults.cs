// Vmm.Run: the model's page faults, and its returns from them.
using System;

namespace Mmu.Vmm.Run.Processors.Model;

internal sealed unsafe partial class ModelProcessor
{
    // EFLAGS.IOPL, which only ring 0 changes.
    private const ulong PrivilegeLevel = 0x3000;

    private void ReturnFromInterrupt()
    {
        int word = _bits / 8;
        ulong stack = Registers[CpuRegisters.Rsp];
        if (!TryLoad(stack, word, out ulong rip) || !TryLoad(stack + (ulong)word, word, out ulong cs)
            || !TryLoad(stack + (2 * (ulong)word), word, out ulong flags))
        {
            DeliverFault();
            return;
        }

        // In 32-bit mode a return to the same ring keeps the stack.
        ulong rsp = stack + (3 * (ulong)word);
        var ring = (Ring)(cs & 3);
        if ((_bits == 64 || ring > _ring) && !TryLoad(rsp, word, out rsp))
        {
            DeliverFault();
            return;
        }

        ulong kept = _ring == Ring.Kernel ? 0UL : PrivilegeLevel;
        Jump(ring, rip, rsp, (flags & ~kept) | (Registers.Flags & kept));
    }

    private void DeliverFault()
    {
        if (_death is not null)
        {
            return;
        }

        if (!_isPageFault)
        {
            _death = $"an access to 0x{_fault:x}, which is not canonical";
            return;
        }

        Cr2 = _fault;
        ulong code = _faultCode;
        Ring ring = _ring;
        _ring = Ring.Kernel;
        ulong word = (ulong)_bits / 8;
        ulong gate = _descriptors.Idt + (ulong)(PageFaultVector * _descriptors.GateBytes);
        ulong high = 0;
        bool hasStack = false;
        if (!TryLoad(gate, 8, out ulong low) || (_bits == 64 && !TryLoad(gate + 8, 8, out high))
            || !TryLoad(_descriptors.Tss + ((hasStack = _bits == 64 && (low >> 32 & 7) != 0) ? 0x24u : 4u), (int)word, out ulong stack))
        {
            _death = "triple fault: the descriptor tables cannot be read";
            return;
        }

        if (ring == Ring.Kernel && !hasStack)
        {
            stack = Registers[CpuRegisters.Rsp];
        }

        stack &= _bits == 64 ? ~0xFUL : ulong.MaxValue;
        ReadOnlySpan<ulong> words =
        [
            Descriptors.DataOf(ring), Registers[CpuRegisters.Rsp], Registers.Flags,
            Descriptors.CodeOf(ring), Registers.Rip, code,
        ];
        foreach (ulong value in words[(ring != Ring.Kernel || _bits == 64 ? 0 : 2)..])
        {
            stack -= word;
            if (!TryStoreAs(stack, (int)word, value, user: false))
            {
                _death = "triple fault: the stack of the page fault cannot be written";
                return;
            }
        }

        Jump(Ring.Kernel, Descriptors.HandlerOf(low, high), stack, 2);
    }
}
