// Shadow judge: how an access on our tables ends.
namespace Mmu.Tests.Shadow;

/// <param name="Faults">A page fault with <paramref name="Code"/>.</param>
/// <param name="Code">Its error code.</param>
/// <param name="Page">The page, if it does not fault.</param>
/// <param name="IsPresent">True if the path to the leaf is present and well-formed, whether or not it allows the access.</param>
internal readonly record struct HardwareOutcome(bool Faults, ulong Code, HardwarePage Page, bool IsPresent);
