// Vmm.Run: the model's TLB: small, and as forgetful or stubborn as the architecture allows.
using System;
using System.Runtime.InteropServices;

namespace Mmu.Vmm.Run.Processors.Model;

/// <summary>Translations that stay until they are flushed, whatever the tables say by then.</summary>
internal sealed class ModelTlb
{
    private const int Size = 4096;

    private readonly Entry[] _entries = new Entry[Size];

    /// <summary>Looks a page up.</summary>
    internal bool TryFind(ulong address, uint access, out nuint page)
    {
        ref Entry entry = ref At(address, access);
        page = entry.Page;
        return entry.Key == KeyOf(address, access);
    }

    /// <summary>Keeps a translation.</summary>
    internal void Add(ulong address, uint access, nuint page) =>
        At(address, access) = new Entry { Key = KeyOf(address, access), Page = page };

    /// <summary>Forgets one page.</summary>
    internal void Forget(ulong address)
    {
        for (uint access = 0; access < 16; access++)
        {
            ref Entry entry = ref At(address, access);
            if (entry.Key == KeyOf(address, access))
            {
                entry = default;
            }
        }
    }

    /// <summary>Forgets everything.</summary>
    internal void Clear() => Array.Clear(_entries);

    // Never 0, which marks an empty entry.
    private static ulong KeyOf(ulong address, uint access) => (address & ~0xFFFUL) | 16 | access;

    private ref Entry At(ulong address, uint access) => ref _entries[(((address >> 12) * 16) + access + (address >> 24)) & (Size - 1)];

    [StructLayout(LayoutKind.Auto)]
    private struct Entry
    {
        internal ulong Key;
        internal nuint Page;
    }
}
