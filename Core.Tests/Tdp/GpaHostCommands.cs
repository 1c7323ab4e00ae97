// TDP judge: what a VMM does to its guest's memory, and what must be true right afterwards.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Guest;
using Mmu.Tests.Conformance;
using Mmu.Tests.Judge;

namespace Mmu.Tests.Tdp;

internal sealed class GpaHostCommands(GpaVm vm, GpaJudge judge)
{
    private const int MostPages = 1100;

    private GpaSlot? _unplugged;

    internal void Execute(GpaStreamKind kind, SeededRandom random)
    {
        (GpaSlot slot, ulong first, ulong end) = PickRange(random);
        switch (kind)
        {
            case GpaStreamKind.ToggleHotSlot:
                ToggleHotSlot(random);
                break;
            case GpaStreamKind.Unmap:
                Unmap(slot, first, end);
                break;
            case GpaStreamKind.ChangeAnswers:
                ChangeAnswers(random);
                break;
            case GpaStreamKind.WriteProtect:
                Ask(first, end, (library, gpa, bytes) => library.WriteProtect(gpa, bytes, slot.AddressSpace));
                judge.None(slot.AddressSpace, first, end, page => page.Writable, "After a write protection of");
                vm.Guard.Protected(slot.AddressSpace, first, end);
                break;
            case GpaStreamKind.ClearDirty:
                ClearDirty(slot, first, end);
                break;
            case GpaStreamKind.Age:
                Age(slot, first, end);
                break;
            case GpaStreamKind.Split:
                Split(slot, first, end);
                break;
            case GpaStreamKind.Collapse:
                Collapse(slot, first, end);
                break;
            case GpaStreamKind.ZapRange:
                Forget(slot, first, end);
                Ask(first, end, (library, gpa, bytes) => library.ZapRange(gpa, bytes, slot.AddressSpace));
                judge.None(slot.AddressSpace, first, end, _ => true, "After a zap of");
                break;
            case GpaStreamKind.ZapAll:
                vm.AsHost(library => library.ZapAll());
                vm.Guard.ForgetAll();
                break;
            case GpaStreamKind.ZapObsolete:
                vm.AsHost(library => library.ReclaimObsolete());
                break;
            case GpaStreamKind.Shrink:
                vm.AsHost(library => library.Shrink(1 + random.Next(6)));
                vm.Guard.ForgetAll();
                break;
            case GpaStreamKind.Track:
                Track(slot, first);
                break;
            case GpaStreamKind.SetPrivate:
                SetPrivate(slot, first, Math.Min(end, first + 40), random.Next(2) == 0);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "No command.");
        }
    }

    private void Ask(ulong first, ulong end, Action<Mmu.Vm.MmuVm, Gpa, ulong> action) =>
        vm.AsHost(library => action(library, new Gpa(first << 12), (end - first) << 12));

    // The slot goes, comes back or moves; its memory stays the same.
    private void ToggleHotSlot(SeededRandom random)
    {
        ulong home = random.Next(2) == 0 ? GpaVm.HotFrame : GpaVm.OtherHotFrame;
        if (vm.HotSlot is not { } slot)
        {
            vm.HotSlot = _unplugged!.MovedTo(home);
            vm.Plug(vm.HotSlot);
            return;
        }

        if (home == slot.Gfn)
        {
            vm.AsHost(library => library.RemoveSlot(new Gpa(slot.Gfn << 12)));
            vm.World.Remove(slot);
            (_unplugged, vm.HotSlot) = (slot, null);
        }
        else
        {
            vm.Retry(() => vm.AsHost(library => library.MoveSlot(new Gpa(slot.Gfn << 12), new Gpa(home << 12))));
            vm.World.Remove(slot);
            vm.HotSlot = slot.MovedTo(home);
            vm.World.Slots.Add(vm.HotSlot);
        }

        vm.Guard.SlotRemoved(slot);
        judge.None(0, slot.Gfn, slot.Gfn + slot.Pages, _ => true, "After its slot was removed");
    }

    private void Unmap(GpaSlot slot, ulong first, ulong end)
    {
        for (ulong gfn = first; gfn < end && slot.IsResolved; gfn++)
        {
            slot.Move(gfn);
        }

        Forget(slot, first, end);
        Ask(first, end, (library, gpa, bytes) => library.UnmapRange(gpa, bytes, slot.AddressSpace));
        Unmapped(slot, first, end);
    }

    private void Unmapped(GpaSlot slot, ulong first, ulong end)
    {
        judge.None(slot.AddressSpace, first, end, _ => true, "After an unmapping of");
        vm.Guard.Unmapped(slot.AddressSpace, first, end);
        for (ulong gfn = first; gfn < end && slot.IsResolved; gfn++)
        {
            slot.Revoke(gfn);
        }
    }

    private void ChangeAnswers(SeededRandom random)
    {
        GpaSlot slot = vm.World.Find(0, GpaVm.DemandFrame)!;
        int pages = random.Next(3) == 0 ? 512 : 1 + random.Next(6);
        ulong first = slot.Gfn + (pages == 512 ? (ulong)random.Next(2) * 512 : (ulong)random.Next((int)slot.Pages - pages));
        ulong end = first + (ulong)pages;
        ResolvedKind kind = random.Next(2) == 0 ? ResolvedKind.Present : (ResolvedKind)random.Next(5);
        for (ulong gfn = first; gfn < end; gfn++)
        {
            slot.AnswerOf(gfn) = kind;
            if (random.Next(2) == 0 || pages == 512)
            {
                slot.Move(gfn);
            }
        }

        Forget(slot, first, end);
        Ask(first, end, (library, gpa, bytes) => library.UnmapRange(gpa, bytes));
        Unmapped(slot, first, end);
    }

    private void ClearDirty(GpaSlot slot, ulong first, ulong end)
    {
        Forget(slot, first, end);
        vm.AsHost(library =>
        {
            using MmuReadGuard held = library.Core.Lock.EnterSharedAsHost();
            SlotRecord record = library.Core.Slots[slot.AddressSpace].Find(first)!;
            if (library.EngineSet.ClearDirty(shared: true, record, first, end))
            {
                library.Core.Gate.FlushAll();
            }
        });
        judge.None(
            slot.AddressSpace, first, end, page => vm.Options.Format == EntryFormat.EptNoMarks ? page.Writable : page.Dirty, "After the dirty bits were cleared of");
    }

    // TLBs are not flushed: a processor may go on with what it has, but our tables say nothing any more.
    private void Age(GpaSlot slot, ulong first, ulong end)
    {
        bool accessed = vm.Options.Format != EntryFormat.EptNoMarks && judge.Pages(slot.AddressSpace, first, end).Exists(page => page.Accessed);
        bool young = false;
        bool again = false;
        Ask(first, end, (library, gpa, bytes) =>
        {
            young = library.Age(gpa, bytes, slot.AddressSpace);
            again = library.TestAge(gpa, bytes, slot.AddressSpace);
        });
        if (again || (accessed && !young))
        {
            throw new JudgeException(string.Create(
                CultureInfo.InvariantCulture, $"Pages {first:x}-{end:x}: aged {young} where our tables say {accessed}, and {again} right afterwards."));
        }
    }

    // What was mapped stays so, and is small.
    private void Split(GpaSlot slot, ulong first, ulong end)
    {
        List<GpaPage> before = judge.Pages(slot.AddressSpace, first, end);
        bool done = false;
        Ask(first, end, (library, gpa, bytes) => done = library.SplitHugePages(gpa, bytes, slot.AddressSpace));
        if (!done && !vm.MayRunOut)
        {
            throw new JudgeException("Huge pages could not be split, though there is room.");
        }

        Same(slot, first, end, before);
        if (done)
        {
            judge.None(slot.AddressSpace, first, end, page => page.Shift > 12 && page.Gpa >> 12 >= first && (page.Gpa >> 12) + (1UL << (page.Shift - 12)) <= end
                && IsInTables(slot, page), "After a split of");
        }
    }

    // A TLB may keep the huge page; tables may not.
    private bool IsInTables(GpaSlot slot, GpaPage page) =>
        judge.Pages(slot.AddressSpace, page.Gpa >> 12, (page.Gpa >> 12) + 1).Exists(other => other.Shift == page.Shift);

    // What was mapped is mapped alike, or not any more.
    private void Collapse(GpaSlot slot, ulong first, ulong end)
    {
        List<GpaPage> before = judge.Pages(slot.AddressSpace, first, end);
        Ask(first, end, (library, gpa, bytes) => library.ZapCollapsible(gpa, bytes, slot.AddressSpace));
        Same(slot, first, end, before, mayBeGone: true);
        vm.Guard.Forget(slot.AddressSpace, first & ~0x3_FFFFUL, end | 0x3_FFFFUL);

        // Where frames are those of the slot for good, a huge page may bring back what was unmapped.
        for (ulong at = first & ~0x3_FFFFUL; at < end && !slot.IsResolved; at += 0x4_0000)
        {
            vm.Guard.Mapped(slot.AddressSpace, new GpaPage(at << 12, 30, 0, true, true, true, true, true), writes: false);
        }
    }

    private void Same(GpaSlot slot, ulong first, ulong end, List<GpaPage> before, bool mayBeGone = false)
    {
        List<GpaPage> after = judge.Pages(slot.AddressSpace, first, end);
        foreach (GpaPage page in before)
        {
            ulong gpa = Math.Max(page.Gpa, first << 12);
            GpaPage? now = after.Cast<GpaPage?>().FirstOrDefault(other => other!.Value.Covers(gpa));
            bool same = now is { } found
                ? found.PhysicalOf(gpa) == page.PhysicalOf(gpa) && (mayBeGone || (found.Writable == page.Writable && found.Readable == page.Readable))
                : mayBeGone;
            if (!same)
            {
                throw new JudgeException(string.Create(CultureInfo.InvariantCulture, $"{page} became {now}."));
            }
        }
    }

    private void Track(GpaSlot slot, ulong gfn)
    {
        if (vm.World.TrackCount(slot.AddressSpace, gfn) > 0)
        {
            vm.AsHost(library => library.UntrackWrites(new Gpa(gfn << 12), slot.AddressSpace));
            vm.World.Track(slot.AddressSpace, gfn, -1);
            return;
        }

        Forget(slot, gfn, gfn + 1);
        vm.AsHost(library => library.TrackWrites(new Gpa(gfn << 12), slot.AddressSpace));
        vm.World.Track(slot.AddressSpace, gfn, 1);
        judge.None(slot.AddressSpace, gfn, gfn + 1, page => page.Writable, "After its writes are tracked");
    }

    private void SetPrivate(GpaSlot slot, ulong first, ulong end, bool isPrivate)
    {
        Forget(slot, first, end);
        vm.Retry(() => vm.AsHost(library => library.SetPrivate(new Gpa(first << 12), (end - first) << 12, isPrivate, slot.AddressSpace)));
        for (ulong gfn = first; gfn < end; gfn++)
        {
            slot.IsPrivate(gfn) = isPrivate;
        }
    }

    // Somebody reads of a range what was written, or unmaps it; huge pages are read and go whole.
    private void Forget(GpaSlot slot, ulong first, ulong end)
    {
        const ulong largest = 0x4_0000;
        bool known = vm.Vcpus.Exists(vcpu => vcpu.IsInGuest && vcpu.AddressSpace == slot.AddressSpace);
        ulong from = known ? first : first & ~(largest - 1);
        ulong to = known ? end : (end | (largest - 1)) + 1;
        foreach (GpaPage page in judge.Pages(slot.AddressSpace, first, end))
        {
            from = Math.Min(from, page.Gpa >> 12);
            to = Math.Max(to, (page.Gpa >> 12) + (1UL << (page.Shift - 12)));
        }

        vm.Guard.Forget(slot.AddressSpace, from, to);
    }

    private (GpaSlot Slot, ulong First, ulong End) PickRange(SeededRandom random)
    {
        GpaSlot slot = vm.World.Slots[random.Next(vm.World.Slots.Count)];
        int most = Math.Min(MostPages, (int)slot.Pages);
        int pages = random.Next(3) == 0 ? most : 1 + random.Next(Math.Min(4, most));
        int room = (int)slot.Pages - pages;

        // Often at the start, or at the start of a large page.
        ulong first = slot.Gfn + (random.Next(3) switch
        {
            0 => 0UL,
            1 => (ulong)random.Next(room + 1) & ~511UL,
            _ => (ulong)random.Next(room + 1),
        });
        return (slot, first, first + (ulong)pages);
    }
}
