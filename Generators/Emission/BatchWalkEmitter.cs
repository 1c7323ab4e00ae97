// Generators: many walks at once: thirty-two lanes in four vectors, level by level.
using System.Collections.Generic;
using System.Linq;
using Mmu.Generators.Model;

namespace Mmu.Generators.Emission;

/// <summary>
/// Emits the walk of many addresses. Where the CPU has 512-bit vectors, eight walks share a vector and four vectors are interleaved; a lane with anything unusual
/// is walked again alone. Modes of other shapes, and other CPUs, walk one address after the other.
/// </summary>
internal static class BatchWalkEmitter
{
    private const string One = "translated += Walk<TView, TMarking>(context, ref view, gvas[at].Value, access, ref results[at]) != WalkLimits.NoAddress ? 1 : 0;";

    private static readonly string[] _groups = ["A", "B", "C", "D"];

    /// <summary>Writes the walk of many addresses.</summary>
    public static void Write(SourceWriter writer, WalkerText text)
    {
        writer.Summary("Walks many addresses for one kind of access; returns how many were translated.");
        using (writer.Block(
            "internal static int WalkMany<TView, TMarking>(WalkContext context, ref TView view, ReadOnlySpan<Gva> gvas, uint access, Span<WalkResult> results)\n"
            + "    where TView : struct, IGuestView\n"
            + "    where TMarking : struct, IMarking"))
        {
            writer.Line("int translated = 0;");
            writer.Line("int at = 0;");
            if (IsVectorised(text))
            {
                using (writer.Block("if (Vector512.IsHardwareAccelerated && Avx512F.IsSupported)"))
                {
                    using (writer.Block("while (at <= gvas.Length - 32)"))
                    {
                        // A walk alone is what finds the first window.
                        using (writer.Block("if (view.TableWindow.Length == 0)"))
                        {
                            writer.Line(One);
                            writer.Line("at++;");
                            writer.Line("continue;");
                        }

                        writer.Line();
                        writer.Line("translated += Walk32<TView, TMarking>(context, ref view, gvas.Slice(at, 32), access, results.Slice(at, 32));");
                        writer.Line("at += 32;");
                    }
                }

                writer.Line();
            }

            using (writer.Block("for (; at < gvas.Length; at++)"))
            {
                writer.Line(One);
            }

            writer.Line();
            writer.Line("return translated;");
        }

        writer.Line();
        if (IsVectorised(text))
        {
            WriteBlock(writer, text);
            WriteRest(writer);
        }
    }

    /// <summary>True for modes whose levels are all alike: 8-byte entries with the frame in place, full tables in memory, legacy rights.</summary>
    private static bool IsVectorised(WalkerText text) =>
        text.Mode.EntryBytes == 8 && text.Mode.Root is null && text.Mode.HighFrame is null && !text.IsEpt && text.FrameShift == 0 && text.Mode.IndexBits == 9
        && text.Has("NoExecute") && text.Has("Accessed") && text.Mode.LeafAt(2) is { NeedsPse: false } && text.Mode.Address == AddressForm.Canonical;

    private static void WriteBlock(SourceWriter writer, WalkerText text)
    {
        writer.Summary("Walks thirty-two addresses as four vectors of eight: that many loads are in flight at once.");
        using (writer.Block(
            "private static int Walk32<TView, TMarking>(WalkContext context, ref TView view, ReadOnlySpan<Gva> gvas, uint access, Span<WalkResult> results)\n"
            + "    where TView : struct, IGuestView\n"
            + "    where TMarking : struct, IMarking"))
        {
            writer.Line("GuestWindow window = view.TableWindow;");
            writer.Line("ref readonly AccessPlan plan = ref context.Plans[(int)(access & 63)];");
            writer.Line("ReadOnlySpan<ulong> addresses = MemoryMarshal.Cast<Gva, ulong>(gvas);");
            Each(writer, "Vector512<ulong> gva{0} = Vector512.Create(addresses{1});", group => $"[{8 * (group[0] - 'A')}..]");
            string unused = Literal.Number(64 - text.Mode.AddressBits);
            Each(writer, "Vector512<ulong> suspect{0} = Vector512.ShiftRightArithmetic((gva{0} << " + unused + ").AsInt64(), " + unused + ").AsUInt64() ^ gva{0};");
            Each(writer, "Vector512<ulong> table{0} = Vector512.Create(context.Root);");
            foreach (int level in text.LevelsDownTo(1))
            {
                writer.Line();
                writer.Line("// Level " + Literal.Number(level) + ".");
                Level(writer, text, level);
            }

            writer.Line();
            Judge(writer, text);
            Store(writer, text);
            writer.Line("ulong rest = 0;");
            writer.Line("ulong elsewhere = 0;");
            Each(writer, "rest |= (~Vector512.Equals(suspect{0}, Vector512<ulong>.Zero)).ExtractMostSignificantBits() << {1};", group => Literal.Number(8 * (group[0] - 'A')));
            Each(writer, "elsewhere |= (~inside{0}).ExtractMostSignificantBits() << {1};", group => Literal.Number(8 * (group[0] - 'A')));
            writer.Line("return (rest | elsewhere) == 0 ? 32 : Rest<TView, TMarking>(context, ref view, gvas, access, results, rest, elsewhere);");
        }

        writer.Line();
    }

    private static void Level(SourceWriter writer, WalkerText text, int level)
    {
        string number = Literal.Number(level);
        int shift = text.Mode.ShiftOf(level) - 3;
        string mask = level == 1 ? "Vector512.AndNot(window.Holds(table{0}), large{0})" : "window.Holds(table{0})";
        Each(writer, "Vector512<ulong> entry{0}" + number + " = window.Gather64(table{0} + ((gva{0} >>> " + Literal.Number(shift) + ") & Vector512.Create(0xff8UL)), " + mask + ");");
        bool first = level == text.Mode.Levels;
        string entry = "entry{0}" + number;
        if (level == 1)
        {
            // A 2-MiB page has no entry here: its lanes were not loaded.
            Each(writer, "all{0} &= entry{0}1 | large{0};");
            Each(writer, "any{0} |= entry{0}1;");
            return;
        }

        Each(writer, first ? $"Vector512<ulong> all{{0}} = {entry};" : $"all{{0}} &= {entry};");
        Each(writer, first ? $"Vector512<ulong> any{{0}} = {entry};" : $"any{{0}} |= {entry};");
        if (text.OwnRules(level, leaf: false).Any())
        {
            Each(writer, $"suspect{{0}} |= {entry} & Vector512.Create(context.Reserved.Table[{number}]);");
        }

        if (level == 2)
        {
            Each(writer, "Vector512<ulong> large{0} = Vector512.Equals(entry{0}2 & Vector512.Create(Large), Vector512.Create(Large));");
        }
        else if (text.Mode.LeafAt(level) is not null)
        {
            Each(writer, $"suspect{{0}} |= {entry} & Vector512.Create(Large);");
        }

        Each(writer, $"table{{0}} = {entry} & Vector512.Create(Frame);");
    }

    private static void Judge(SourceWriter writer, WalkerText text)
    {
        FieldSpec? key = text.Mode.Layout.Find("ProtectionKey");
        Each(writer, "Vector512<ulong> leaf{0} = entry{0}1 | (entry{0}2 & large{0});");
        Each(writer, "suspect{0} |= Vector512.AndNot(Vector512.Create(plan.Must), all{0}) | (all{0} & Vector512.Create(plan.MustNotAll)) | (any{0} & Vector512.Create(plan.MustNotAny));");
        Each(writer, "suspect{0} |= leaf{0} & large{0} & Vector512.Create(context.Reserved.Leaf[2]);");
        using (writer.Block("if (TMarking.Enabled)"))
        {
            Each(writer, "suspect{0} |= Vector512.AndNot(Vector512.Create(Accessed), all{0}) | Vector512.AndNot(Vector512.Create(plan.LeafMust), leaf{0});");
        }

        writer.Line();
        if (key is not null)
        {
            using (writer.Block("if (plan.SuspectKeys != 0)"))
            {
                Each(writer, "suspect{0} |= Avx512F.ShiftRightLogicalVariable(Vector512.Create((ulong)plan.SuspectKeys), (leaf{0} >>> " + Literal.Number(key.Low) + ") & Vector512.Create(15UL)) & Vector512.Create(1UL);");
            }

            writer.Line();
        }
    }

    private static void Store(SourceWriter writer, WalkerText text)
    {
        Each(writer, "Vector512<ulong> offset{0} = Vector512.Create(" + Literal.Hex(BitMask.Of(0, text.Mode.ShiftOf(1) - 1)) + ") | (large{0} & Vector512.Create(" + Literal.Hex(BitMask.Of(0, text.Mode.ShiftOf(2) - 1)) + "));");
        Each(writer, "Vector512<ulong> gpa{0} = Vector512.AndNot(leaf{0} & Vector512.Create(Frame), offset{0}) | (gva{0} & offset{0});");
        Each(writer, "Vector512<ulong> inside{0} = window.Holds(gpa{0});");
        Each(writer, $"Vector512<ulong> rights{{0}} = {Rights(text)};");
        string info1 = StepWalkEmitter.LeafInfo(text, 1);
        string info2 = StepWalkEmitter.LeafInfo(text, 2);
        Each(writer, $"Vector512<ulong> info{{0}} = Vector512.Create(context.ResultBase | {info1}) ^ (large{{0}} & Vector512.Create({info1} ^ {info2})) | (rights{{0}} << WalkResult.RightsShift);");
        Each(writer, "ResultBlock.Store(ref results[{1}], gpa{0}, window.HostOf(gpa{0}, inside{0}), leaf{0}, info{0});", group => Literal.Number(8 * (group[0] - 'A')));
    }

    // The rights as the product's enum has them; those whose bits stand in their place already are taken together.
    private static string Rights(WalkerText text)
    {
        ulong inPlace = 0;
        List<string> moved = [];
        foreach ((string field, int to) in new[] { ("Present", 0), ("Writable", 1), ("User", 2) })
        {
            int shift = text.Mode.Layout.Find(field)!.Low - to;
            if (shift == 0)
            {
                inPlace |= 1UL << to;
                continue;
            }

            string move = shift > 0 ? $"all{{0}} >>> {Literal.Number(shift)}" : $"all{{0}} << {Literal.Number(-shift)}";
            moved.Add($"(({move}) & Vector512.Create({Literal.Number(1 << to)}UL))");
        }

        if (inPlace != 0)
        {
            moved.Insert(0, $"(all{{0}} & Vector512.Create({Literal.Number((int)inPlace)}UL))");
        }

        FieldSpec noExecute = text.Mode.Layout.Find("NoExecute")!;
        string allowed = $"Vector512.AndNot(Vector512.Create({Literal.Hex(noExecute.Mask)}), any{{0}})";
        moved.Add(noExecute.Low >= 3 ? $"({allowed} >>> {Literal.Number(noExecute.Low - 3)})" : $"({allowed} << {Literal.Number(3 - noExecute.Low)})");
        return string.Join(" | ", moved);
    }

    private static void WriteRest(SourceWriter writer)
    {
        writer.Summary("Walks alone, in order, the lanes that have anything unusual, and finds the pointers of those whose page lies in another slot.");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block(
            "private static int Rest<TView, TMarking>(\n"
            + "    WalkContext context, ref TView view, ReadOnlySpan<Gva> gvas, uint access, Span<WalkResult> results, ulong rest, ulong elsewhere)\n"
            + "    where TView : struct, IGuestView\n"
            + "    where TMarking : struct, IMarking"))
        {
            writer.Line("int translated = 0;");
            using (writer.Block("for (int lane = 0; lane < gvas.Length; lane++)"))
            {
                using (writer.Block("if (((rest >> lane) & 1) != 0)"))
                {
                    writer.Line("translated += Walk<TView, TMarking>(context, ref view, gvas[lane].Value, access, ref results[lane]) != WalkLimits.NoAddress ? 1 : 0;");
                    writer.Line("continue;");
                }

                writer.Line();
                writer.Line("translated++;");
                using (writer.Block("if (((elsewhere >> lane) & 1) != 0)"))
                {
                    writer.Line("results[lane].HostValue = view.HostOf(results[lane].GpaValue);");
                }
            }

            writer.Line();
            writer.Line("return translated;");
        }

        writer.Line();
    }

    private static void Each(SourceWriter writer, string format, System.Func<string, string>? argument = null)
    {
        foreach (string half in _groups)
        {
            writer.Line(format.Replace("{0}", half).Replace("{1}", argument?.Invoke(half) ?? string.Empty));
        }
    }
}
