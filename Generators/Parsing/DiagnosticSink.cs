// Generators: gathers the diagnostics of one declaration.
using System.Collections.Generic;
using System.Globalization;
using Microsoft.CodeAnalysis;
using Mmu.Generators.Model;

namespace Mmu.Generators.Parsing;

/// <summary>Gathers what is wrong with one declaration.</summary>
internal sealed class DiagnosticSink
{
    private readonly List<DiagnosticInfo> _found = [];

    /// <summary>True once the declaration is illegal, whether or not there is something of ours to report.</summary>
    public bool IsIllegal { get; private set; }

    /// <summary>What was found.</summary>
    public EquatableArray<DiagnosticInfo> Found => new(_found);

    /// <summary>Adds a diagnostic.</summary>
    public void Report(DiagnosticDescriptor descriptor, LocationInfo location, params object[] arguments)
    {
        IsIllegal = true;
        var texts = new List<string>(arguments.Length);
        foreach (object argument in arguments)
        {
            texts.Add(System.Convert.ToString(argument, CultureInfo.InvariantCulture));
        }

        _found.Add(new DiagnosticInfo(descriptor, location, new EquatableArray<string>(texts)));
    }

    /// <summary>Refuses the declaration without a diagnostic: the compiler or another one already says what is wrong.</summary>
    public void Refuse() => IsIllegal = true;
}
