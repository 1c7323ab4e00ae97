// Native: structs that begin with their size, so that they can grow.
using System;
using System.Runtime.CompilerServices;
using Mmu.Native.Abi;

namespace Mmu.Native;

/// <summary>
/// Structs that begin with their size. A caller's may be shorter than ours (an older header: what it lacks is 0) or longer (a newer one: what we do
/// not know must be 0).
/// </summary>
internal static unsafe class Sized
{
    // The size itself and the first field.
    private const uint Least = 8;

    // No struct will ever be larger: a size above is one that was never set.
    private const uint Most = 4096;

    /// <summary>Copies a caller's struct.</summary>
    internal static Status Read<T>(T* source, out T value)
        where T : unmanaged
    {
        value = default;
        if (source == null)
        {
            return Failure.OfNull(NameOf<T>());
        }

        uint size = *(uint*)source;
        if (size is < Least or > Most)
        {
            return BadSize<T>(size);
        }

        if (size > sizeof(T) && new ReadOnlySpan<byte>((byte*)source + sizeof(T), (int)size - sizeof(T)).ContainsAnyExcept((byte)0))
        {
            return Failure.Of(Status.ErrorStructSize, $"{NameOf<T>()} has fields set that this version of the library does not know.");
        }

        fixed (T* target = &value)
        {
            Buffer.MemoryCopy(source, target, sizeof(T), Math.Min(size, (uint)sizeof(T)));
        }

        return Status.Ok;
    }

    /// <summary>Checks a caller's struct that is to be written.</summary>
    internal static Status Check<T>(T* target)
        where T : unmanaged =>
        target == null ? Failure.OfNull(NameOf<T>()) : *(uint*)target is < Least or > Most ? BadSize<T>(*(uint*)target) : Status.Ok;

    /// <summary>Writes a caller's struct that was checked; its size stays.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Write<T>(T* target, in T value)
        where T : unmanaged
    {
        uint size = *(uint*)target;
        if (size == sizeof(T))
        {
            *target = value;
            *(uint*)target = size;
            return;
        }

        WriteOther(target, value, size);
    }

    /// <summary>An element of a caller's array that is to be written; the first one's size counts for all and was checked.</summary>
    internal static T* At<T>(T* first, uint index)
        where T : unmanaged
    {
        uint stride = *(uint*)first;
        T* target = (T*)((byte*)first + ((nuint)index * stride));
        *(uint*)target = stride;
        return target;
    }

    /// <summary>Writes an element of a caller's array.</summary>
    /// <inheritdoc cref="At"/>
    internal static void WriteAt<T>(T* first, uint index, in T value)
        where T : unmanaged => Write(At(first, index), value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WriteOther<T>(T* target, in T value, uint size)
        where T : unmanaged
    {
        fixed (T* source = &value)
        {
            uint known = Math.Min(size, (uint)sizeof(T));
            Buffer.MemoryCopy((byte*)source + sizeof(uint), (byte*)target + sizeof(uint), known - sizeof(uint), known - sizeof(uint));
            new Span<byte>((byte*)target + known, (int)(size - known)).Clear();
        }
    }

    private static Status BadSize<T>(uint size) =>
        Failure.Of(Status.ErrorStructSize, $"struct_size of {NameOf<T>()} is {size}; set it to its sizeof.");

    // AbiFaultResult is the caller's mmu_fault_result.
    private static string NameOf<T>() => typeof(T).Name["Abi".Length..];
}
