// Vmm: a line on the terminal for listings that take long; silent when standard error is not a terminal.
using System.Diagnostics;
using System.IO;

namespace Mmu.Vmm.Inspect;

/// <summary>Shows how many pages have been listed.</summary>
internal sealed class Progress
{
    private const long Interval = 1 << 16;
    private const int QuietMilliseconds = 1000;

    private readonly TextWriter? _terminal;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private long _pages;
    private bool _shown;

    /// <summary>Writes to <paramref name="terminal"/>, or nowhere if it is null.</summary>
    public Progress(TextWriter? terminal)
    {
        _terminal = terminal;
    }

    /// <summary>Counts one page.</summary>
    public void Step()
    {
        if (++_pages % Interval == 0 && _terminal is not null && _clock.ElapsedMilliseconds >= QuietMilliseconds)
        {
            _terminal.Write($"\rmmu: {_pages:n0} pages…");
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
