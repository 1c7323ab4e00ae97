// Generators: the walker of one mode: file header, constants, and the order of its parts.
using Mmu.Generators.Model;

namespace Mmu.Generators.Emission;

/// <summary>
/// Emits the walker of one mode. Its parts: the fast walk, the level-by-level walk, reserved bits, and the description of the mode.
/// </summary>
internal static class WalkerEmitter
{
    /// <summary>Name of the emitted file.</summary>
    public static string HintName(ModeSpec mode) => "Walkers/" + mode.Name + ".Walker.g.cs";

    /// <summary>The emitted file.</summary>
    public static string Emit(ModeSpec mode)
    {
        WalkerText text = new(mode);
        SourceWriter writer = new();
        writer.FileHeader(mode.File + " ([PagingMode])", "Mmu.Walk");
        writer.Line("using System.Runtime.CompilerServices;");
        writer.Line("using Mmu.Architecture;");
        writer.Line("using Mmu.Guest;");
        if (mode.Namespace is not "Mmu.Architecture" and not "Mmu.Walk" and { Length: > 0 })
        {
            writer.Line("using " + mode.Namespace + ";");
        }

        writer.Line();
        string shape = mode.Levels == 0
            ? "addresses are physical"
            : $"{Literal.Number(mode.Levels)} levels of {Literal.Number(mode.EntryBytes)}-byte entries, {Literal.Number(mode.AddressBits)}-bit addresses";
        writer.Summary($"Walker of <see cref=\"{mode.Name}\"/>: {shape}.");
        using (writer.Block($"internal static unsafe class {text.ClassName}"))
        {
            Constants(writer, text);
            if (mode.Levels == 0)
            {
                UnpagedWalkerEmitter.Write(writer);
            }
            else
            {
                FastWalkEmitter.Write(writer, text);
                StepWalkEmitter.Write(writer, text);
                MarkEmitter.Write(writer, text);
                ReservedBitsEmitter.Write(writer, text);
                ClassifyEmitter.Write(writer, text);
            }

            CodeEmitter.Write(writer, text);
        }

        return writer.ToString();
    }

    private static void Constants(SourceWriter writer, WalkerText text)
    {
        if (text.Mode.Levels == 0)
        {
            return;
        }

        writer.Line("private const ulong Frame = " + Literal.Hex(text.FrameAddressMask) + ";");
        if (!text.IsEpt)
        {
            writer.Line("private const ulong Present = " + Literal.Hex(text.Mode.Layout.Mask("Present")) + ";");
        }

        writer.Line("private const ulong Writable = " + Literal.Hex(text.Mode.Layout.Mask("Writable")) + ";");
        foreach (string name in new[] { "Large", "Accessed", "Dirty" })
        {
            if (text.Has(name))
            {
                writer.Line($"private const ulong {name} = {Literal.Hex(text.Mode.Layout.Mask(name))};");
            }
        }

        writer.Line();
    }
}
