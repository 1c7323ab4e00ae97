// Walkers and slots: changes are seen, tables may lie anywhere, a table nowhere is a fault.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Walk;

public sealed class SlotUseTests
{
    private const ulong Address = 0x40_3000;
    private const ulong Elsewhere = 0x4000_0000;

    [Theory]
    [InlineData(GuestMode.Legacy32)]
    [InlineData(GuestMode.Pae)]
    [InlineData(GuestMode.Long4)]
    [InlineData(GuestMode.Long5)]
    public void ATableOutsideEverySlotIsNotPresentWithItsCause(GuestMode mode)
    {
        using Machine machine = new(mode);
        machine.Map(Address, Machine.Data);
        machine.Tables![Address, 2] = 0x7000_0007;
        machine.Enter();
        Assert.False(machine.Walker.Translate(new Gva(Address + 5), Access.UserWrite, out WalkResult result));
        Assert.Equal(WalkOutcome.PageFault, result.Outcome);
        Assert.Equal(FaultCause.TableOutsideMemory, result.Cause);
        Assert.Equal(PageFaultCode.Write | PageFaultCode.User, result.ErrorCode);
        Assert.Equal(1, result.Level);
        Assert.Equal(new Gva(Address + 5), result.LinearAddress);
        Assert.Equal(0x7000_0007UL, machine.Tables[Address, 2]);
    }

    [Fact]
    public void ARootOutsideEverySlotIsAFaultAndNoException()
    {
        using Machine machine = new(GuestMode.Long4);
        machine.State = machine.State with { Cr3 = 0xF_FFFF_FFFF_F000 };
        machine.Enter();
        Assert.False(machine.Walker.Translate(new Gva(Address), Access.UserRead, out WalkResult result));
        Assert.Equal((FaultCause.TableOutsideMemory, 4), (result.Cause, result.Level));
    }

    [Fact]
    public void EveryTableMayLieInASlotOfItsOwn()
    {
        using Machine machine = new(GuestMode.Long5);
        machine.Map(Address, Machine.Data);
        PageTables tables = machine.Tables!;
        for (int level = 5; level > 1; level--)
        {
            ulong old = tables[Address, level] & ~0xFFFUL;
            ulong moved = Elsewhere + ((ulong)level * 0x10_0000);
            _ = machine.Guest.AddSlot(moved, 1);
            machine.Guest.At(old, 4096).CopyTo(machine.Guest.At(moved, 4096));
            tables[Address, level] = moved | 7;
        }

        machine.Enter();
        Assert.True(machine.Walker.Translate(new Gva(Address + 0x123), Access.UserWrite, out WalkResult result));
        Assert.Equal(new Gpa(Machine.Data + 0x123), result.Gpa);
        Assert.Equal(0x60UL, tables[Address, 1] & 0x60);
        for (int level = 2; level <= 5; level++)
        {
            Assert.Equal(0x20UL, tables[Address, level] & 0x60);
        }
    }

    [Fact]
    public void AWalkerSeesASlotThatIsAddedRemovedAndReplaced()
    {
        using Machine machine = new(GuestMode.Long4);
        machine.Map(Address, Elsewhere);
        machine.Enter();
        Assert.True(machine.Walker.Translate(new Gva(Address), Access.UserRead, out WalkResult result));
        Assert.Equal((nuint)0, result.HostAddress);

        MemorySlot slot = machine.Guest.AddSlot(Elsewhere, 1);
        Assert.True(machine.Walker.Translate(new Gva(Address), Access.UserRead, out result));
        Assert.Equal(slot.HostAddress, result.HostAddress);

        machine.Guest.Memory.RemoveSlot(new Gpa(Elsewhere));
        Assert.True(machine.Walker.Peek(new Gva(Address), Access.UserRead, out result));
        Assert.Equal((nuint)0, result.HostAddress);
        Assert.False(machine.Walker.TryRead(new Gva(Address), new byte[1], out _));

        machine.Guest.Memory.AddSlot(slot with { HostAddress = slot.HostAddress, Flags = SlotFlags.ReadOnly });
        Assert.True(machine.Walker.TryRead(new Gva(Address), new byte[1], out _));
        Assert.False(machine.Walker.TryWrite(new Gva(Address), new byte[1], out _));
    }

    [Fact]
    public void ATableWhoseSlotIsRemovedIsAFaultInTheNextWalk()
    {
        using Machine machine = new(GuestMode.Long4);
        _ = machine.Guest.AddSlot(Elsewhere, 1);
        machine.Map(Address, Machine.Data);
        machine.Tables![Address, 2] = Elsewhere | 7;
        machine.Tables[Address, 1] = Machine.Data | 7;
        machine.Enter();
        Assert.True(machine.Walker.Translate(new Gva(Address), Access.UserRead, out _));
        machine.Guest.Memory.RemoveSlot(new Gpa(Elsewhere));
        Assert.False(machine.Walker.Translate(new Gva(Address), Access.UserRead, out WalkResult result));
        Assert.Equal((FaultCause.TableOutsideMemory, 1), (result.Cause, result.Level));
    }

    [Fact]
    public void TablesInAReadOnlySlotAreWalkedAndLeftAlone()
    {
        using Machine machine = new(GuestMode.Long4);
        _ = machine.Guest.AddSlot(Elsewhere, 1, SlotFlags.ReadOnly);
        machine.Map(Address, Machine.Data);
        machine.Tables![Address, 2] = Elsewhere | 7;
        machine.Tables[Address, 1] = Machine.Data | 7;
        machine.Guest.Seal();
        machine.Enter();
        Assert.True(machine.Walker.Translate(new Gva(Address), Access.UserWrite, out _));
        Assert.Equal(Machine.Data | 7, machine.Tables[Address, 1]);
        Assert.Equal(Elsewhere | 0x27, machine.Tables[Address, 2]);
    }
}
