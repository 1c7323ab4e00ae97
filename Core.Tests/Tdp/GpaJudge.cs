// TDP judge: holds what a processor reached on our tables against what the slots and the host say now.
using System.Collections.Generic;
using System.Globalization;
using Mmu.Common;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Tdp;

/// <summary>
/// Judges accesses that went through. Whoever takes something away flushes before he returns, so that in a stream nothing old is ever right.
/// </summary>
internal sealed class GpaJudge(GpaVm vm)
{
    private const ulong EptTypeMask = 7 << 3;
    private const ulong EptWriteBack = 6 << 3;
    private const ulong EptIgnorePat = 1 << 6;
    private const int MmuPresent = 11;

    /// <summary>Judges an access that reached a page.</summary>
    /// <exception cref="JudgeException">It must not have.</exception>
    internal void Reached(int addressSpace, ulong gpa, GpaAccess access, GpaPage page)
    {
        ulong gfn = gpa >> 12;
        bool write = access.Writes(vm.Options.Format);
        ulong frame = page.PhysicalOf(gpa) >> 12;
        if (vm.World.Find(addressSpace, gfn) is not { } slot)
        {
            throw Wrong(access, addressSpace, gfn, frame, "where no slot is");
        }

        bool known = !slot.IsResolved || slot.AnswerOf(gfn) is ResolvedKind.Present or ResolvedKind.ReadOnly;
        string? wrong = frame != slot.FrameOf(gfn) ? string.Create(CultureInfo.InvariantCulture, $"which is at {slot.FrameOf(gfn):x}")
            : !known ? "which the host has taken away"
            : write && slot.IsReadOnly ? "which is read-only"
            : write && slot.IsResolved && slot.AnswerOf(gfn) == ResolvedKind.ReadOnly ? "which the host lets be read only"
            : write && vm.World.TrackCount(addressSpace, gfn) > 0 ? "whose writes are tracked"
            : slot.IsExecuteOnly && access.Kind != OracleKind.Fetch ? "from which is only to be fetched"
            : vm.Options.NxHugePages && access.Kind == OracleKind.Fetch && page.Shift > 12 ? "which is a huge page"
            : null;
        if (wrong is not null)
        {
            throw Wrong(access, addressSpace, gfn, frame, wrong);
        }

        vm.Guard.Check(addressSpace, gfn, write);
        vm.Reached++;
    }

    /// <summary>Judges the entry of a page that a vCPU in guest could reach: memory type, and D of what was written.</summary>
    internal void Entry(GpaVcpu vcpu, ulong gpa)
    {
        GpaWalkStep last = vm.Walker.Path(vcpu.Cpu.Root, gpa)[^1];
        if (!EntryRules.IsPresent(vm.Options.Format, last.Entry) || vm.World.Find(vcpu.AddressSpace, gpa >> 12) is not { } slot)
        {
            return;
        }

        if (vm.Options.Format != EntryFormat.Npt)
        {
            ulong type = slot.IsDevice ? 0 : EptWriteBack | (vm.Options.Tdp.HonoursGuestPat ? 0 : EptIgnorePat);
            if ((last.Entry & (EptTypeMask | EptIgnorePat)) != type)
            {
                throw new JudgeException(string.Create(CultureInfo.InvariantCulture, $"The entry {last.Entry:x} of {gpa:x} has another memory type than {type:x}."));
            }
        }

        // Where room is short, faults take tables apart.
        if (!vm.MayRunOut && vm.Guard.IsWritten(vcpu.AddressSpace, gpa >> 12) && !vcpu.IsKicked && !Bits.Has(last.Entry, EntryRules.DirtyBit(vm.Options.Format)))
        {
            throw new JudgeException(string.Create(CultureInfo.InvariantCulture, $"The page at {gpa:x} was written, but its entry {last.Entry:x} is not dirty."));
        }
    }

    /// <summary>Judges that no vCPU in guest has a page of a range for which something holds, by its tables or by its TLB.</summary>
    internal void None(int addressSpace, ulong first, ulong end, System.Predicate<GpaPage> found, string what)
    {
        foreach (GpaVcpu vcpu in vm.Vcpus)
        {
            if (!vcpu.IsInGuest || vcpu.AddressSpace != addressSpace)
            {
                continue;
            }

            foreach (GpaPage page in vm.Walker.Pages(vcpu.Cpu.Root, first << 12, (end - first) << 12))
            {
                Refuse(page, "the tables");
            }

            foreach ((ulong root, GpaPage page) in vcpu.Cpu.Tlb.Pages)
            {
                if (root == vcpu.Cpu.Root && page.Overlaps(first << 12, (end - first) << 12))
                {
                    Refuse(page, "a TLB");
                }
            }
        }

        void Refuse(GpaPage page, string where)
        {
            if (found(page))
            {
                throw new JudgeException(string.Create(CultureInfo.InvariantCulture, $"{what} {first:x}-{end:x} of space {addressSpace}, {where} have {page}."));
            }
        }
    }

    /// <summary>All pages of a range as the vCPUs in guest have them.</summary>
    internal List<GpaPage> Pages(int addressSpace, ulong first, ulong end)
    {
        List<GpaPage> pages = [];
        foreach (GpaVcpu vcpu in vm.Vcpus)
        {
            if (vcpu.IsInGuest && !vcpu.IsKicked && vcpu.AddressSpace == addressSpace)
            {
                pages.AddRange(vm.Walker.Pages(vcpu.Cpu.Root, first << 12, (end - first) << 12));
            }
        }

        return pages;
    }

    /// <summary>True if the library has a leaf for an address, even one that allows nothing.</summary>
    internal bool HasLeaf(ulong root, ulong gpa)
    {
        GpaWalkStep last = vm.Walker.Path(root, gpa)[^1];
        return Bits.Has(last.Entry, MmuPresent) && EntryRules.IsLeaf(last.Entry, last.Level);
    }

    private static JudgeException Wrong(GpaAccess access, int addressSpace, ulong gfn, ulong frame, string why) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{access} of frame {gfn:x} of space {addressSpace} reached host frame {frame:x}, {why}."));
}
