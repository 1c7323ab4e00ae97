// Generators: reads and checks how an SPTE format stands for MMIO.
using System.Collections.Generic;
using System.Threading;
using Microsoft.CodeAnalysis;
using Mmu.Generators.Model;

namespace Mmu.Generators.Parsing;

/// <summary>Reads <c>[MmioGeneration]</c> and <c>[MmioMark]</c>.</summary>
internal static class SpteMmioParser
{
    private const int GenerationBits = 18;

    // Bits by which other entries are told from MMIO entries, or that MMIO entries use otherwise, whatever the format.
    private const ulong Present = 1UL << 11;
    private const ulong Empty = 1UL << 63;
    private const ulong Frozen = Empty | 0x1A0;

    /// <summary>Completes a format that has no MMIO entries yet.</summary>
    public static SpteSpec Complete(
        SpteSpec spec, INamedTypeSymbol symbol, LocationInfo location, DiagnosticSink sink, CancellationToken cancellation)
    {
        spec = WithMark(spec, symbol, location, sink, cancellation);
        ulong taken = Present | Empty | spec.Layout.Mask("Frame") | MarkOf(spec);
        var runs = new List<BitRun>();
        int width = 0;
        bool complete = true;
        foreach (AttributeReader attribute in AttributeReader.All(symbol, "MmioGenerationAttribute", cancellation))
        {
            if (Run(attribute, spec, sink) is not { } run)
            {
                complete = false;
                continue;
            }

            if ((run.Mask & taken) != 0)
            {
                sink.Report(SpteDiagnostics.GenerationCollides, attribute.Location, spec.Name, run.Low, run.High);
            }

            taken |= run.Mask;
            width += run.Width;
            runs.Add(run);
        }

        if (complete && width != GenerationBits)
        {
            sink.Report(SpteDiagnostics.GenerationWidth, location, spec.Name, width);
        }

        return spec with { Generation = new EquatableArray<BitRun>(runs) };
    }

    // A legacy entry is marked by P and address bits, and keeps W and U.
    private static ulong MarkOf(SpteSpec spec) => spec.Layout.IsEpt
        ? spec.Mark?.Run.Mask ?? 0
        : spec.Layout.Mask("Present") | spec.Layout.Mask("Writable") | spec.Layout.Mask("User");

    private static SpteSpec WithMark(
        SpteSpec spec, INamedTypeSymbol symbol, LocationInfo location, DiagnosticSink sink, CancellationToken cancellation)
    {
        List<AttributeReader> marks = AttributeReader.All(symbol, "MmioMarkAttribute", cancellation);
        if (marks.Count == 0)
        {
            if (spec.Layout.IsEpt)
            {
                sink.Report(SpteDiagnostics.BadMark, location, spec.Name, "an EPT format needs one");
            }

            return spec;
        }

        AttributeReader attribute = marks[0];
        if (Run(attribute, spec, sink) is not { } run)
        {
            return spec;
        }

        if (attribute.Number(2) is not { } value)
        {
            sink.Refuse();
            return spec;
        }

        var mark = new MmioMarkSpec(run, value);
        string? reason = null;
        if (!spec.Layout.IsEpt)
        {
            reason = "legacy formats are marked by reserved address bits";
        }
        else if ((run.Mask & (Present | Empty | spec.Layout.Mask("Frame"))) != 0)
        {
            reason = "bits 11, 63 and the frame are taken";
        }
        else if (value < 0 || run.Width > 30 || value >> run.Width != 0)
        {
            reason = "its value does not fit its bits";
        }
        else if (mark.InPlace is 0 || mark.InPlace == (Frozen & run.Mask))
        {
            reason = "zero or frozen entries match it";
        }

        if (reason is not null)
        {
            sink.Report(SpteDiagnostics.BadMark, attribute.Location, spec.Name, reason);
            return spec;
        }

        return spec with { Mark = mark };
    }

    private static BitRun? Run(AttributeReader attribute, SpteSpec spec, DiagnosticSink sink)
    {
        if (attribute.Number(0) is not { } low || attribute.Number(1) is not { } high)
        {
            sink.Refuse();
            return null;
        }

        if (low < 0 || high >= SpteRules.Bits || low > high)
        {
            sink.Report(SpteDiagnostics.MmioOutOfWidth, attribute.Location, spec.Name, low, high);
            return null;
        }

        return new BitRun(low, high);
    }
}
