// Vmm.Run: one access of the differential mode.
using System.Runtime.InteropServices;
using Mmu.Architecture;

namespace Mmu.Vmm.Run.Compare;

/// <summary>One access, before which an entry may change.</summary>
/// <param name="Level">Level of the entry that changes; 0 for none.</param>
/// <param name="Value">What it becomes.</param>
/// <param name="IsDowngrade">True if the change takes something away.</param>
/// <param name="Invalidates">True if an INVLPG follows it.</param>
/// <param name="Kind">What the access does.</param>
/// <param name="User">True if ring 3 does it.</param>
/// <param name="AlignmentCheck">True if it does so with EFLAGS.AC set.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AccessCase(
    int Level, ulong Value, bool IsDowngrade, bool Invalidates, AccessKind Kind, bool User, bool AlignmentCheck)
{
    /// <summary>Gets the access.</summary>
    internal Access Access =>
        new(Kind, (User ? AccessFlags.User : AccessFlags.None) | (AlignmentCheck ? AccessFlags.AlignmentCheck : AccessFlags.None));

    /// <inheritdoc/>
    public override string ToString()
    {
        string change = Level == 0 ? "no change" : $"level {Level} becomes 0x{Value:x}";
        string then = Invalidates ? ", INVLPG" : string.Empty;
        return $"{change}{then}, {(User ? "user" : "supervisor")} {Kind}{(AlignmentCheck ? " with AC" : string.Empty)}";
    }
}
