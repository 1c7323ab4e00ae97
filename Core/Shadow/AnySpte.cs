// Shadow: SPTEs of whichever form the role of their page says.
using Mmu.Architecture;
using Mmu.Memory;
using Mmu.Sptes;

namespace Mmu.Shadow;

/// <summary>
/// What code that meets pages of all roles asks of their entries. The legacy forms and NPT have all bits that are asked for here in common.
/// </summary>
internal static class AnySpte
{
    /// <inheritdoc cref="ISpteFormat.IsWritable"/>
    internal static bool IsWritable(PageRole role, ulong spte) => role.Form switch
    {
        SpteForm.Ept => EptSpte.IsWritable(spte),
        SpteForm.EptNoAccessedDirty => EptNoAdSpte.IsWritable(spte),
        _ => LegacySpte.IsWritable(spte),
    };

    /// <inheritdoc cref="ISpteFormat.IsMmuWritable"/>
    internal static bool IsMmuWritable(PageRole role, ulong spte) => role.Form switch
    {
        SpteForm.Ept => EptSpte.IsMmuWritable(spte),
        SpteForm.EptNoAccessedDirty => EptNoAdSpte.IsMmuWritable(spte),
        _ => LegacySpte.IsMmuWritable(spte),
    };

    /// <inheritdoc cref="ISpteFormat.IsHostWritable"/>
    internal static bool IsHostWritable(PageRole role, ulong spte) => role.Form switch
    {
        SpteForm.Ept => EptSpte.IsHostWritable(spte),
        SpteForm.EptNoAccessedDirty => EptNoAdSpte.IsHostWritable(spte),
        _ => LegacySpte.IsHostWritable(spte),
    };

    /// <inheritdoc cref="ISpteFormat.IsAccessed"/>
    internal static bool IsAccessed(PageRole role, ulong spte) => role.Form switch
    {
        SpteForm.Ept => EptSpte.IsAccessed(spte),
        SpteForm.EptNoAccessedDirty => EptNoAdSpte.IsAccessed(spte),
        _ => LegacySpte.IsAccessed(spte),
    };

    /// <inheritdoc cref="ISpteFormat.IsDirty"/>
    internal static bool IsDirty(PageRole role, ulong spte) => role.Form switch
    {
        SpteForm.Ept => EptSpte.IsDirty(spte),
        SpteForm.EptNoAccessedDirty => EptNoAdSpte.IsDirty(spte),
        _ => LegacySpte.IsDirty(spte),
    };

    /// <inheritdoc cref="ISpteFormat.WriteProtect"/>
    internal static ulong WriteProtect(PageRole role, ulong spte, bool keepMmuWritable) => role.Form switch
    {
        SpteForm.Ept => EptSpte.WriteProtect(spte, keepMmuWritable),
        SpteForm.EptNoAccessedDirty => EptNoAdSpte.WriteProtect(spte, keepMmuWritable),
        _ => LegacySpte.WriteProtect(spte, keepMmuWritable),
    };

    /// <inheritdoc cref="ISpteFormat.ClearAccessed"/>
    internal static ulong ClearAccessed(PageRole role, ulong spte) => role.Form switch
    {
        SpteForm.Ept => EptSpte.ClearAccessed(spte),
        SpteForm.EptNoAccessedDirty => EptNoAdSpte.ClearAccessed(spte),
        _ => LegacySpte.ClearAccessed(spte),
    };

    /// <inheritdoc cref="ISpteFormat.ClearDirty"/>
    internal static ulong ClearDirty(PageRole role, ulong spte) => role.Form switch
    {
        SpteForm.Ept => EptSpte.ClearDirty(spte),
        SpteForm.EptNoAccessedDirty => EptNoAdSpte.ClearDirty(spte),
        _ => LegacySpte.ClearDirty(spte),
    };

    /// <inheritdoc cref="ISpteFormat.MakeNonLeaf"/>
    internal static ulong MakeNonLeaf(PageRole role, SpteHost host, ulong frame) => role.Form switch
    {
        SpteForm.Ept => EptSpte.MakeNonLeaf(host, frame),
        SpteForm.EptNoAccessedDirty => EptNoAdSpte.MakeNonLeaf(host, frame),
        _ => LegacySpte.MakeNonLeaf(host, frame),
    };

    /// <inheritdoc cref="ISpteFormat.SplitChild"/>
    internal static ulong SplitChild(PageRole role, SpteHost host, ulong huge, int hugeLevel, int index) => role.Form switch
    {
        SpteForm.Ept => EptSpte.SplitChild(host, huge, hugeLevel, index, executable: false),
        SpteForm.EptNoAccessedDirty => EptNoAdSpte.SplitChild(host, huge, hugeLevel, index, executable: false),
        _ => LegacySpte.SplitChild(host, huge, hugeLevel, index, executable: false),
    };

    /// <inheritdoc cref="ISpteFormat.IsMmio"/>
    internal static bool IsMmio(PageRole role, SpteHost host, ulong spte) =>
        IsEpt(role) ? EptSpte.IsMmio(host, spte) : LegacySpte.IsMmio(host, spte);

    /// <inheritdoc cref="ISpteFormat.MmioGfn"/>
    internal static ulong MmioGfn(PageRole role, SpteHost host, ulong spte) =>
        IsEpt(role) ? EptSpte.MmioGfn(host, spte) : LegacySpte.MmioGfn(host, spte);

    /// <inheritdoc cref="ISpteFormat.MmioGeneration"/>
    internal static uint MmioGeneration(PageRole role, ulong spte) =>
        IsEpt(role) ? EptSpte.MmioGeneration(spte) : LegacySpte.MmioGeneration(spte);

    /// <inheritdoc cref="SpteDoor.Set"/>
    internal static SpteChange Set(PageRole role, PtPage table, int index, ulong spte) => role.Form switch
    {
        SpteForm.Ept => SpteDoor.Set<EptSpte>(table, index, spte),
        SpteForm.EptNoAccessedDirty => SpteDoor.Set<EptNoAdSpte>(table, index, spte),
        _ => SpteDoor.Set<LegacySpte>(table, index, spte),
    };

    private static bool IsEpt(PageRole role) => role.Form is SpteForm.Ept or SpteForm.EptNoAccessedDirty;
}
