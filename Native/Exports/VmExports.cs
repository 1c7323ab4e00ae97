// Exports: VMs.
using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Mmu.Memory;
using Mmu.Native.Abi;
using Mmu.Native.Handles;
using Mmu.Native.Hosting;
using Mmu.Vm;

namespace Mmu.Native.Exports;

/// <summary>
/// Virtual machines. Any thread, several at a time; not a thread that has a vCPU of the VM in guest, and not a callback.
/// </summary>
internal static unsafe class VmExports
{
    /// <summary>Creates a VM without slots and vCPUs.</summary>
    /// <param name="options">Its options; NULL for the defaults.</param>
    /// <param name="host">The VMM's callbacks, copied; NULL for none.</param>
    /// <param name="vm">Receives the VM.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_create")]
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "No exception may reach the C side.")]
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "mmu_vm_destroy disposes of it.")]
    internal static Status Create([In] AbiVmOptions* options, [In] AbiHost* host, VmHandle* vm)
    {
        try
        {
            AbiVmOptions given = default;
            AbiHost callbacks = default;
            Status status = options == null ? Status.Ok : Sized.Read(options, out given);
            status = status != Status.Ok || host == null ? status : Sized.Read(host, out callbacks);
            if (status != Status.Ok)
            {
                return status;
            }

            if (vm == null)
            {
                return Failure.OfNull(nameof(vm));
            }

            MmuVmOptions chosen = OptionsOf(given);
            NativeHost native = new(callbacks);
            *vm = VmRecord.Add(new VmRecord(MmuVm.Create(chosen, native), native, chosen.MaxVcpus));
            return Status.Ok;
        }
        catch (Exception exception)
        {
            return Failure.Of(exception, Status.ErrorNoRoom);
        }
    }

    /// <summary>
    /// Destroys a VM and its vCPUs, none of which is in guest; their handles become stale. The slots' memory stays the caller's.
    /// </summary>
    /// <param name="vm">The VM.</param>
    /// <returns>MMU_ERROR_BUSY if another thread is in a call for it, MMU_ERROR_STATE if a vCPU is in guest; nothing is destroyed then.</returns>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_destroy")]
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "No exception may reach the C side.")]
    internal static Status Destroy(VmHandle vm)
    {
        try
        {
            Status status = VmRecord.Enter(vm, out VmRecord record);
            return status == Status.Ok ? record.Destroy() : status;
        }
        catch (Exception exception)
        {
            return Failure.Of(exception, Status.ErrorState);
        }
    }

    /// <summary>Where the tables lie.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="memory">Receives it; its struct_size is set.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_table_memory")]
    internal static Status GetTableMemory(VmHandle vm, AbiTableMemory* memory) =>
        VmCall.Do(vm, new Ptr<AbiTableMemory>(memory), static (vm, memory) =>
        {
            Status status = Sized.Check(memory.Value);
            if (status == Status.Ok)
            {
                TableMemory found = vm.TableMemory;
                Sized.Write(memory.Value, new AbiTableMemory
                {
                    HostAddress = found.HostAddress,
                    Bytes = found.Bytes,
                    FirstFrame = found.FirstFrame.Value,
                });
            }

            return status;
        });

    /// <summary>Makes every table obsolete, at once: each vCPU starts with empty ones at its next entry. Those in guest are kicked.</summary>
    /// <param name="vm">The VM.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_zap_all")]
    internal static Status ZapAll(VmHandle vm) => VmCall.Do(vm, 0, static (vm, _) =>
    {
        vm.ZapAll();
        return Status.Ok;
    });

    /// <summary>Takes some tables apart that mmu_vm_zap_all left; for a thread with nothing better to do.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="more">Receives whether there are more.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_reclaim_obsolete")]
    internal static Status ReclaimObsolete(VmHandle vm, uint* more) => more == null ? Failure.OfNull(nameof(more))
        : VmCall.Do(vm, new Ptr<uint>(more), static (vm, more) =>
        {
            *more.Value = vm.ReclaimObsolete() ? 1u : 0;
            return Status.Ok;
        });

    /// <summary>Takes tables apart, oldest first, to give memory back.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="pages">How many at most.</param>
    /// <param name="done">Receives how many were.</param>
    [UnmanagedCallersOnly(EntryPoint = "mmu_vm_shrink")]
    internal static Status Shrink(VmHandle vm, uint pages, uint* done) => done == null ? Failure.OfNull(nameof(done))
        : VmCall.Do(vm, (pages, new Ptr<uint>(done)), static (vm, a) =>
        {
            *a.Item2.Value = (uint)vm.Shrink(Clamp(a.pages));
            return Status.Ok;
        });

    private static MmuVmOptions OptionsOf(in AbiVmOptions given)
    {
        MmuVmOptions defaults = new();
        Refuse((uint)given.Flags >= (uint)VmFlags.PageModificationLog * 2, "flags");
        Refuse((uint)given.Vendor > (uint)CpuVendor.Amd, "vendor");
        Refuse(((uint)given.LackingFeatures & ~0x1FFFu) != 0, "lacking_features");
        Refuse((given.Flags & VmFlags.TablesInFile) != 0 && given.TableAddress != 0, "table_address");
        return defaults with
        {
            Features = FeaturesOf(given),
            TableBacking = BackingOf(given),
            TablePages = given.TablePages == 0 ? defaults.TablePages : given.TablePages,
            TableQuota = given.TableQuota == 0 ? null : given.TableQuota,
            FirstTableFrame = given.FirstTableFrame == 0 ? null : new Pfn(given.FirstTableFrame),
            HostPhysicalAddressBits = given.HostPhysicalAddressBits == 0 ? defaults.HostPhysicalAddressBits : Clamp(given.HostPhysicalAddressBits),
            EncryptionBit = given.EncryptionBit,
            Tdp = TdpOf(given),
            NxHugePages = (given.Flags & VmFlags.NxHugePages) != 0,
            L1tf = (given.Flags & VmFlags.L1tf) != 0,
            PrivateBytes = given.PrivateBytes == 0 ? null : given.PrivateBytes,
            MaxVcpus = given.MaxVcpus == 0 ? defaults.MaxVcpus : Clamp(given.MaxVcpus),
            DirtyRingEntries = Clamp(given.DirtyRingEntries),
            PageModificationLog = (given.Flags & VmFlags.PageModificationLog) != 0,
        };
    }

    private static TdpOptions? TdpOf(in AbiVmOptions given)
    {
        if ((given.Flags & VmFlags.Nested) == 0)
        {
            Refuse((given.Flags & (VmFlags.HonoursGuestPat | VmFlags.ExecuteOnly)) != 0, "flags");
            Refuse(given.NestedFormat != 0 || given.NestedLevels != 0 || given.NestedHighestPageLevel != 0, "nested_format, nested_levels or nested_highest_page_level");
            return null;
        }

        TdpOptions defaults = new();
        Refuse((uint)given.NestedFormat > (uint)TdpFormat.Npt, "nested_format");
        return defaults with
        {
            Format = given.NestedFormat,
            Levels = given.NestedLevels == 0 ? defaults.Levels : Clamp(given.NestedLevels),
            HighestPageLevel = given.NestedHighestPageLevel == 0 ? defaults.HighestPageLevel : Clamp(given.NestedHighestPageLevel),
            HonoursGuestPat = (given.Flags & VmFlags.HonoursGuestPat) != 0,
            ExecuteOnly = (given.Flags & VmFlags.ExecuteOnly) != 0,
        };
    }

    private static CpuFeatures FeaturesOf(in AbiVmOptions given)
    {
        FeatureFlags lacking = given.LackingFeatures;
        bool Has(FeatureFlags feature) => (lacking & feature) == 0;
        return new CpuFeatures
        {
            Vendor = given.Vendor,
            PhysicalAddressBits = given.PhysicalAddressBits == 0 ? new CpuFeatures().PhysicalAddressBits : Clamp(given.PhysicalAddressBits),
            Pse = Has(FeatureFlags.Pse),
            Pse36 = Has(FeatureFlags.Pse36),
            Pages1G = Has(FeatureFlags.Pages1G),
            NoExecute = Has(FeatureFlags.NoExecute),
            GlobalPages = Has(FeatureFlags.GlobalPages),
            Pcid = Has(FeatureFlags.Pcid),
            Smep = Has(FeatureFlags.Smep),
            Smap = Has(FeatureFlags.Smap),
            Pku = Has(FeatureFlags.Pku),
            Pks = Has(FeatureFlags.Pks),
            ShadowStacks = Has(FeatureFlags.ShadowStacks),
            La57 = Has(FeatureFlags.La57),
            Lam = Has(FeatureFlags.Lam),
        };
    }

    private static TableBacking BackingOf(in AbiVmOptions given)
    {
        if (given.TableAddress != 0)
        {
            return TableBacking.Memory((nuint)given.TableAddress);
        }

        return (given.Flags & VmFlags.TablesInFile) != 0 ? TableBacking.File(given.TableFd, (long)given.TableOffset) : TableBacking.Own();
    }

    private static int Clamp(uint value) => (int)Math.Min(value, int.MaxValue);

    private static void Refuse(bool condition, string field)
    {
        if (condition)
        {
            throw new ArgumentException($"mmu_vm_options.{field} has a value that has no meaning, or none together with the others.");
        }
    }
}
