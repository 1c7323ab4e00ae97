// Shadow: what an audit says, put together only if it has to be said.
using System.Runtime.CompilerServices;

namespace Mmu.Shadow;

/// <summary>The text of a violation. Nothing is formatted, and nothing in its holes computed, where the invariant holds: an audit makes thousands of checks.</summary>
[InterpolatedStringHandler]
internal ref struct AuditMessage
{
    private DefaultInterpolatedStringHandler _text;

    public AuditMessage(int literalLength, int formattedCount, bool holds, out bool isWanted)
    {
        isWanted = !holds;
        _text = isWanted ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
    }

    public void AppendLiteral(string value) => _text.AppendLiteral(value);

    public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

    public void AppendFormatted<T>(T value, string? format) => _text.AppendFormatted(value, format);

    internal string ToStringAndClear() => _text.ToStringAndClear();
}
