// Vm: atomic operations of an instruction emulator.
using System.Numerics;
using System.Runtime.CompilerServices;
using Mmu.Addressing;
using Mmu.Common;

namespace Mmu.Vm;

public sealed partial class MmuVm
{
    /// <summary>
    /// Compares and exchanges a value in guest memory, as a locked instruction of the guest would, and announces the store if it was made. Nothing is
    /// written unless all of it lies in writable slots.
    /// </summary>
    /// <typeparam name="T">An unsigned integer of 1, 2, 4 or 8 bytes.</typeparam>
    /// <param name="gpa">Its first address, at any alignment.</param>
    /// <param name="expected">The value that must be there.</param>
    /// <param name="value">The value to put there.</param>
    /// <param name="exchanged">True if it was exchanged.</param>
    /// <param name="addressSpace">0, or 1 for vCPUs in system-management mode.</param>
    /// <returns>False if a byte lies outside every writable slot.</returns>
    /// <exception cref="System.NotSupportedException"><typeparamref name="T"/> has another size.</exception>
    public bool TryCompareExchange<T>(Gpa gpa, T expected, T value, out bool exchanged, int addressSpace = 0)
        where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T>
    {
        RefuseCaller();
        RefuseAddressSpace(addressSpace);

        // As for TryWrite.
        using (MmuWriteGuard held = _core.Lock.Enter())
        {
            if (!_core.Memories[addressSpace].TryCompareExchange(gpa, expected, value, out exchanged))
            {
                return false;
            }
        }

        if (exchanged)
        {
            GuestWrote(gpa, Unsafe.SizeOf<T>(), addressSpace);
        }

        return true;
    }
}
