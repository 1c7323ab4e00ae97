// Generators: what reading one declaration gave.
using Mmu.Generators.Model;

namespace Mmu.Generators.Parsing;

/// <summary>The outcome of reading one declaration.</summary>
/// <typeparam name="T">The kind of specification.</typeparam>
/// <param name="Name">Name of the declared struct.</param>
/// <param name="Location">The attribute that declares it.</param>
/// <param name="Spec">What it says, or <see langword="null"/> if it is illegal.</param>
/// <param name="Diagnostics">Why it is illegal.</param>
internal sealed record ParseResult<T>(string Name, LocationInfo Location, T? Spec, EquatableArray<DiagnosticInfo> Diagnostics)
    where T : class;
