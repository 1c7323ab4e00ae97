// Perf: something that is measured: what is done before the clock starts, and what the clock sees.
namespace Mmu.Perf;

/// <summary>A subject of measurement; takes turns with others.</summary>
internal abstract class Subject(string name, int operations)
{
    public string Name { get; } = name;

    /// <summary>How many operations a turn consists of.</summary>
    public int Operations { get; } = operations;

    /// <summary>Brings about what the turn needs. Not timed; what it allocates does not count.</summary>
    /// <param name="chunk">Number of the turn: no two subjects get the same one after another.</param>
    public virtual void Prepare(int chunk)
    {
    }

    /// <summary>The turn.</summary>
    public abstract void Run(int chunk);
}
