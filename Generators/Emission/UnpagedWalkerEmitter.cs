// Generators: the walker of a mode without tables.
namespace Mmu.Generators.Emission;

/// <summary>Emits the walker of a mode of no levels: the address is the physical address and everything is allowed.</summary>
internal static class UnpagedWalkerEmitter
{
    private const string Body = """
        private const ulong AddressMask = 0xFFFF_FFFF;

        // Translated, a 4-KiB page, every right.
        private const ulong Info = 0x000C_F001;

        /// <summary>Translates without tables.</summary>
        internal static ulong Walk<TView, TMarking>(WalkContext context, ref TView view, ulong gva, uint access, ref WalkResult result)
            where TView : struct, IGuestView
            where TMarking : struct, IMarking
        {
            DirectReader<TView> reader = new(ref view, EntrySnapshot.Empty);
            return Finish(context, ref reader, gva, access, ref result);
        }

        /// <summary>Translates without tables, then by the second dimension.</summary>
        internal static ulong WalkNested<TMarking>(WalkContext context, ref SlotView view, ulong gva, uint access, ref WalkResult result)
            where TMarking : struct, IMarking
        {
            NestedReader<TMarking> reader = new(ref view, context.Second!);
            return Finish(context, ref reader, gva, access, ref result);
        }

        /// <summary>Translates without tables for a debugger.</summary>
        internal static ulong Trace(WalkContext context, ref TraceReader reader, ulong gva, uint access, ref WalkResult result) =>
            Finish(context, ref reader, gva, access, ref result);

        private static ulong Finish<TReader>(WalkContext context, ref TReader reader, ulong gva, uint access, ref WalkResult result)
            where TReader : struct, IEntryReader, allows ref struct
        {
            const uint rights = 0xF;
            result.GpaValue = gva & AddressMask;
            result.EntryValueBits = 0;
            result.Info = context.ResultBase | Info;
            bool translated = reader.TryFinish(access, rights, ref result);
            result.GvaValue = gva & AddressMask;
            return translated ? result.GpaValue : WalkLimits.NoAddress;
        }

        /// <summary>There are no entries with reserved bits.</summary>
        internal static void FillReserved(in ReservedInputs inputs, ref ReservedMasks masks) => masks = default;

        /// <summary>There are no entries to hold to anything.</summary>
        internal static void FillMasks(uint required, bool forbidsUser, ref AccessPlan plan)
        {
        }

        /// <summary>There are no entries.</summary>
        internal static EntryClass Classify(WalkContext context, int level, ulong entry, out ulong address)
        {
            address = 0;
            return EntryClass.Absent;
        }

        /// <summary>Every right.</summary>
        internal static uint RightsOf(ulong all, ulong any) => 0xF;

        """;

    /// <summary>Writes the members.</summary>
    public static void Write(SourceWriter writer) => writer.Line(Body);
}
