// Shadow: a feature of guest tables that is on, as a type.
namespace Mmu.Shadow;

/// <summary>The feature is on.</summary>
internal readonly struct On : ISwitch
{
    /// <inheritdoc/>
    public static bool IsOn => true;
}
