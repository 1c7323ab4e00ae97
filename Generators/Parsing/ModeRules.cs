// Generators: the rules of a mode's size and levels.
using System.Collections.Generic;
using System.Threading;
using Microsoft.CodeAnalysis;
using Mmu.Generators.Model;

namespace Mmu.Generators.Parsing;

/// <summary>Rules of a mode's levels, address width and leaves.</summary>
internal static class ModeRules
{
    private const int MinLevels = 2;
    private const int MaxLevels = 5;
    private const int MaxIndexBits = 16;
    private const int MaxAddressBits = 57;
    private const int MaxTruncatedAddressBits = 32;

    // There are four PDPTE registers.
    private const int RegisterIndexBits = 2;

    private static readonly string[] _refinements = ["Leaf", "Reserved", "RootTable", "HighFrame"];

    /// <summary>Checks the numbers that everything else depends on; <see langword="null"/> stands for one that is not given.</summary>
    public static void CheckSize(string name, int? levels, int? indexBits, LocationInfo location, DiagnosticSink sink)
    {
        bool isUnpaged = levels == 0;
        if (levels is not 0 and (null or < MinLevels or > MaxLevels))
        {
            sink.Report(ModeDiagnostics.BadLevels, location, name, levels is { } given ? given : "no");
        }

        if (isUnpaged ? indexBits is not (null or 0) : indexBits is null or < 1 or > MaxIndexBits)
        {
            sink.Report(ModeDiagnostics.BadIndexBits, location, name, indexBits is { } given ? given : "no");
        }
    }

    /// <summary>Checks a mode without levels, which has nothing that speaks of tables.</summary>
    public static void CheckUnpaged(
        ModeSpec mode, INamedTypeSymbol symbol, LocationInfo location, DiagnosticSink sink, CancellationToken cancellation)
    {
        if (mode.Address != AddressForm.Truncated)
        {
            sink.Report(ModeDiagnostics.UnpagedWithTables, location, mode.Name, "other AddressForm");
        }

        foreach (string name in _refinements)
        {
            foreach (AttributeReader attribute in AttributeReader.All(symbol, name + "Attribute", cancellation))
            {
                sink.Report(ModeDiagnostics.UnpagedWithTables, attribute.Location, mode.Name, name);
            }
        }
    }

    /// <summary>Checks the number of translated address bits.</summary>
    public static void CheckAddress(ModeSpec mode, LocationInfo location, DiagnosticSink sink)
    {
        int most = mode.Address == AddressForm.Truncated ? MaxTruncatedAddressBits : MaxAddressBits;
        if (mode.AddressBits > most)
        {
            sink.Report(ModeDiagnostics.AddressTooWide, location, mode.Name, mode.AddressBits, most);
        }
    }

    /// <summary>Checks one leaf against the mode and the leaves before it.</summary>
    public static void CheckLeaf(ModeSpec mode, LeafSpec leaf, List<LeafSpec> before, LocationInfo location, DiagnosticSink sink)
    {
        if (leaf.Level < 1 || leaf.Level > mode.Levels)
        {
            sink.Report(ModeDiagnostics.LeafOutOfRange, location, mode.Name, leaf.Level, mode.Levels);
            return;
        }

        if (before.Exists(other => other.Level == leaf.Level))
        {
            sink.Report(ModeDiagnostics.DuplicateLeaf, location, leaf.Level);
        }

        if (!mode.HasRights(leaf.Level))
        {
            sink.Report(ModeDiagnostics.LeafInRoot, location, leaf.Level);
        }

        if (leaf.Level > 1 && mode.Layout.Find("Large") is null)
        {
            sink.Report(ModeDiagnostics.NoLargeBit, location, leaf.Level, mode.Layout.Name);
        }

        ulong frame = FrameMaskAt(mode, leaf.Level);
        if (frame == 0)
        {
            sink.Report(ModeDiagnostics.NoFrameLeft, location, leaf.Level, mode.Layout.Name);
        }

        if (leaf.Level > 1 && (frame & mode.Layout.Mask("LargePat")) != 0)
        {
            sink.Report(ModeDiagnostics.LargePatInFrame, location, mode.Layout.Name, leaf.Level);
        }

        if (leaf is { Level: 1, NeedsPse: true })
        {
            sink.Report(ModeDiagnostics.PseAtLowestLevel, location);
        }
    }

    /// <summary>Checks a short root table.</summary>
    public static void CheckRoot(int indexBits, RootSpec root, LocationInfo location, DiagnosticSink sink)
    {
        int most = root.InRegisters ? System.Math.Min(indexBits, RegisterIndexBits) : indexBits;
        if (root.IndexBits < 1 || root.IndexBits > most)
        {
            sink.Report(ModeDiagnostics.BadRootIndexBits, location, root.IndexBits, most);
        }
    }

    /// <summary>Checks high frame bits.</summary>
    public static void CheckHighFrame(ModeSpec mode, HighFrameSpec high, LocationInfo location, DiagnosticSink sink)
    {
        if (high.Level < 2 || high.Level > mode.Levels || mode.LeafAt(high.Level) is null)
        {
            sink.Report(ModeDiagnostics.HighFrameLevel, location, high.Level);
            return;
        }

        if (high.Low < 0 || high.High >= mode.Layout.Bits || high.Low > high.High)
        {
            sink.Report(ModeDiagnostics.HighFramePlace, location, high.Low, high.High, "they are not a run within the entry");
            return;
        }

        if (CollidesWith(mode, high) is { } other)
        {
            sink.Report(ModeDiagnostics.HighFramePlace, location, high.Low, high.High, other);
        }

        int highest = ModeSpec.PageBits + mode.Layout.Find("Frame")!.Width - 1;
        int last = high.High - high.Low;
        if (high.AddressBit <= highest || high.AddressBit > 51 - last)
        {
            sink.Report(ModeDiagnostics.HighFrameAddress, location, high.AddressBit, (long)high.AddressBit + last, highest);
        }
    }

    /// <summary>Frame bits that count in leaves of the given level; those below are inside the page.</summary>
    public static ulong FrameMaskAt(ModeSpec mode, int level)
    {
        FieldSpec frame = mode.Layout.Find("Frame")!;
        return BitMask.Of(frame.Low + ((level - 1) * mode.IndexBits), frame.High);
    }

    private static string? CollidesWith(ModeSpec mode, HighFrameSpec high)
    {
        ulong mask = BitMask.Of(high.Low, high.High);
        foreach (FieldSpec field in mode.Layout.Fields)
        {
            ulong taken = field.Name == "Frame" ? FrameMaskAt(mode, high.Level) : field.Mask;
            if ((taken & mask) != 0)
            {
                return "'" + field.Name + "' has some of them";
            }
        }

        foreach (ReservedSpec reserved in mode.Reserved)
        {
            bool concerned = reserved.InLeaves && (reserved.Level == 0 || reserved.Level == high.Level);
            if (concerned && reserved.When != "BeyondPse36" && (reserved.Mask & mask) != 0)
            {
                return "some of them are reserved";
            }
        }

        return null;
    }
}
