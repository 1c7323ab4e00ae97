// Handles: what the numbers that C programs hold stand for.
using System;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Threading;

namespace Mmu.Native.Handles;

/// <summary>
/// Objects by handle. A handle is index, kind and generation in one number; generations start at random, so that a handle of an earlier object, of
/// another kind or of another copy of the library is found out.
/// </summary>
/// <param name="kind">1 to 15.</param>
internal sealed class HandleTable<T>(uint kind)
    where T : HandleRecord
{
    // Handle: 23:0 index, 27:24 kind, 63:28 generation.
    private const int IndexBits = 24;
    private const int GenerationShift = 28;
    private const ulong IndexMask = (1UL << IndexBits) - 1;

    private readonly Lock _lock = new();

    // Replaced when it grows; entries are written under the lock and read without.
    private T?[] _records = new T?[16];

    // guarded by: _lock
    private ulong _generation = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1;

    /// <summary>Finds the object of a handle; null if it stands for none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T? Find(ulong handle)
    {
        T?[] records = Volatile.Read(ref _records);
        ulong index = handle & IndexMask;
        return index < (ulong)records.Length && records[index] is { } record && record.Handle == handle ? record : null;
    }

    /// <summary>Gives an object a handle.</summary>
    internal ulong Add(T record)
    {
        lock (_lock)
        {
            int index = Array.IndexOf(_records, null);
            if (index < 0)
            {
                index = _records.Length;
                T?[] larger = new T?[index * 2];
                _records.CopyTo(larger, 0);
                Volatile.Write(ref _records, larger);
            }

            _generation = unchecked(_generation + 1);
            record.Handle = (_generation << GenerationShift) | ((ulong)kind << IndexBits) | (uint)index;
            Volatile.Write(ref _records[index], record);
            return record.Handle;
        }
    }

    /// <summary>Makes a handle stale.</summary>
    internal void Remove(T record)
    {
        lock (_lock)
        {
            _records[record.Handle & IndexMask] = null;
            record.Handle = 0;
        }
    }
}
