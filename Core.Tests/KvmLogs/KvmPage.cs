// KVM logs: a shadow page in KVM's log.
namespace Mmu.Tests.KvmLogs;

/// <summary>A shadow page as the log describes it: "gfn 10 l4 8-byte q0 direct wux nxe ad root 0 sync new".</summary>
/// <param name="Gfn">Its guest frame.</param>
/// <param name="Level">Its level.</param>
/// <param name="EntryBytes">Bytes of a guest entry.</param>
/// <param name="Quadrant">Its quadrant.</param>
/// <param name="IsDirect">Whether no guest table stands behind it.</param>
/// <param name="Access">What the path above allows: letters of "wux", "-" where one is missing.</param>
/// <param name="IsUnsync">Whether the guest may write its table.</param>
/// <param name="IsNew">Whether it was made, not found.</param>
internal sealed record KvmPage(ulong Gfn, int Level, int EntryBytes, int Quadrant, bool IsDirect, string Access, bool IsUnsync, bool IsNew);
