// Perf: one walker in one kind of loop; a subject of measurement.
namespace Mmu.Perf;

/// <summary>Walks a chunk and returns the sum of the guest-physical addresses, which all competitors must agree on.</summary>
internal abstract unsafe class Competitor(string name)
{
    public const string Floor = "C floor";
    public const string CSharpFloor = "C# floor";
    public const string CWalk = "C walk";
    public const string Generic = "generic C#";
    public const string Core = "Mmu";
    public const string CoreSlots = "Mmu slots";

    public string Name { get; } = name;

    /// <summary>Walks <paramref name="count"/> addresses. <paramref name="zero"/> is 0, which the compiler must not know.</summary>
    public abstract ulong Run(ulong* gvas, int count, ulong zero);
}
