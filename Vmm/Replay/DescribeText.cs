// Vmm: what the guest's tables and ours say about an address.
using System;
using System.Globalization;
using System.Text;
using Mmu.Walk;

namespace Mmu.Vmm.Replay;

/// <summary>Describes both walks of an address.</summary>
internal static class DescribeText
{
    /// <summary>The guest's walk, and the entries of ours from the root on.</summary>
    public static string Of(WalkExplanation guest, ReadOnlySpan<ulong> shadow)
    {
        var text = new StringBuilder(guest.ToString());
        _ = text.AppendLine();
        if (shadow.IsEmpty)
        {
            _ = text.Append("no shadow root is loaded");
        }

        for (int i = 0; i < shadow.Length; i++)
        {
            _ = text.Append(i == 0 ? "shadow entries, root first:" : string.Empty).Append(CultureInfo.InvariantCulture, $" 0x{shadow[i]:x16}");
        }

        return text.ToString();
    }
}
