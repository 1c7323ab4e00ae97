// Generators: a field together with the place of its attribute, while it is being checked.
using Mmu.Generators.Model;

namespace Mmu.Generators.Parsing;

/// <summary>A field and where it is declared.</summary>
/// <param name="Spec">The field.</param>
/// <param name="Location">Its <c>[Bit]</c> or <c>[Bits]</c>.</param>
internal sealed record PlacedField(FieldSpec Spec, LocationInfo Location);
