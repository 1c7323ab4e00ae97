// Generators: reads the attributes that refine a [PagingMode]: leaves, reserved bits, root table, high frame bits.
using System.Collections.Generic;
using System.Threading;
using Microsoft.CodeAnalysis;
using Mmu.Generators.Model;

namespace Mmu.Generators.Parsing;

/// <summary>Reads what refines a mode whose layout and size are known to be legal.</summary>
internal static class ModeDetailsParser
{
    // Members of the product's EntryKinds.
    private const int TableKind = 1;
    private const int LeafKind = 2;

    /// <summary>Completes the given mode, which has levels and layout but neither leaves nor anything that refers to them.</summary>
    public static ModeSpec Complete(
        ModeSpec mode, INamedTypeSymbol symbol, LocationInfo location, DiagnosticSink sink, CancellationToken cancellation)
    {
        if (mode.Levels == 0)
        {
            ModeRules.CheckUnpaged(mode, symbol, location, sink, cancellation);
            return mode;
        }

        mode = WithRoot(mode, symbol, sink, cancellation);
        mode = WithLeaves(mode, symbol, location, sink, cancellation);
        ModeRules.CheckAddress(mode, location, sink);
        List<AttributeReader> high = AttributeReader.All(symbol, "HighFrameAttribute", cancellation);
        HighFrameSpec? highFrame = null;
        if (high.Count != 0)
        {
            highFrame = ReadHighFrame(high[0], sink);
            mode = mode with { HighFrame = highFrame };
        }

        mode = WithReserved(mode, symbol, sink, cancellation);
        if (highFrame is not null)
        {
            ModeRules.CheckHighFrame(mode, highFrame, high[0].Location, sink);
        }

        return mode;
    }

    private static ModeSpec WithRoot(ModeSpec mode, INamedTypeSymbol symbol, DiagnosticSink sink, CancellationToken cancellation)
    {
        foreach (AttributeReader attribute in AttributeReader.All(symbol, "RootTableAttribute", cancellation))
        {
            if (attribute.Number(0) is not { } indexBits)
            {
                sink.Refuse();
                continue;
            }

            var root = new RootSpec(indexBits, attribute.Flag("InRegisters"));
            ModeRules.CheckRoot(mode.IndexBits, root, attribute.Location, sink);
            mode = mode with { Root = root };
        }

        return mode;
    }

    private static ModeSpec WithLeaves(
        ModeSpec mode, INamedTypeSymbol symbol, LocationInfo location, DiagnosticSink sink, CancellationToken cancellation)
    {
        var leaves = new List<LeafSpec>();
        bool readable = true;
        foreach (AttributeReader attribute in AttributeReader.All(symbol, "LeafAttribute", cancellation))
        {
            if (attribute.Number(0) is not { } level)
            {
                sink.Refuse();
                readable = false;
                continue;
            }

            var leaf = new LeafSpec(level, attribute.Flag("NeedsPse"));
            ModeRules.CheckLeaf(mode, leaf, leaves, attribute.Location, sink);
            leaves.Add(leaf);
        }

        if (readable && !leaves.Exists(leaf => leaf.Level == 1))
        {
            sink.Report(ModeDiagnostics.NoLowestLeaf, location, mode.Name);
        }

        // Sorted, so that the order in which they are written makes no difference.
        leaves.Sort((a, b) => a.Level.CompareTo(b.Level));
        return mode with { Leaves = new EquatableArray<LeafSpec>(leaves.FindAll(leaf => leaf.Level >= 1 && leaf.Level <= mode.Levels)) };
    }

    private static HighFrameSpec? ReadHighFrame(AttributeReader attribute, DiagnosticSink sink)
    {
        if (attribute.Number(0) is { } level && attribute.Number(1) is { } low
            && attribute.Number(2) is { } high && attribute.Number(3) is { } addressBit)
        {
            return new HighFrameSpec(level, low, high, addressBit);
        }

        sink.Refuse();
        return null;
    }

    private static ModeSpec WithReserved(ModeSpec mode, INamedTypeSymbol symbol, DiagnosticSink sink, CancellationToken cancellation)
    {
        var reserved = new List<ReservedSpec>();
        foreach (AttributeReader attribute in AttributeReader.All(symbol, "ReservedAttribute", cancellation))
        {
            if (ReadReserved(mode, attribute, sink) is { } spec)
            {
                ReservedRules.Check(mode, spec, attribute.Location, sink);
                reserved.Add(spec);
            }
        }

        return mode with { Reserved = new EquatableArray<ReservedSpec>(reserved) };
    }

    private static ReservedSpec? ReadReserved(ModeSpec mode, AttributeReader attribute, DiagnosticSink sink)
    {
        if (attribute.Number(0) is not { } low || attribute.Number(1) is not { } high)
        {
            sink.Refuse();
            return null;
        }

        int level = attribute.Number("Level") ?? 0;
        int kinds = attribute.Number("In") ?? (TableKind | LeafKind);
        string? when = attribute.Member("When", "Always");
        bool usable = ReservedRules.CheckNumbers(mode, low, high, level, attribute.Location, sink);
        if ((kinds & ~(TableKind | LeafKind)) != 0)
        {
            sink.Report(ModeDiagnostics.UnknownValue, attribute.Location, "In");
            usable = false;
        }

        if (when is null)
        {
            sink.Report(ModeDiagnostics.UnknownValue, attribute.Location, "When");
            usable = false;
        }

        return usable ? new ReservedSpec(low, high, level, (kinds & TableKind) != 0, (kinds & LeafKind) != 0, when!) : null;
    }
}
