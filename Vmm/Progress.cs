// Vmm: a line on the terminal for what takes long; silent when standard error is not a terminal.
using System.Diagnostics;
using System.IO;

namespace Mmu.Vmm;

/// <summary>Shows how far a command has come.</summary>
internal sealed class Progress
{
    private const int QuietMilliseconds = 1000;

    private readonly TextWriter? _terminal;
    private readonly ulong _interval;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private bool _shown;

    /// <summary>Writes to <paramref name="terminal"/>, or nowhere if it is null, after each <paramref name="interval"/> steps at most.</summary>
    public Progress(TextWriter? terminal, ulong interval)
    {
        _terminal = terminal;
        _interval = interval;
    }

    /// <summary>Steps counted.</summary>
    public ulong Steps { get; private set; }

    /// <summary>Counts a step; true if it is time to <see cref="Show"/> how many there are.</summary>
    public bool Step() => ++Steps % _interval == 0 && _terminal is not null && _clock.ElapsedMilliseconds >= QuietMilliseconds;

    /// <summary>Replaces the line.</summary>
    public void Show(string text)
    {
        _terminal!.Write($"\rmmu: {text}…");
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
}
