// Walk: what an engine's vCPU changes in its walker without preparing everything anew.
using Mmu.Architecture;
using Mmu.Guest;

namespace Mmu.Walk;

public sealed partial class GuestWalker
{
    private const ulong LamBits = ControlBits.Cr3LamU48 | ControlBits.Cr3LamU57;

    /// <summary>CR3 without the bit that keeps translations.</summary>
    internal ulong Cr3 => _cr3 & ~ControlBits.Cr3NoFlush;

    /// <summary>The control state but for CR3, which may be an older one.</summary>
    internal ref readonly ControlState State => ref _state;

    /// <summary>CR4.PCIDE.</summary>
    internal bool HasPcids => (_state.Cr4 & ControlBits.Cr4Pcide) != 0;

    /// <summary>The PDPTE registers in force, under PAE paging.</summary>
    internal ref readonly PdpteRegisters Pdptes => ref _context.Pdptes;

    /// <summary>
    /// A MOV to CR3: changes the root and nothing that is derived from other registers. Under PAE paging loads the
    /// PDPTE registers.
    /// </summary>
    /// <returns><see cref="ControlStateStatus.Legal"/>, or why it was refused; then nothing has changed.</returns>
    internal ControlStateStatus LoadCr3(ulong cr3)
    {
        cr3 &= ~ControlBits.Cr3NoFlush;
        if (((cr3 ^ _cr3) & LamBits) != 0)
        {
            return SetOwnState(_state with { Cr3 = cr3 });
        }

        WalkCode code = _context.Code;
        ulong root = WalkContextBuilder.Root(code, cr3);
        if (code.Levels >= 4)
        {
            if ((cr3 & _reservedInCr3) != 0)
            {
                return ControlStateStatus.Cr3Reserved;
            }
        }
        else if (code.RootInRegisters)
        {
            PdpteRegisters pdptes = default;
            ControlStateStatus status = LoadPdptes(_context, root, ref pdptes);
            if (status != ControlStateStatus.Legal)
            {
                return status;
            }

            _context.Pdptes = pdptes;
        }

        _context.Root = root;
        _cr3 = cr3;
        return ControlStateStatus.Legal;
    }

    /// <summary>True if the slots that the last walk used have all of these bytes in one piece.</summary>
    internal bool IsInOneSlot(ulong gpa, ulong bytes) =>
        _view.Table.TryFind(gpa, out GuestWindow window) && window.BytesFrom(gpa) >= bytes;

    /// <summary>Sees another address space from now on.</summary>
    internal void SwitchMemory(GuestMemory memory) => _memory = memory;
}
