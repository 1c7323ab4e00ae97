// Common: by what roots of a guest's guests are chosen.
namespace Mmu.Common;

/// <summary>By what roots of a guest's guests are chosen.</summary>
internal enum NestedRootsKind
{
    /// <summary>All that stand for EPT or NPT.</summary>
    All,

    /// <summary>Those of one root of L1's tables, whatever else its pointer says.</summary>
    OfRoot,

    /// <summary>Those of NPT that were last used with a tag (ASID).</summary>
    OfTag,

    /// <summary>Those of guests without nested paging, whose CR3 is shadowed.</summary>
    Linear,
}
