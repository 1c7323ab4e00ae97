// Generators: names of pipeline steps, by which tests see what was cached.
namespace Mmu.Generators;

/// <summary>Names of pipeline steps.</summary>
internal static class TrackingNames
{
    /// <summary>Suffix of the steps that read declarations, locations included.</summary>
    public const string Parsed = "Parsed";

    /// <summary>Legal layouts.</summary>
    public const string Layouts = "Layouts";

    /// <summary>Legal modes.</summary>
    public const string Modes = "Modes";

    /// <summary>Legal SPTE formats.</summary>
    public const string Sptes = "Sptes";
}
