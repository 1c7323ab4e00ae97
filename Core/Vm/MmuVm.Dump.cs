// Vm: a VM in words.
using System;
using System.Globalization;
using System.Text;
using Mmu.Common;
using Mmu.Guest;

namespace Mmu.Vm;

public sealed partial class MmuVm
{
    /// <summary>
    /// The VM in words: its counters, slots and vCPUs, and what the tables of each vCPU map, adjacent pages on one line. For people, after a suspicion; the
    /// format is not fixed. Holds the lock throughout.
    /// </summary>
    /// <param name="mostLines">Lines for the tables of a vCPU; what there is no room for is left out, and that is said.</param>
    /// <returns>The text.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="mostLines"/> is negative.</exception>
    public string Dump(int mostLines = 4096)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(mostLines);
        RefuseCaller();
        StringBuilder text = new();
        _ = text.Append(GetStatistics()).Append('\n');
        using RankedHold hold = _slotsLock.Enter();
        using MmuWriteGuard held = _core.Lock.Enter();
        foreach (SlotRecords records in _core.Slots)
        {
            foreach (SlotRecord record in records.All)
            {
                MemorySlot slot = record.Slot;
                _ = text.Append(
                    CultureInfo.InvariantCulture,
                    $"slot {record.Id}, space {record.AddressSpace}: {slot.Base} to {slot.Last}, host 0x{slot.HostAddress:x}, frame {slot.HostFrame}, {slot.Flags}{(record.IsLogged ? ", logged" : "")}\n");
            }
        }

        foreach (MmuVcpu? vcpu in _vcpus)
        {
            if (vcpu is not null)
            {
                Dump(vcpu.Inner, text, mostLines);
            }
        }

        return text.ToString();
    }

    private void Dump(Vcpu vcpu, StringBuilder text, int mostLines)
    {
        // As the vCPU's thread left it: it takes the lock before it changes its root.
#if MMU_FAULT_262
        bool hasRoot = true;
#else
        bool hasRoot = (vcpu.Pending & VcpuRequests.LoadRoot) == 0;
#endif
        _ = text.Append(
            CultureInfo.InvariantCulture,
            $"vCPU {vcpu.Id}: {vcpu.Walker.ControlState}, {(_core.Gate.IsInside(vcpu.Id) ? "in guest" : "not in guest")}, {(hasRoot ? $"root 0x{vcpu.RootAddress:x}" : "no root")}\n");
        if (hasRoot)
        {
            new TableDump(_core, text, mostLines).Write(vcpu, _tdp);
        }
    }
}
