// Generators: the level-by-level walk: every rule in the order of the manual.
using Mmu.Generators.Model;

namespace Mmu.Generators.Emission;

/// <summary>Emits the level-by-level walk over any reader of entries, the nested walk and the traced walk that use it.</summary>
internal static class StepWalkEmitter
{
    /// <summary>The constant part of a successful result for a leaf of this level.</summary>
    public static string LeafInfo(WalkerText text, int level)
    {
        const int translated = 1;
        int shift = text.Mode.ShiftOf(level);
        return $"0x{translated | (level << 8) | (shift << 16):x}UL";
    }

    /// <summary>Writes the walks.</summary>
    public static void Write(SourceWriter writer, WalkerText text)
    {
        WriteStep(writer, text);
        WriteComplete(writer, text);
        if (text.Mode.Address != AddressForm.ZeroExtended)
        {
            WriteNested(writer, text);
        }

        WriteTrace(writer, text);
    }

    private static void WriteStep(SourceWriter writer, WalkerText text)
    {
        writer.Summary("Walks level by level: present, reserved bits, next level; then rights, and accessed and dirty bits once everything else has succeeded.");
        using (writer.Block(
            "private static StepOutcome Step<TReader, TMarking>(WalkContext context, ref TReader reader, ulong gva, uint access, ref WalkResult result)\n"
            + "    where TReader : struct, IEntryReader, allows ref struct\n"
            + "    where TMarking : struct, IMarking"))
        {
            writer.Line("StepPath path = default;");
            writer.Line("path.All = ulong.MaxValue;");
            writer.Line("ulong table = context.Root;");
            foreach (int level in text.LevelsDownTo(1))
            {
                writer.Line();
                writer.Line("// Level " + Literal.Number(level) + ".");
                Level(writer, text, level);
            }
        }

        writer.Line();
    }

    private static void Level(SourceWriter writer, WalkerText text, int level)
    {
        string number = Literal.Number(level);
        string entry = WalkerText.Entry(level);
        Load(writer, text, level);
        Refuse(writer, $"({entry} & {(text.IsEpt ? "context.PresentMask" : "Present")}) == 0", "NotPresent", level);
        if (text.IsEpt)
        {
            Refuse(writer, $"EptRules.HasBadRights({entry}, context.ExecuteOnly, context.ModeBasedExecute)", "BadRights", level);
        }

        if (!text.Mode.InRegisters(level))
        {
            writer.Line($"path.Entries[{number}] = {entry};");
            writer.Line($"path.Addresses[{number}] = address{number};");
        }

        if (text.Mode.HasRights(level))
        {
#if MMU_FAULT_28
            writer.Line($"path.AllAbove = path.All & {entry};");
#else
            writer.Line("path.AllAbove = path.All;");
#endif
            writer.Line($"path.All &= {entry};");
            writer.Line($"path.Any |= {entry};");
        }

        if (level == 1)
        {
            Leaf(writer, text, level);
            return;
        }

        if (text.IsLeaf(level) is { } isLeaf)
        {
            using (writer.Block($"if ({isLeaf})"))
            {
                Leaf(writer, text, level);
            }

            writer.Line();
        }

        if (!text.Mode.InRegisters(level))
        {
            Refuse(writer, $"({entry} & context.Reserved.Table[{number}]) != 0", "ReservedBit", level);
        }

        writer.Line($"table = {text.TableAddress(entry)};");
    }

    private static void Load(SourceWriter writer, WalkerText text, int level)
    {
        string number = Literal.Number(level);
        string entry = WalkerText.Entry(level);
        string address = "address" + number;
        if (text.Mode.InRegisters(level))
        {
            writer.Line($"const ulong {address} = 0;");
            writer.Line($"ulong {entry} = context.Pdptes[{text.Index(level)}];");
        }
        else
        {
            writer.Line($"ulong {address} = table + ({text.Offset(level)});");
            using (writer.Block($"if (!reader.TryRead(context, {number}, {address}, {Literal.Number(text.Mode.EntryBytes)}, gva, access, out ulong {entry}, ref result))"))
            {
                writer.Line("return StepOutcome.Fault;");
            }

            writer.Line();
        }
    }

    private static void Leaf(SourceWriter writer, WalkerText text, int level)
    {
        string number = Literal.Number(level);
        string entry = WalkerText.Entry(level);
        Refuse(writer, $"({entry} & context.Reserved.Leaf[{number}]) != 0", "ReservedBit", level);
        if (text.Has("MemoryType"))
        {
            Refuse(writer, $"EptRules.HasBadMemoryType({entry})", "BadMemoryType", level);
        }

        writer.Line($"path.Level = {number};");
        writer.Line($"result.GpaValue = {text.LeafAddress(level, entry)};");
        writer.Line($"return Complete<TReader, TMarking>(context, ref reader, gva, access, {LeafInfo(text, level)}, in path, ref result);");
    }

    private static void Refuse(SourceWriter writer, string condition, string cause, int level)
    {
        using (writer.Block($"if ({condition})"))
        {
            string number = Literal.Number(level);
            writer.Line($"return WalkFaults.Raise(context, FaultCause.{cause}, {number}, address{number}, {WalkerText.Entry(level)}, gva, access, 0, byKey: false, ref result);");
        }

        writer.Line();
    }

    private static void WriteComplete(SourceWriter writer, WalkerText text)
    {
        writer.Summary("Checks the rights of a whole path, finishes the result and marks the entries.");
        using (writer.Block(
            "private static StepOutcome Complete<TReader, TMarking>(\n"
            + "    WalkContext context, ref TReader reader, ulong gva, uint access, ulong leafInfo, in StepPath path, ref WalkResult result)\n"
            + "    where TReader : struct, IEntryReader, allows ref struct\n"
            + "    where TMarking : struct, IMarking"))
        {
            writer.Line("ref readonly AccessPlan plan = ref context.Plans[(int)(access & 63)];");
            writer.Line("ulong leaf = path.Leaf;");
            writer.Line($"uint rights = {text.Rights("path.All", "path.Any")};");
            writer.Line($"Refusal refusal = {Check(text)};");
            using (writer.Block("if (refusal.Cause != FaultCause.None)"))
            {
                writer.Line("return WalkFaults.Raise(context, refusal.Cause, path.Level, path.Addresses[path.Level], leaf, gva, access, rights, refusal.ByKey, ref result);");
            }

            writer.Line();
            if (text.Has("Accessed"))
            {
                using (writer.Block("if (TMarking.Enabled && !MayMark(context, ref reader, plan.LeafMust, in path, ref result))"))
                {
                    writer.Line("return StepOutcome.Fault;");
                }

                writer.Line();
            }

            writer.Line("result.EntryValueBits = leaf;");
            writer.Line("result.Info = context.ResultBase | leafInfo | ((ulong)rights << WalkResult.RightsShift);");
            using (writer.Block("if (!reader.TryFinish(access, rights, ref result))"))
            {
                writer.Line("return StepOutcome.Fault;");
            }

            writer.Line();
            if (text.Has("Accessed"))
            {
                using (writer.Block("if (TMarking.Enabled && !TryMark(context, ref reader, plan.LeafMust, in path))"))
                {
                    writer.Line("return StepOutcome.Lost;");
                }

                writer.Line();
            }

            writer.Line("return StepOutcome.Done;");
        }

        writer.Line();
    }

    private static string Check(WalkerText text)
    {
        if (text.IsEpt)
        {
            return "PermissionCheck.CheckEpt(plan, access, rights)";
        }

        string shadowStack = text.Has("Dirty") ? "(path.AllAbove & Writable) != 0 && (leaf & Writable) == 0 && (leaf & Dirty) != 0" : "false";
        string key = text.Has("ProtectionKey") ? $"(int)(leaf >> {Literal.Number(text.Mode.Layout.Find("ProtectionKey")!.Low)}) & 15" : "0";
        return $"PermissionCheck.Check(plan, access, rights, {shadowStack}, {key})";
    }

    private static void WriteNested(SourceWriter writer, WalkerText text)
    {
        writer.Summary("Walks a nested guest's tables, each access to them translated by the second dimension.");
        using (writer.Block(
            "internal static ulong WalkNested<TMarking>(WalkContext context, ref SlotView view, ulong gva, uint access, ref WalkResult result)\n"
            + "    where TMarking : struct, IMarking"))
        {
            Untag(writer, text);
            using (writer.Block("for (int attempt = 0; attempt < WalkLimits.Attempts; attempt++)"))
            {
                writer.Line("NestedReader<TMarking> reader = new(ref view, context.Second!);");
                writer.Line("StepOutcome outcome = Step<NestedReader<TMarking>, TMarking>(context, ref reader, gva, access, ref result);");
                using (writer.Block("if (outcome != StepOutcome.Lost)"))
                {
                    writer.Line("result.GvaValue = gva;");
                    writer.Line("return outcome == StepOutcome.Done ? result.GpaValue : WalkLimits.NoAddress;");
                }
            }

            writer.Line();
            writer.Line("return WalkFaults.GiveUp(gva, ref result);");
        }

        writer.Line();
    }

    private static void WriteTrace(SourceWriter writer, WalkerText text)
    {
        writer.Summary("Walks as a debugger that wants to see each entry.");
        using (writer.Block("internal static ulong Trace(WalkContext context, ref TraceReader reader, ulong gva, uint access, ref WalkResult result)"))
        {
            Untag(writer, text);
            writer.Line("StepOutcome outcome = Step<TraceReader, Peek>(context, ref reader, gva, access, ref result);");
            if (text.Mode.Address != AddressForm.ZeroExtended)
            {
                writer.Line("result.GvaValue = gva;");
            }

            writer.Line("return outcome == StepOutcome.Done ? result.GpaValue : WalkLimits.NoAddress;");
        }

        writer.Line();
    }

    private static void Untag(SourceWriter writer, WalkerText text)
    {
        if (text.Mode.Address == AddressForm.Canonical)
        {
            writer.Line("ulong tagged = gva;");
            writer.Line("gva = IsCanonical(gva) ? gva : context.Masking.Untag(gva, access);");
        }

        FastWalkEmitter.AddressCheck(writer, text, "WalkFaults.RaiseBeforeTables(context, FaultCause.NonCanonical, 0, tagged, access, ref result)");
    }
}
