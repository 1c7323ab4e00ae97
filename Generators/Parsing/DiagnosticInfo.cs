// Generators: a diagnostic as plain equatable data.
using Microsoft.CodeAnalysis;
using Mmu.Generators.Model;

namespace Mmu.Generators.Parsing;

/// <summary>A diagnostic that is yet to be reported.</summary>
/// <param name="Descriptor">Which.</param>
/// <param name="Location">Where.</param>
/// <param name="Arguments">What the message names.</param>
internal sealed record DiagnosticInfo(DiagnosticDescriptor Descriptor, LocationInfo Location, EquatableArray<string> Arguments)
{
    /// <summary>The diagnostic as the compiler wants it.</summary>
    public Diagnostic ToDiagnostic()
    {
        object[] arguments = new object[Arguments.Count];
        for (int i = 0; i < arguments.Length; i++)
        {
            arguments[i] = Arguments[i];
        }

        return Diagnostic.Create(Descriptor, Location.ToLocation(), arguments);
    }
}
