// What processors say about a fault of the second dimension, decoded.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Common;
using Xunit;

namespace Mmu.Tests.Common;

public sealed class ViolationRequestTests
{
    private static readonly Gpa s_gpa = new(0x1234_5678);

    // Intel SDM "Exit Qualification for EPT Violations": 0 read, 1 write, 2 fetch, 5:3 allowed, 6 user fetch allowed, 7 linear address, 8 final.
    [Theory]
    [InlineData(0x001, AccessKind.Read, ViolationFlags.NoLinearAddress)]
    [InlineData(0x002, AccessKind.Write, ViolationFlags.NoLinearAddress)]
    [InlineData(0x004, AccessKind.Fetch, ViolationFlags.NoLinearAddress)]
    [InlineData(0x003, AccessKind.Write, ViolationFlags.NoLinearAddress)]
    [InlineData(0x00A, AccessKind.Write, ViolationFlags.Present | ViolationFlags.NoLinearAddress)]
    [InlineData(0x012, AccessKind.Write, ViolationFlags.Present | ViolationFlags.NoLinearAddress)]
    [InlineData(0x021, AccessKind.Read, ViolationFlags.Present | ViolationFlags.NoLinearAddress)]
    [InlineData(0x044, AccessKind.Fetch, ViolationFlags.Present | ViolationFlags.NoLinearAddress)]
    [InlineData(0x181, AccessKind.Read, ViolationFlags.None)]
    [InlineData(0x081, AccessKind.Read, ViolationFlags.PageWalk)]
    [InlineData(0x08A, AccessKind.Write, ViolationFlags.Present | ViolationFlags.PageWalk)]
    public void AnExitQualificationIsRead(ulong qualification, AccessKind kind, ViolationFlags flags) =>
        Assert.Equal(new ViolationRequest(s_gpa, new Access(kind), flags), ViolationRequest.FromEptViolation(s_gpa, qualification));

    [Fact]
    public void AUserModeAddressIsRead() => Assert.Equal(
        new ViolationRequest(s_gpa, new Access(AccessKind.Fetch, AccessFlags.User), ViolationFlags.Present),
        ViolationRequest.FromEptViolation(s_gpa, 0x3A4));

    // AMD APM "Nested Page Faults": 0 present, 1 write, 2 user, 3 reserved, 4 fetch, 32 final, 33 walk of the guest's tables.
    [Theory]
    [InlineData(0x1_0000_0004, AccessKind.Read, AccessFlags.User, ViolationFlags.None)]
    [InlineData(0x1_0000_0003, AccessKind.Write, AccessFlags.None, ViolationFlags.Present)]
    [InlineData(0x1_0000_0015, AccessKind.Fetch, AccessFlags.User, ViolationFlags.Present)]
    [InlineData(0x1_0000_000D, AccessKind.Read, AccessFlags.User, ViolationFlags.Present | ViolationFlags.Misconfigured)]
    [InlineData(0x2_0000_0007, AccessKind.Write, AccessFlags.User, ViolationFlags.Present | ViolationFlags.PageWalk)]
    public void ANestedPageFaultsErrorCodeIsRead(ulong errorCode, AccessKind kind, AccessFlags access, ViolationFlags flags) =>
        Assert.Equal(new ViolationRequest(s_gpa, new Access(kind, access), flags), ViolationRequest.FromNestedPageFault(s_gpa, errorCode));

    [Fact]
    public void AMisconfigurationSaysNothingButWhere() =>
        Assert.Equal(ViolationFlags.Misconfigured, ViolationRequest.FromEptMisconfiguration(s_gpa).Flags);
}
