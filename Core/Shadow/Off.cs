// Shadow: a feature of guest tables that is off, as a type.
namespace Mmu.Shadow;

/// <summary>The feature is off.</summary>
internal readonly struct Off : ISwitch
{
    /// <inheritdoc/>
    public static bool IsOn => false;
}
