// Vm: what a VM is created with.
using System;
using System.Globalization;
using System.Numerics;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Memory;

namespace Mmu.Vm;

/// <summary>What a VM is created with. The defaults are those of a software client: no processor walks the tables.</summary>
public sealed record MmuVmOptions
{
    /// <summary>Most vCPUs that can be asked for.</summary>
    public const int VcpuLimit = 1024;

    /// <summary>Most entries of a dirty ring.</summary>
    public const int DirtyRingLimit = 65536;

    private const int NoProcessor = 52;
    private const ulong BytesPerTablePage = 16 * 1024;
    private const ulong SlotBytes = 4UL << 30;
    private const int RootsPerVcpu = 4;

    /// <summary>The guest's CPU. Fixed for the life of the VM: roles and reserved bits of every table follow from it.</summary>
    public CpuFeatures Features { get; init; } = new();

    /// <summary>Where the tables live.</summary>
    public TableBacking TableBacking { get; init; } = TableBacking.Own();

    /// <summary>Pages of 4 KiB for tables, those for the roots of PAE paging and the dummy root included: 8 to 2^22.</summary>
    public uint TablePages { get; init; } = 65536;

    /// <summary>
    /// Most tables in use before the oldest are taken apart; null for as many as there are pages. At least 8; a vCPU in 32-bit, PAE or no paging
    /// needs 10 for itself.
    /// </summary>
    public uint? TableQuota { get; init; }

    /// <summary>
    /// Host frame of the first table page, as the processor that walks the tables sees it; null for the page's address in this process divided
    /// by 4096, which is right where no processor does.
    /// </summary>
    public Pfn? FirstTableFrame { get; init; }

    /// <summary>MAXPHYADDR of the processor that walks the tables, 32 to 52 bits; 52 where none does.</summary>
    public int HostPhysicalAddressBits { get; init; } = NoProcessor;

    /// <summary>Memory-encryption bit (AMD's C-bit) that every entry gets, as a mask of one of bits 51:12; 0 for none.</summary>
    public ulong EncryptionBit { get; init; }

    /// <summary>
    /// Keeps what entries that are not present name out of the cache: for processors with L1 Terminal Fault. Needs at most 46 physical address
    /// bits.
    /// </summary>
    public bool L1tf { get; init; }

    /// <summary>Nested paging: a processor that walks the guest's tables itself and ours after them. Null for the Shadow MMU.</summary>
    public TdpOptions? Tdp { get; init; }

    /// <summary>
    /// What the tables look like on which guests of the guest run behind EPT or NPT, where the guest itself is on the Shadow MMU. Null where <see cref="Tdp"/> is
    /// given, which then says it for both, or where the guest has no guests of its own behind such tables.
    /// </summary>
    public TdpOptions? Nested { get; init; }

    /// <summary>
    /// Keeps huge pages from being executable, for processors that a guest could halt otherwise (iTLB multihit, CVE-2018-12207): where the guest
    /// fetches, it gets pages of 4 KiB. Of VMs on nested paging.
    /// </summary>
    public bool NxHugePages { get; init; }

    /// <summary>
    /// Address space in bytes for what the library keeps about tables and slots; memory is taken as it is used. Null for enough for all
    /// tables and 256 GiB of slots, generously.
    /// </summary>
    public ulong? PrivateBytes { get; init; }

    /// <summary>Most vCPUs: 1 to <see cref="VcpuLimit"/>.</summary>
    public int MaxVcpus { get; init; } = 64;

    /// <summary>
    /// Entries of each vCPU's dirty ring, for logs with <see cref="DirtyLogOptions.UseRings"/>: a power of two, at most <see cref="DirtyRingLimit"/>, and twice
    /// what is kept in reserve at least: 128, or 2048 with <see cref="PageModificationLog"/>. 0 for no rings.
    /// </summary>
    public int DirtyRingEntries { get; init; }

    /// <summary>
    /// The processors that run vCPUs on nested tables with accessed and dirty bits note the pages whose dirty bits they set, and the VMM hands these to
    /// <see cref="MmuVcpu.DrainDirtyPages"/> after each exit (Intel SDM "Page-Modification Logging"). Dirty logs then clear dirty bits
    /// in these tables, where they would write-protect otherwise.
    /// </summary>
    public bool PageModificationLog { get; init; }

    /// <summary>Entries of a ring that stay free.</summary>
    internal int DirtyRingReserve => DirtyRing.Reserved + (PageModificationLog ? DirtyRing.ProcessorEntries : 0);

    /// <summary>Pages for the roots of PAE paging, as far as the table pages reach.</summary>
    internal int PaeRootPages => (int)Math.Min((((uint)MaxVcpus * RootsPerVcpu) + PaeRootPool.RootsPerPage - 1) / PaeRootPool.RootsPerPage, TablePages / 4);

    /// <summary>Address space for the private arena.</summary>
    internal ulong PrivateReserve => PrivateBytes ?? (SlotBytes + (TablePages * BytesPerTablePage));

    /// <summary>Throws for the first option that is outside its limits.</summary>
    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Features);
        ArgumentNullException.ThrowIfNull(TableBacking);
        Features.Validate();
        Require(TablePages is >= 8 and <= TableArena.MaxPages, nameof(TablePages), TablePages, $"8 to {TableArena.MaxPages} pages");
        Require(TableQuota is not < 8, nameof(TableQuota), TableQuota, "at least 8 tables");
        Require(MaxVcpus is >= 1 and <= VcpuLimit, nameof(MaxVcpus), MaxVcpus, $"1 to {VcpuLimit}");
        Require(
            DirtyRingEntries == 0 || (BitOperations.IsPow2(DirtyRingEntries) && DirtyRingEntries >= 2 * DirtyRingReserve && DirtyRingEntries <= DirtyRingLimit),
            nameof(DirtyRingEntries), DirtyRingEntries, $"0 or a power of two from {2 * DirtyRingReserve} to {DirtyRingLimit}");
        Require(PrivateBytes is not 0, nameof(PrivateBytes), PrivateBytes, "more than 0 bytes");
        Require(PrivateBytes is not > 1UL << 46, nameof(PrivateBytes), PrivateBytes, "at most 2^46 bytes");
        Require(HostPhysicalAddressBits is >= 32 and <= 52, nameof(HostPhysicalAddressBits), HostPhysicalAddressBits, "32 to 52 bits");
        Require(
            EncryptionBit == 0 || (BitOperations.IsPow2(EncryptionBit) && EncryptionBit is >= 1UL << 12 and <= 1UL << 51),
            nameof(EncryptionBit), EncryptionBit, "0 or one of bits 51:12");
        Require(!L1tf || HostPhysicalAddressBits <= 46, nameof(L1tf), L1tf, "at most 46 bits of HostPhysicalAddressBits");
        Require(!L1tf || EncryptionBit == 0, nameof(L1tf), L1tf, "no EncryptionBit, as no processor has both");
        Require(!NxHugePages || Tdp is not null, nameof(NxHugePages), NxHugePages, "false without Tdp");
        if (Tdp is { } tdp)
        {
            ValidateTdp(tdp, nameof(Tdp));
        }

        Require(Nested is null || Tdp is null, nameof(Nested), "given", "null where Tdp is given");
        if (Nested is { } nested)
        {
            ValidateTdp(nested, nameof(Nested));
        }

        ValidateFrames();
    }

    private static void ValidateTdp(TdpOptions tdp, string name)
    {
        Require(Enum.IsDefined(tdp.Format), $"{name}.Format", tdp.Format, "a TdpFormat");
        Require(tdp.Levels is 4 or 5, $"{name}.Levels", tdp.Levels, "4 or 5");
        Require(tdp.HighestPageLevel is >= 1 and <= 3, $"{name}.HighestPageLevel", tdp.HighestPageLevel, "1 to 3");
        Require(!tdp.HonoursGuestPat || tdp.Format != TdpFormat.Npt, $"{name}.HonoursGuestPat", tdp.HonoursGuestPat, "false with NPT, which always does");
        Require(!tdp.ExecuteOnly || tdp.Format != TdpFormat.Npt, $"{name}.ExecuteOnly", tdp.ExecuteOnly, "false with NPT, whose pages can all be read");
    }

    private void ValidateFrames()
    {
        Require(
            FirstTableFrame is not null || HostPhysicalAddressBits == NoProcessor, nameof(FirstTableFrame), "null",
            "given where HostPhysicalAddressBits says that a processor walks the tables");
        if (FirstTableFrame is not { } frame)
        {
            return;
        }

        ulong limit = 1UL << (HostPhysicalAddressBits - 12);
        Require(
            frame.Value < limit && limit - frame.Value >= TablePages, nameof(FirstTableFrame), frame,
            $"such that all {TablePages} pages are below frame 0x{limit:x}");
        Require(
            EncryptionBit == 0 || (((frame.Value | (frame.Value + TablePages - 1)) << 12) & EncryptionBit) == 0, nameof(FirstTableFrame), frame,
            "without the EncryptionBit");
    }

    private static void Require(bool condition, string option, object? value, string limit)
    {
        if (!condition)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"MmuVmOptions.{option} must be {limit}; it is {value}."), option);
        }
    }
}
