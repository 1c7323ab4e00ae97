// Vmm.Run: delivers a page fault to the guest's own handler.
using Mmu.Architecture;
using Mmu.Vmm.Run.Processors;

namespace Mmu.Vmm.Run;

/// <summary>
/// Builds the frame that the processor would have pushed on the guest's stack, from the guest's IDT and TSS, and lets the stub return into
/// the guest's handler.
/// </summary>
internal sealed class FaultInjector
{
    private const ulong ResumeFlag = 1UL << 16;
    private const ulong ClearedByGate = 0x4_7700;

    private readonly Window _window;
    private readonly VcpuBus _bus;
    private readonly Descriptors _guest;

    internal FaultInjector(Window window, VcpuBus bus, Descriptors guest)
    {
        _window = window;
        _bus = bus;
        _guest = guest;
    }

    /// <summary>Delivers the fault whose frame is in the window.</summary>
    /// <exception cref="GuestException">The guest's tables or stack cannot be used: a triple fault.</exception>
    internal void Inject(PageFaultCode code)
    {
        bool fromUser = (_window.Frame(FrameWord.Cs) & 3) == (ulong)Ring.User;
        _bus.User = false;
        _bus.AlignmentCheck = false;
        ulong gate = _guest.Idt + (ulong)(Window.PageFault * _guest.GateBytes);
        ulong high = 0;
        if (!_bus.TryLoad(gate, 8, out ulong low) || (_guest.Bits == 64 && !_bus.TryLoad(gate + 8, 8, out high))
            || !_bus.TryLoad(_guest.Tss + 4, _guest.Bits / 8, out ulong stack))
        {
            throw TripleFault("its descriptor tables cannot be read");
        }

        ulong handler = Descriptors.HandlerOf(low, high);
        if (handler == 0)
        {
            throw TripleFault("it has no handler for page faults");
        }

        // 64-bit mode aligns the stack and always pushes its old place; 32-bit mode does so only on the way from another ring.
        int wordBytes = _guest.Bits / 8;
        stack = fromUser ? stack : _window.Frame(FrameWord.Rsp);
        stack &= _guest.Bits == 64 ? ~0xFUL : ulong.MaxValue;
        for (FrameWord word = fromUser || _guest.Bits == 64 ? FrameWord.Ss : FrameWord.Flags; word >= FrameWord.Error; word--)
        {
            stack -= (ulong)wordBytes;
            ulong value = word switch
            {
                FrameWord.Error => (ulong)code,
                FrameWord.Flags => _window.Frame(word) | ResumeFlag,
                _ => _window.Frame(word),
            };
            if (!_bus.TryStore(stack, wordBytes, value))
            {
                throw TripleFault("the stack of its page-fault handler cannot be written");
            }
        }

        _window.SetFrame(FrameWord.Rip, handler);
        Ring ring = _guest.GuestRing(Ring.Kernel);
        _window.SetFrame(FrameWord.Cs, Descriptors.CodeOf(ring));
        _window.SetFrame(FrameWord.Ss, Descriptors.DataOf(ring));
        _window.SetFrame(FrameWord.Rsp, stack);
        _window.SetFrame(FrameWord.Flags, (_window.Frame(FrameWord.Flags) & ~ClearedByGate) | 2 | _guest.GuestFlags);
    }

    private GuestException TripleFault(string why) => new($"the guest triple-faults at 0x{_window.Frame(FrameWord.Rip):x}: {why}");
}
