// Tests: an access, in words of the derivation tests' oracle.
using Mmu.Architecture;

namespace Mmu.Tests.Derivation;

/// <summary>An access.</summary>
internal sealed record DerivedAccess(bool Write, bool Fetch, bool User, bool Implicit, bool AlignmentCheck, bool ShadowStack)
{
    /// <summary>The same access as the walker takes it.</summary>
    public Access ToAccess() => new(
        Write ? AccessKind.Write : Fetch ? AccessKind.Fetch : AccessKind.Read,
        (User ? AccessFlags.User : 0)
            | (Implicit ? AccessFlags.Implicit : 0)
            | (AlignmentCheck ? AccessFlags.AlignmentCheck : 0)
            | (ShadowStack ? AccessFlags.ShadowStack : 0));
}
