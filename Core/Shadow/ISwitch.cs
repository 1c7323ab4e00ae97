// Shadow: whether a feature of guest tables is on, as a type argument.
namespace Mmu.Shadow;

/// <summary>A feature that is on or off for all of a code.</summary>
internal interface ISwitch
{
    /// <summary>True if it is on.</summary>
    static abstract bool IsOn { get; }
}
