// Guest: compare-exchange of guest data at any alignment.
using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Mmu.Guest;

/// <summary>Compare-exchange of a value whose bytes may lie in two places.</summary>
internal static class DataExchange
{
    /// <summary>Refuses types that no locked instruction can exchange.</summary>
    /// <exception cref="NotSupportedException">The type has not 1, 2, 4 or 8 bytes.</exception>
    internal static void RefuseSize<T>()
        where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() is not 1 and not 2 and not 4 and not 8)
        {
            throw new NotSupportedException($"A compare-exchange of {Unsafe.SizeOf<T>()} bytes is not supported; 1, 2, 4 and 8 are.");
        }
    }

    /// <summary>
    /// Replaces the value whose first bytes lie at <paramref name="host"/> and the others at <paramref name="rest"/>, if it is the expected
    /// one.
    /// </summary>
    /// <remarks>One locked operation if the bytes are adjacent and the host's processor can do that at their alignment.</remarks>
    internal static bool TryExchange<T>(nuint host, int firstBytes, nuint rest, T expected, T value)
        where T : unmanaged, IBinaryInteger<T>
    {
        // Of the processors that .NET runs on, x86 locks at any alignment.
        bool isLockable = X86Base.IsSupported || host % (nuint)Unsafe.SizeOf<T>() == 0;
        if (isLockable && rest == host + (nuint)firstBytes)
        {
            return GuestWindow.TryExchange(host, expected, value);
        }

        T held = default;
        Span<byte> heldBytes = MemoryMarshal.AsBytes(new Span<T>(ref held));
        GuestWindow.Read(host, heldBytes[..firstBytes]);
        GuestWindow.Read(rest, heldBytes[firstBytes..]);
#if MMU_FAULT_31
        if (!heldBytes[..firstBytes].SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in expected))[..firstBytes]))
#else
        if (held != expected)
#endif
        {
            return false;
        }

        ReadOnlySpan<byte> valueBytes = MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value));
        GuestWindow.Write(host, valueBytes[..firstBytes]);
        GuestWindow.Write(rest, valueBytes[firstBytes..]);
        return true;
    }
}
