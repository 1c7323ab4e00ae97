// Shadow: what became of a leaf.
namespace Mmu.Shadow;

/// <summary>What became of a leaf.</summary>
internal enum LeafResult
{
    /// <summary>It maps the page now.</summary>
    Set,

    /// <summary>It mapped the page alike before.</summary>
    Same,

    /// <summary>It maps the page now, but write-protected although the guest's tables allow writes.</summary>
    WriteProtected,
}
