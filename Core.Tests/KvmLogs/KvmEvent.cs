// KVM logs: one tracepoint.
using System;
using System.Globalization;

namespace Mmu.Tests.KvmLogs;

/// <summary>One tracepoint.</summary>
/// <param name="Line">Its line in the log, from 1.</param>
/// <param name="Name">Its name.</param>
/// <param name="Text">What it says.</param>
internal sealed record KvmEvent(int Line, string Name, string Text)
{
    private readonly string[] _words = Text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The word after another.</summary>
    internal string After(string word) => _words[Array.IndexOf(_words, word) + 1];

    /// <summary>The hexadecimal number after a word.</summary>
    internal ulong Number(string word) => Hex(After(word));

    /// <summary>A shadow page: "sp gen 0 gfn 10 l4 8-byte q0 direct wux nxe ad root 0 sync new".</summary>
    internal KvmPage ToPage()
    {
        int at = Array.IndexOf(_words, "gfn") + 1;
        bool direct = _words[at + 4] == "direct";
        string access = _words[at + (direct ? 5 : 4)];
        return new KvmPage(
            Hex(_words[at]), _words[at + 1][1] - '0', _words[at + 2][0] - '0', _words[at + 3][1] - '0', direct, access,
            Array.IndexOf(_words, "unsync") >= 0, _words[^1] == "new");
    }

    /// <summary>An SPTE that was stored: "gfn 8 spte 9408a21 (r-x-) level 1 at 2254040".</summary>
    internal KvmSpte ToSpte() => new(
        Number("gfn"), Number("spte"), _words[4].Trim('(', ')'), (int)Number("level"), (int)(Number("at") & 0xFFF) / 8);

    internal static ulong Hex(string text) => ulong.Parse(
        text.StartsWith("0x", StringComparison.Ordinal) ? text.AsSpan(2) : text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
