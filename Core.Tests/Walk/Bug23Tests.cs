// Bug 23: permission tables computed under an old CR0.WP. The rule: a flip of CR0.WP decides the very next access.
using System.Collections.Generic;
using System.Linq;
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Walk;
using Xunit;

namespace Mmu.Tests.Walk;

public sealed class Bug23Tests
{
    private const ulong Address = 0x40_3000;
    private const ulong Pke = 1UL << 22;

    public static IEnumerable<TheoryDataRow<GuestMode, SecondMode>> Modes =>
        from x in Machine.All where x.Mode != GuestMode.Unpaged select new TheoryDataRow<GuestMode, SecondMode>(x.Mode, x.Second);

    [Theory]
    [MemberData(nameof(Modes))]
    public void Bug23AFlipOfWriteProtectDecidesTheNextAccess(GuestMode mode, SecondMode second)
    {
        using Machine machine = new(mode, second);
        machine.Map(Address, Machine.Data, 5);
        for (int flip = 0; flip < 6; flip++)
        {
            bool protects = flip % 2 == 0;
            machine.State = machine.State with { Cr0 = Machine.Paging | (protects ? Machine.WriteProtect : 0) };
            machine.Enter();
            Assert.Equal(!protects, machine.Walker.Translate(new Gva(Address), Access.SupervisorWrite, out WalkResult result));
            Assert.Equal(protects ? FaultCause.NotWritable : FaultCause.None, result.Cause);
            Assert.Equal(!protects, machine.Walker.TryWrite(new Gva(Address), [1], out _));
            Assert.Equal(!protects, machine.Walker.TryCompareExchange(new Gva(Address), (byte)1, (byte)2, out _, out _));
            Assert.False(machine.Walker.Translate(new Gva(Address), Access.UserWrite, out _));
            Assert.True(machine.Walker.Translate(new Gva(Address), Access.UserRead, out _));
        }
    }

    [Fact]
    public void Bug23AFlipOfWriteProtectDecidesWhatProtectionKeysRefuse()
    {
        using Machine machine = new(GuestMode.Long4);
        machine.Map(Address, Machine.Data, 0x67 | (3UL << 59));
        for (int flip = 0; flip < 4; flip++)
        {
            bool protects = flip % 2 == 0;
            machine.State = machine.State with
            {
                Cr0 = Machine.Paging | (protects ? Machine.WriteProtect : 0),
                Cr4 = Machine.Pae | Pke,
                Pkru = 2U << 6,
            };
            machine.Enter();
            Assert.Equal(!protects, machine.Walker.Translate(new Gva(Address), Access.SupervisorWrite, out _));
            Assert.False(machine.Walker.Translate(new Gva(Address), Access.UserWrite, out _));
        }
    }
}
