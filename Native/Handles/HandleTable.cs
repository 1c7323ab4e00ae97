// Handles: what the numbers that C programs hold stand for.
using System;
using System.Runtime.CompilerServices;
using System.Threading;

namespace Mmu.Native.Handles;

/// <summary>
/// Objects by handle. A handle is index, kind and generation in one number; generations start at random, so that a handle of an earlier object, of
/// another kind or of another copy of the library is found out.
/// </summary>
internal static class HandleTable<T>
    where T : HandleRecord, IHandleKind
{
    // Handle: 23:0 index, 27:24 kind, 63:28 generation.
    private const int IndexBits = 24;
    private const int GenerationShift = 28;
    private const ulong IndexMask = (1UL << IndexBits) - 1;

    // Replaced when it grows; entries are written under the lock and read without.
    private static T?[] _records = new T?[16];

    /// <summary>Finds the object of a handle; null if it stands for none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T? Find(ulong handle)
    {
        T?[] records = Volatile.Read(ref _records);
        uint index = (uint)(handle & IndexMask);
        return index < (uint)records.Length && records[index] is { } record && record.Handle == handle ? record : null;
    }

    /// <summary>Gives an object a handle.</summary>
    internal static ulong Add(T record)
    {
        lock (Changes.Lock)
        {
            int index = Array.IndexOf(_records, null);
            if (index < 0)
            {
                index = _records.Length;
                T?[] larger = new T?[index * 2];
                _records.CopyTo(larger, 0);
                Volatile.Write(ref _records, larger);
            }

            record.Handle = (Changes.NextGeneration() << GenerationShift) | ((ulong)T.Kind << IndexBits) | (uint)index;
            Volatile.Write(ref _records[index], record);
            return record.Handle;
        }
    }

    /// <summary>Makes a handle stale. An object that has none, because memory ran out before it got one, takes no other's.</summary>
    internal static void Remove(T record)
    {
        lock (Changes.Lock)
        {
            if (record.Handle != 0)
            {
                _records[record.Handle & IndexMask] = null;
                record.Handle = 0;
            }
        }
    }

    // Apart, so that a call that finds its object does not ask whether all this was initialized.
    private static class Changes
    {
        internal static readonly Lock Lock = new();

        // Random numbers of the system's; those of System.Security.Cryptography would load OpenSSL. guarded by: Lock
        private static ulong _generation = BitConverter.ToUInt64(Guid.NewGuid().ToByteArray()) | 1;

        internal static ulong NextGeneration() => _generation = unchecked(_generation + 1);
    }
}
