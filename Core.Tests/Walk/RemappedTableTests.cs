// A guest table that a second dimension without accessed bits moves between its read and its mark: the mark must not land where the table
// was.
using Mmu.Tests.Guest;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Walk;

public sealed class RemappedTableTests
{
    private const ulong Address = 0x40_3000;
    private const ulong NewTable = 0x30_0000;
    private const ulong ReadOnly = 1;

    [Fact]
    public void AMarkIsLostIfTheTableWasReadThroughAReadOnlyMappingThatHasMovedSince()
    {
        using Machine machine = new(GuestMode.Long4, SecondMode.Ept4);
        machine.Map(Address, Machine.Data);
        ulong entryAddress = machine.Tables!.AddressOf(Address, 1);
        ulong table = entryAddress & ~0xFFFUL;
        machine.SecondDimension![table, 1] = table | ReadOnly;
        machine.Enter();

        WalkResult result = default;
        SlotViewHolder holder = new(machine.Guest);
        NestedReader<MarkUsed> reader = new(ref holder.View, machine.Walker.Context.Second!);
        Assert.True(reader.TryRead(machine.Walker.Context, 1, entryAddress, 8, Address, 0, out ulong entry, ref result));

        machine.SecondDimension[table, 1] = NewTable | machine.SecondDimension.Shape.LeafBits;
        Assert.True(reader.MayMark(1, entryAddress, ref result));
        Assert.False(reader.TryMark(1, entryAddress, 8, entry, entry | 0x20));
        Assert.Equal(entry, machine.Guest.Read(entryAddress, 8));
    }

    private sealed class SlotViewHolder(TestGuest guest)
    {
        internal Mmu.Guest.SlotView View = new(guest.Memory.Table);
    }
}
