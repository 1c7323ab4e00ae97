// Vmm: a line on the terminal for what takes long; silent when standard error is not a terminal.
using System;
using System.Diagnostics;
using System.IO;

namespace Mmu.Vmm;

/// <summary>Shows how far a command has come.</summary>
internal sealed class Progress
{
    private const int QuietMilliseconds = 1000;
    private const int BarWidth = 30;

    private readonly TextWriter? _terminal;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private bool _shown;

    /// <summary>Writes to <paramref name="terminal"/>, or nowhere if it is null.</summary>
    public Progress(TextWriter? terminal) => _terminal = terminal;

    /// <summary>Steps counted.</summary>
    public ulong Steps { get; private set; }

    /// <summary>Counts a step; true if it is time to <see cref="Show"/> how many there are: after each <paramref name="interval"/> at most.</summary>
    public bool Step(ulong interval) => ++Steps % interval == 0 && _terminal is not null && _clock.ElapsedMilliseconds >= QuietMilliseconds;

    /// <summary>Replaces the line.</summary>
    /// <param name="text">What is being done.</param>
    /// <param name="done">The part that is done, from 0 to 1, for a bar; null if nobody knows.</param>
    public void Show(string text, double? done = null)
    {
        if (_terminal is null)
        {
            return;
        }

        _terminal.Write($"\r\u001b[Kmmu: {(done is { } part ? Bar(part) : string.Empty)}{text}…");
        _terminal.Flush();
        _shown = true;
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

    private static string Bar(double done)
    {
        int full = (int)(Math.Clamp(done, 0, 1) * BarWidth);
        return $"[{new string('#', full)}{new string('.', BarWidth - full)}] {done,4:p0} ";
    }
}
