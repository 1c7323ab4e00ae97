// Vmm: a line on the terminal while a trace is replayed; silent when standard error is not a terminal.
using System.Diagnostics;
using System.IO;
using Mmu.Vmm.Traces;

namespace Mmu.Vmm.Replay;

/// <summary>Shows how far a replay has come.</summary>
internal sealed class ReplayProgress
{
    private const ulong Interval = 1 << 14;
    private const int QuietMilliseconds = 1000;

    private readonly TextWriter? _terminal;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private bool _shown;

    /// <summary>Writes to <paramref name="terminal"/>, or nowhere if it is null.</summary>
    public ReplayProgress(TextWriter? terminal)
    {
        _terminal = terminal;
    }

    /// <summary>Says that so many records are done.</summary>
    public void Step(ulong records, TraceReader reader)
    {
        if (records % Interval == 0 && _terminal is not null && _clock.ElapsedMilliseconds >= QuietMilliseconds)
        {
            _terminal.Write($"\rmmu: {records:n0} records, {reader.Fraction:p0}…");
            _terminal.Flush();
            _shown = true;
        }
    }

    /// <summary>Removes the line.</summary>
    public void Clear()
    {
        if (_shown)
        {
            _terminal!.Write("\r\u001b[K");
            _terminal.Flush();
            _shown = false;
        }
    }
}
