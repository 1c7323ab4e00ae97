// Vmm: where a replay differs from what was recorded.
using System.IO;

namespace Mmu.Vmm.Replay;

/// <summary>Counts differences by machine, and prints the first ones.</summary>
internal sealed class DifferenceLog
{
    /// <summary>So many are printed: those that follow are mostly consequences.</summary>
    private const int MaxPrinted = 20;

    private readonly TextWriter _output;
    private readonly ulong[] _counts;

    public DifferenceLog(TextWriter output, int machines)
    {
        _output = output;
        _counts = new ulong[machines];
    }

    /// <summary>All differences.</summary>
    public ulong Total { get; private set; }

    /// <summary>True if the next one will be printed.</summary>
    public bool IsPrinting => Total < MaxPrinted;

    /// <summary>Those of a machine.</summary>
    public ulong Of(int machine) => _counts[machine];

    /// <summary>Counts a difference, and prints it.</summary>
    /// <param name="machine">The machine's number.</param>
    /// <param name="record">The record's number, from 1.</param>
    /// <param name="text">What differs, in one line.</param>
    /// <param name="details">What else is to be known, on several lines; null if nothing is.</param>
    public void Add(int machine, ulong record, string text, string? details)
    {
        _counts[machine]++;
        if (++Total > MaxPrinted)
        {
            return;
        }

        _output.WriteLine($"record {record}: {text}");
        if (details is not null)
        {
            _output.WriteLine("  " + details.ReplaceLineEndings("\n  "));
        }

        if (Total == MaxPrinted)
        {
            _output.WriteLine("further differences are only counted");
        }
    }
}
