// Generators: the rules of declared reserved bits.
using Mmu.Generators.Model;

namespace Mmu.Generators.Parsing;

/// <summary>Rules of one <c>[Reserved]</c> declaration.</summary>
internal static class ReservedRules
{
    /// <summary>True if the numbers can be used; reports otherwise.</summary>
    public static bool CheckNumbers(ModeSpec mode, int low, int high, int level, LocationInfo location, DiagnosticSink sink)
    {
        if (low < 0 || high >= mode.Layout.Bits || low > high)
        {
            sink.Report(ModeDiagnostics.ReservedOutOfWidth, location, low, high, mode.Layout.Bits - 1);
            return false;
        }

        if (level < 0 || level > mode.Levels)
        {
            sink.Report(ModeDiagnostics.ReservedLevel, location, mode.Name, level, mode.Levels);
            return false;
        }

        return true;
    }

    /// <summary>Checks the bits against the entries they are reserved in.</summary>
    public static void Check(ModeSpec mode, ReservedSpec reserved, LocationInfo location, DiagnosticSink sink)
    {
        if (!ConcernsTables(reserved) && !ConcernsLeaves(mode, reserved))
        {
            sink.Report(ModeDiagnostics.ReservedNowhere, location, reserved.Level);
            return;
        }

        if ((reserved.Mask & CountingFrameMask(mode, reserved)) != 0)
        {
            sink.Report(ModeDiagnostics.ReservedFrame, location, reserved.Low, reserved.High);
        }

        if (DecidingField(mode, reserved) is { } field)
        {
            sink.Report(ModeDiagnostics.ReservedDecides, location, reserved.Low, reserved.High, field);
        }

        if (reserved.When == "BeyondPse36" && mode.HighFrame is null)
        {
            sink.Report(ModeDiagnostics.NoHighFrame, location, mode.Name);
        }
    }

    private static bool ConcernsTables(ReservedSpec reserved) => reserved.InTables && reserved.Level != 1;

    private static bool ConcernsLeaves(ModeSpec mode, ReservedSpec reserved) =>
        reserved.InLeaves && (reserved.Level == 0 || mode.LeafAt(reserved.Level) is not null);

    // Frame bits that carry an address in some entry concerned. Every frame bit does so in an entry that names a table.
    private static ulong CountingFrameMask(ModeSpec mode, ReservedSpec reserved)
    {
        ulong mask = ConcernsTables(reserved) ? mode.Layout.Mask("Frame") : 0;
        if (reserved.InLeaves)
        {
            foreach (LeafSpec leaf in mode.Leaves)
            {
                mask |= reserved.Level == 0 || reserved.Level == leaf.Level ? ModeRules.FrameMaskAt(mode, leaf.Level) : 0;
            }
        }

        return mask;
    }

    // A bit that is set in all entries concerned cannot be reserved there: no such entry would ever be valid.
    private static string? DecidingField(ModeSpec mode, ReservedSpec reserved)
    {
        if ((reserved.Mask & mode.Layout.Mask("Present")) != 0)
        {
            return "Present";
        }

        bool onlyLargeLeaves = reserved is { InTables: false, Level: > 1, When: "Always" };
        return onlyLargeLeaves && (reserved.Mask & mode.Layout.Mask("Large")) != 0 ? "Large" : null;
    }
}
