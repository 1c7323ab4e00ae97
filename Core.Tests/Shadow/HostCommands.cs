// Shadow judge: what a VMM does to its guest: stores, slots, unmapping, ageing, write protection, tracking, reclaim.
using System;
using Mmu.Addressing;
using Mmu.Tests.Conformance;
using Mmu.Tests.Judge;

namespace Mmu.Tests.Shadow;

internal sealed class HostCommands(StreamVm vm)
{
    internal void Execute(StreamKind kind, SeededRandom random)
    {
        switch (kind)
        {
            case StreamKind.HostStore:
                Store(random, announce: true);
                break;
            case StreamKind.SilentStore:
                Store(random, announce: false);
                break;
            case StreamKind.ToggleHotSlot:
                ToggleHotSlot(random);
                break;
            case StreamKind.UnmapRange:
                Unmap(random);
                break;
            case StreamKind.Age:
                Age(random);
                break;
            case StreamKind.WriteProtect:
                WriteProtect(random);
                break;
            case StreamKind.Track:
                Track(random);
                break;
            case StreamKind.ZapAll:
                vm.AsHost(library => library.ZapAll());
                break;
            case StreamKind.ZapObsolete:
                vm.AsHost(library => library.ReclaimObsolete());
                break;
            case StreamKind.Shrink:
                vm.AsHost(library => library.Shrink(1 + random.Next(20)));
                break;
            case StreamKind.DirtyLog:
                vm.Logs.Execute(random);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "No command.");
        }
    }

    private void Store(SeededRandom random, bool announce)
    {
        int space = random.Next(8) == 0 ? 1 : 0;
        if (!TableStores.TryPick(vm.World, space, random, out ulong gpa))
        {
            return;
        }

        ulong value = TableStores.Value(vm.World, space, gpa, random);
        int bytes = random.Next(10) == 0 ? 4 : 8;
        if (announce)
        {
            vm.StoreAndAnnounce(space, gpa, bytes, value);
            return;
        }

        vm.IsTainted = true;
        vm.World.Store(vm.World.Find(space, gpa)!, gpa, bytes, value);
    }

    // The slot goes, comes back or moves; its memory stays the same.
    private void ToggleHotSlot(SeededRandom random)
    {
        ModelSlot slot = vm.HotSlot;
        bool plugged = vm.World.Find(0, slot.Gpa) == slot;
        ulong home = (random.Next(2) == 0 ? GuestLayout.HotFrame : GuestLayout.OtherHotFrame) << 12;
        if (!plugged)
        {
            vm.HotSlot = new ModelSlot(0, home, slot.Range, slot.IsReadOnly, slot.IsOnDemand, slot.Known.Keys) { Since = vm.World.Now };
            vm.Plug(vm.HotSlot);
        }
        else if (home == slot.Gpa)
        {
            vm.AsHost(library => library.RemoveSlot(new Gpa(slot.Gpa)));
            vm.World.Remove(slot);
            vm.Judge.Guard.SlotRemoved(slot);
        }
        else
        {
            vm.Retry(() => vm.AsHost(library => library.MoveSlot(new Gpa(slot.Gpa), new Gpa(home))));
            vm.World.Remove(slot);
            vm.Judge.Guard.SlotRemoved(slot);
            vm.HotSlot = new ModelSlot(0, home, slot.Range, slot.IsReadOnly, slot.IsOnDemand, slot.Known.Keys) { Since = vm.World.Now };
            vm.World.Add(vm.HotSlot);
        }
    }

    private void Unmap(SeededRandom random)
    {
        (ModelSlot slot, int page, int pages) = PickRange(random);
        ulong gpa = slot.Gpa + ((ulong)page << 12);
        for (int i = page; i < page + pages && slot.IsOnDemand; i++)
        {
            _ = slot.Range.TryMove(i);
        }

        vm.AsHost(library => library.UnmapRange(new Gpa(gpa), (ulong)pages << 12, slot.AddressSpace));
        for (int i = page; i < page + pages; i++)
        {
            vm.Judge.Guard.Unmapped(slot.AddressSpace, (slot.Gpa >> 12) + (ulong)i);
            if (slot.IsOnDemand)
            {
                slot.Range.Revoke(i);
            }
        }

        vm.Host.NotYet += slot.IsOnDemand && random.Next(4) == 0 ? 1 : 0;
    }

    private void Age(SeededRandom random)
    {
        (ModelSlot slot, int page, int pages) = PickRange(random);
        Gpa gpa = new(slot.Gpa + ((ulong)page << 12));
        bool young = false;
        vm.AsHost(library =>
        {
            _ = library.Age(gpa, (ulong)pages << 12, slot.AddressSpace);
            young = library.TestAge(gpa, (ulong)pages << 12, slot.AddressSpace);
        });
        if (young)
        {
            throw new JudgeException($"A page of {pages} at {gpa} is young right after all were aged.");
        }
    }

    private void WriteProtect(SeededRandom random)
    {
        (ModelSlot slot, int page, int pages) = PickRange(random);
        Gpa gpa = new(slot.Gpa + ((ulong)page << 12));
        ulong bytes = (ulong)pages << 12;
        switch (random.Next(5))
        {
            case 0:
                vm.AsHost(library => library.ZapRange(gpa, bytes, slot.AddressSpace));
                break;
            case 1:
                vm.AsHost(library => library.ZapCollapsible(gpa, bytes, slot.AddressSpace));
                break;
            case 2:
                vm.AsHost(library => library.SplitHugePages(gpa, bytes, slot.AddressSpace));
                break;
            default:
                vm.AsHost(library => library.WriteProtect(gpa, bytes, slot.AddressSpace));
                for (int i = page; i < page + pages; i++)
                {
                    vm.Judge.Guard.Protected(slot.AddressSpace, (slot.Gpa >> 12) + (ulong)i);
                }

                break;
        }
    }

    private void Track(SeededRandom random)
    {
        ulong frame = random.Next(2) == 0 ? EntryMaker.Pick(random, GuestLayout.AllTables) : EntryMaker.Pick(random, GuestLayout.Data);
        if (vm.World.Find(0, frame << 12) is null)
        {
            return;
        }

        if (vm.Judge.Guard.TryUntrack(0, frame))
        {
            vm.AsHost(library => library.UntrackWrites(new Gpa(frame << 12)));
        }
        else
        {
            vm.AsHost(library => library.TrackWrites(new Gpa(frame << 12)));
            vm.Judge.Guard.Track(0, frame);
        }
    }

    private (ModelSlot Slot, int Page, int Pages) PickRange(SeededRandom random)
    {
        ModelSlot slot = vm.World.Slots[random.Next(vm.World.Slots.Count)];
        int pages = random.Next(3) == 0 ? slot.Range.Pages : 1 + random.Next(Math.Min(4, slot.Range.Pages));
        return (slot, random.Next(slot.Range.Pages - pages + 1), pages);
    }
}
