// Generators: the mode's entry in the dispatch.
using Mmu.Generators.Model;

namespace Mmu.Generators.Emission;

/// <summary>Emits the object through which a mode's code is reached.</summary>
internal static class CodeEmitter
{
    /// <summary>Writes the property.</summary>
    public static void Write(SourceWriter writer, WalkerText text)
    {
        ModeSpec mode = text.Mode;
        writer.Summary("The mode's facts and code.");
        using (writer.Block("internal static WalkCode Code { get; } = new()", "};"))
        {
            writer.Line($"Name = \"{mode.Name}\",");
            writer.Line($"Levels = {Literal.Number(mode.Levels)},");
            writer.Line($"EntryBytes = {Literal.Number(mode.EntryBytes)},");
            writer.Line($"IndexBits = {Literal.Number(mode.IndexBits)},");
            writer.Line($"RootIndexBits = {Literal.Number(mode.Levels == 0 ? 0 : mode.IndexBitsOf(mode.Levels))},");
            writer.Line($"AddressBits = {Literal.Number(mode.Levels == 0 ? 32 : mode.AddressBits)},");
            writer.Line($"IsCanonical = {(mode.Address == AddressForm.Canonical ? "true" : "false")},");
            writer.Line($"RootInRegisters = {(mode.Root is { InRegisters: true } ? "true" : "false")},");
            writer.Line($"RootHasRights = {(mode.Root is null ? "true" : "false")},");
            writer.Line($"AccessedMask = {Literal.Hex(mode.Layout.Mask("Accessed"))},");
            writer.Line($"DirtyMask = {Literal.Hex(mode.Layout.Mask("Dirty"))},");
            writer.Line("Walk = &Walk<SlotView, MarkUsed>,");
            writer.Line("Peek = &Walk<SlotView, Peek>,");
            if (mode.Address != AddressForm.ZeroExtended)
            {
                writer.Line("WalkNested = &WalkNested<MarkUsed>,");
                writer.Line("PeekNested = &WalkNested<Peek>,");
            }

            writer.Line("Trace = &Trace,");
            writer.Line("FillReserved = &FillReserved,");
            writer.Line("FillMasks = &FillMasks,");
            writer.Line("Classify = &Classify,");
            writer.Line("RightsOf = &RightsOf,");
        }
    }
}
