// Perf: the table of the software TLB, for the terminal and for docs/perf/soft-tlb.md.
using System.Collections.Generic;
using System.Text;
using Mmu.Perf.Shadow;

namespace Mmu.Perf.SoftTlb;

/// <summary>Lays out the rows; the floor is the probe in C.</summary>
internal sealed class TlbReport(IReadOnlyList<ShadowRow> rows, string peers)
{
    public string Text()
    {
        StringBuilder text = new("\n");
        ShadowReport.AppendTable(text, rows);
        return text.ToString();
    }

    public string Markdown()
    {
        StringBuilder text = new("# Speed of the software TLB\n\nWritten by `Perf -- compare --suite tlb --write`; [method.md](method.md) says how it is measured. The floor is a probe in C of the same memory.\n\n");
        foreach (string line in MachineFacts.Lines(peers))
        {
            _ = text.Append("* ").Append(line).Append('\n');
        }

        _ = text.Append('\n');
        ShadowReport.AppendTable(text, rows);
        return text.ToString();
    }
}
