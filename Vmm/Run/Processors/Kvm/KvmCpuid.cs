// Vmm.Run: what KVM's processor can do, from its CPUID.
// UNSAFETY: fills a table on the stack that the kernel reads and writes.
using System;
using Mmu.Architecture;

namespace Mmu.Vmm.Run.Processors.Kvm;

/// <summary>The CPUID that KVM supports: given to the vCPU, and read as <see cref="CpuFeatures"/>.</summary>
internal static unsafe class KvmCpuid
{
    private const int Entries = 256;
    private const int EntryWords = 10;
    private const int HeaderWords = 2;

    /// <summary>Gives a vCPU all that is supported.</summary>
    /// <returns>The features; null if KVM does not say.</returns>
    internal static CpuFeatures? Copy(int kvm, int vcpu)
    {
        uint* table = stackalloc uint[HeaderWords + (Entries * EntryWords)];
        new Span<uint>(table, HeaderWords + (Entries * EntryWords)).Clear();
        table[0] = Entries;
        if (KvmNative.Ioctl(kvm, KvmNative.GetSupportedCpuid, table) < 0 || KvmNative.Ioctl(vcpu, KvmNative.SetCpuid2, table) < 0)
        {
            return null;
        }

        return Read(new ReadOnlySpan<uint>(table + HeaderWords, (int)Math.Min(table[0], Entries) * EntryWords));
    }

    // An entry: function, index, flags, EAX, EBX, ECX, EDX, three words of padding.
    private static CpuFeatures Read(ReadOnlySpan<uint> entries)
    {
        ReadOnlySpan<uint> vendor = Find(entries, 0);
        ReadOnlySpan<uint> basic = Find(entries, 1);
        ReadOnlySpan<uint> extended = Find(entries, 7);
        ReadOnlySpan<uint> amd = Find(entries, 0x8000_0001);
        ReadOnlySpan<uint> sizes = Find(entries, 0x8000_0008);
        return new CpuFeatures
        {
            Vendor = vendor[1] == BitConverter.ToUInt32("Auth"u8) ? CpuVendor.Amd : CpuVendor.Intel,
            PhysicalAddressBits = sizes[0] == 0 ? 36 : (int)(sizes[0] & 0xFF),
            Pages1G = Has(amd[3], 26),
            NoExecute = Has(amd[3], 20),
            Pcid = Has(basic[2], 17),
            Smep = Has(extended[1], 7),
            Smap = Has(extended[1], 20),
            Pku = Has(extended[2], 3),
            La57 = Has(extended[2], 16),
            Pks = false,
            ShadowStacks = false,
            Lam = false,
        };
    }

    private static ReadOnlySpan<uint> Find(ReadOnlySpan<uint> entries, uint function)
    {
        for (int i = 0; i < entries.Length; i += EntryWords)
        {
            if (entries[i] == function && entries[i + 1] == 0)
            {
                return entries.Slice(i + 3, 4);
            }
        }

        return [0, 0, 0, 0];
    }

    private static bool Has(uint word, int bit) => (word >> bit & 1) != 0;
}
