// Walk: a walk with every entry it read.
using System;
using System.Collections.Generic;

namespace Mmu.Walk;

/// <summary>A walk with every entry it read, in order, and how it ended.</summary>
public sealed class WalkExplanation
{
    internal WalkExplanation(IReadOnlyList<WalkStep> steps, in WalkResult result)
    {
        Steps = steps;
        Result = result;
    }

    /// <summary>The entries, in the order they were read.</summary>
    public IReadOnlyList<WalkStep> Steps { get; }

    /// <summary>How the walk ended, with the rule that refused.</summary>
    public WalkResult Result { get; }

    /// <summary>Describes the walk, one line an entry.</summary>
    public override string ToString() => string.Join(Environment.NewLine, [.. Lines()]);

    private IEnumerable<string> Lines()
    {
        foreach (WalkStep step in Steps)
        {
            yield return step.ToString();
        }

        yield return Result.ToString();
    }
}
