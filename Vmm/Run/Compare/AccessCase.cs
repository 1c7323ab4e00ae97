// Vmm.Run: one access of the differential mode.
using System.Runtime.InteropServices;
using Mmu.Architecture;

namespace Mmu.Vmm.Run.Compare;

/// <summary>One access, before which an entry and control registers may change.</summary>
/// <param name="Level">Level of the entry that changes; 0 for none.</param>
/// <param name="Value">What it becomes.</param>
/// <param name="IsDowngrade">True if the change takes something away.</param>
/// <param name="Then">How the change is announced.</param>
/// <param name="Cr0">CR0 of the access.</param>
/// <param name="Cr4">CR4 of the access.</param>
/// <param name="Kind">What the access does.</param>
/// <param name="User">True if ring 3 does it.</param>
/// <param name="AlignmentCheck">True if it does so with EFLAGS.AC set.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AccessCase(
    int Level, ulong Value, bool IsDowngrade, Invalidation Then, ulong Cr0, ulong Cr4, AccessKind Kind, bool User, bool AlignmentCheck)
{
    /// <summary>Gets the access.</summary>
    internal Access Access =>
        new(Kind, (User ? AccessFlags.User : AccessFlags.None) | (AlignmentCheck ? AccessFlags.AlignmentCheck : AccessFlags.None));

    /// <inheritdoc/>
    public override string ToString()
    {
        string change = Level == 0 ? "no change" : $"level {Level} becomes 0x{Value:x}";
        string then = Then switch
        {
            Invalidation.Page => ", INVLPG",
            Invalidation.Root => ", CR3 loaded",
            Invalidation.GlobalPages => ", CR4.PGE toggled",
            _ => string.Empty,
        };
        string who = $"{(User ? "user" : "supervisor")} {Kind}{(AlignmentCheck ? " with AC" : string.Empty)}";
        return $"{change}{then}, CR0 0x{Cr0:x}, CR4 0x{Cr4:x}, {who}";
    }
}
