// Conformance: what several matrices found together.
using System.Collections.Generic;
using System.Linq;

namespace Mmu.Tests.Conformance;

internal sealed class MatrixTally
{
    private readonly List<string> _messages = [];
    private long _count;
    private long _mismatches;

    /// <summary>Adds what a matrix found.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="where">What it was of, for its messages.</param>
    internal void Add(Matrix matrix, string where)
    {
        _count += matrix.Count;
        _mismatches += matrix.Mismatches;
        _messages.AddRange(matrix.Messages.Select(message => $"{where}: {message}"));
    }

    internal void Conclude(string name) => ConformanceReport.Conclude(name, _count, _mismatches, string.Join('\n', _messages));
}
