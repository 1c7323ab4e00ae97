// Walk: many walks side by side, one level after the other, so that their loads overlap.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Mmu.Architecture;
using Mmu.Guest;

namespace Mmu.Walk;

/// <summary>
/// Walks up to <see cref="Lanes"/> addresses together, in any mode of one dimension: mode data cost nothing here, as each is used for a
/// whole group.
/// </summary>
/// <remarks>
/// All lanes load their entry of a level before any goes on to the next. Then every check is made at once, 8 lanes a vector, as the fast
/// walk of one address makes them. A lane with anything unusual — a large page, a bit to set, a fault, a table in another slot — is walked
/// again on its own. Owner:
/// the vCPU's thread.
/// </remarks>
internal sealed unsafe class BatchWalk
{
    /// <summary>
    /// Most addresses of a group: enough for the loads that a processor can have under way, few enough for the scratch memory to stay in
    /// its first cache.
    /// </summary>
    internal const int Lanes = 128;

    private const int Step = GuestWindow.LaneStep;
    private const int MaxLevels = 5;
    private const ulong Frame64 = 0x000F_FFFF_FFFF_F000;
    private const ulong Frame32 = 0xFFFF_F000;
    private const ulong PageMask = 0xFFF;
    private const ulong PresentBit = 1;

    // In the places they have in WalkResult.Info.
    private const ulong LowRights = 7UL << WalkResult.RightsShift;
    private const ulong ExecuteRight = 8UL << WalkResult.RightsShift;
    private const int NoExecuteToExecute = 63 - 3 - WalkResult.RightsShift;
    private const int KeyShift = 59;
    private const int RegisterShift = 30;
    private const ulong PageInfo = ((ulong)12 << WalkResult.PageShiftShift) | (1 << WalkResult.LevelShift) | (ulong)WalkOutcome.Translated | ExecuteRight;

    // Entries by level; in the place of level 0 the addresses they are loaded from, later what is unusual of each lane, if anything.
    // Pinned, so that it stays aligned to a cache line.
    private readonly ulong[] _scratch = GC.AllocateUninitializedArray<ulong>(((MaxLevels + 1) * Lanes) + Step, pinned: true);
    private readonly int _start;

    internal BatchWalk()
    {
        fixed (ulong* scratch = _scratch)
        {
            _start = (int)((0 - ((nuint)scratch / sizeof(ulong))) & (Step - 1));
        }
    }

    /// <summary>True if this processor has the instructions that make it worthwhile.</summary>
    internal static bool IsSupported => Avx512F.IsSupported;

    /// <summary>True if a guest in this state can be walked in groups.</summary>
    internal static bool CanWalk(WalkContext context) =>
        IsSupported && context.Second is null && context.Code.Levels != 0 && !context.Masking.ConcernsCanonical(context.Code.Levels);

    /// <summary>Walks a group.</summary>
    /// <param name="context">The state, one that <see cref="CanWalk"/>.</param>
    /// <param name="view">The slots.</param>
    /// <param name="gvas">The addresses: a multiple of 8, at most <see cref="Lanes"/>.</param>
    /// <param name="access">The access.</param>
    /// <param name="results">Receives the results.</param>
    /// <returns>How many were translated.</returns>
    internal int Walk(WalkContext context, ref SlotView view, ReadOnlySpan<ulong> gvas, uint access, Span<WalkResult> results)
    {
        GuestWindow window = view.TableWindow;
        if (!window.Holds(context.Root))
        {
            if (!view.TryLocate(context.Root))
            {
                return WalkEach(context, ref view, gvas, access, results);
            }

            window = view.TableWindow;
        }

        bool inside = Load(context, window, gvas);
        bool usual = Judge(context, window, gvas, access, results);
        if (!inside)
        {
            RefuseOutside(context.Code, window, gvas.Length);
        }

        return inside && usual ? gvas.Length : WalkUnusual(context, ref view, window, gvas, access, results);
    }

    private static int WalkEach(WalkContext context, ref SlotView view, ReadOnlySpan<ulong> gvas, uint access, Span<WalkResult> results)
    {
        int translated = 0;
        for (int i = 0; i < gvas.Length; i++)
        {
            translated += context.Code.Walk(context, ref view, gvas[i], access, ref results[i]) != WalkLimits.NoAddress ? 1 : 0;
        }

        return translated;
    }

    private Span<ulong> Entries(int level, int count) => _scratch.AsSpan(_start + (level * Lanes), count);

    /// <summary>
    /// Loads the entries of all lanes; false if a table lies outside the window, so that its lane holds what it should not.
    /// </summary>
    private bool Load(WalkContext context, GuestWindow window, ReadOnlySpan<ulong> gvas)
    {
        WalkCode code = context.Code;
        int top = code.Levels;
        Span<ulong> addresses = Entries(0, gvas.Length);
        Span<ulong> above = Entries(top, gvas.Length);
        if (code.RootInRegisters)
        {
            Vector512<ulong> registers = Vector512.Create(context.Pdptes[0], context.Pdptes[1], context.Pdptes[2], context.Pdptes[3], 0, 0, 0, 0);
            for (int i = 0; i < above.Length; i += Step)
            {
                Vector512<ulong> index = Vector512.ShiftRightLogical(Vector512.Create(gvas.Slice(i, Step)), RegisterShift) & Vector512.Create(3UL);
                Avx512F.PermuteVar8x64(registers, index).CopyTo(above[i..]);
            }

            top--;
        }
        else
        {
            // The place of the level below serves for a moment: it is written only when this has been read.
            above = Entries(top - 1, gvas.Length);
            above.Fill(context.Root);
        }

        bool inside = true;
        int sizeShift = code.EntryBytes == sizeof(ulong) ? 3 : 2;
        ulong rowMask = ((1UL << code.IndexBits) - 1) << sizeShift;
        for (int level = top; level > 0; level--)
        {
            Span<ulong> entries = Entries(level, gvas.Length);
            inside &= window.LoadLevel(new LaneShape(Frame(code), code.ShiftOf(level) - sizeShift, rowMask, code.EntryBytes), gvas, above, addresses, entries);
            above = entries;
        }

        return inside;
    }

    /// <summary>
    /// Makes every check on every lane and writes its result; false if a lane is unusual, or its page outside the window.
    /// </summary>
    private bool Judge(WalkContext context, GuestWindow window, ReadOnlySpan<ulong> gvas, uint access, Span<WalkResult> results)
    {
        WalkCode code = context.Code;
        ref readonly AccessPlan plan = ref context.Plans[(int)(access & (AccessPlans.Count - 1))];
        Vector512<ulong> canonicalHalf = Vector512.Create(code.IsCanonical ? 1UL << (code.AddressBits - 1) : 0);
        Vector512<ulong> canonicalRest = Vector512.Create(code.IsCanonical ? ulong.MaxValue << code.AddressBits : 0);
        Vector512<ulong> frame = Vector512.Create(Frame(code));
        Vector512<ulong> first = Vector512.Create(window.Base);
        Vector512<ulong> bias = Vector512.Create((ulong)window.HostOf(0));
        Vector512<ulong> leafMust = Vector512.Create(plan.LeafMust);
        Vector512<ulong> must = Vector512.Create(plan.Must | context.AccessedMask | plan.LeafMust);
        Vector512<ulong> mustNotAll = Vector512.Create(plan.MustNotAll);
        Vector512<ulong> mustNotAny = Vector512.Create(plan.MustNotAny);
        Vector512<ulong> noTable = Vector512.Create(context.LargeMask | ReservedInTables(context));
        Vector512<ulong> suspectKeys = Vector512.Create((ulong)plan.SuspectKeys);
        Vector512<ulong> info = Vector512.Create(context.ResultBase | PageInfo);

        // No calls in the loop: they would cost every vector register. What is unusual of a lane is noted and looked at afterwards.
        Vector512<ulong> anyBad = Vector512<ulong>.Zero;
        Vector512<ulong> farthest = Vector512<ulong>.Zero;
        ref ulong unusual = ref Entries(0, gvas.Length)[0];
        ref ulong leaves = ref Entries(1, gvas.Length)[0];
        for (int i = 0; i < gvas.Length; i += Step)
        {
            Vector512<ulong> gva = Vector512.Create(gvas.Slice(i, Step));
            Vector512<ulong> bad = (gva + canonicalHalf) & canonicalRest;
            Vector512<ulong> all = Vector512.LoadUnsafe(ref leaves, (nuint)(Lanes + i));
            Vector512<ulong> any = all;
            if (code.Levels > 3)
            {
                Fold(Vector512.LoadUnsafe(ref leaves, (nuint)((2 * Lanes) + i)), ref all, ref any);
                Fold(Vector512.LoadUnsafe(ref leaves, (nuint)((3 * Lanes) + i)), ref all, ref any);
                if (code.Levels > 4)
                {
                    Fold(Vector512.LoadUnsafe(ref leaves, (nuint)((4 * Lanes) + i)), ref all, ref any);
                }
            }
            else if (code.RootInRegisters)
            {
                bad |= Vector512.AndNot(Vector512.Create(PresentBit), Vector512.LoadUnsafe(ref leaves, (nuint)((2 * Lanes) + i)));
            }

            // The dirty bit is asked of the leaf alone, so the tables are given it.
            Vector512<ulong> leaf = Vector512.LoadUnsafe(ref leaves, (nuint)i);
            bad |= any & noTable;
            Fold(leaf, ref all, ref any, leafMust);
            bad = Suspect(bad | (any & mustNotAny), all, must, mustNotAll) | Key(leaf, suspectKeys);
            Vector512<ulong> gpa = (leaf & frame) | (gva & Vector512.Create(PageMask));
            Store(results.Slice(i, Step), gpa, gpa + bias, leaf, info ^ Rights(all, any));
            bad.StoreUnsafe(ref unusual, (nuint)i);
            anyBad |= bad;
            farthest = Vector512.Max(farthest, gpa - first);
        }

        return anyBad == Vector512<ulong>.Zero && !Vector512.GreaterThanOrEqualAny(farthest, Vector512.Create(window.Length));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fold(Vector512<ulong> entry, ref Vector512<ulong> all, ref Vector512<ulong> any, Vector512<ulong> given = default)
    {
        all = (all | given) & entry;
        any |= entry;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Suspect(Vector512<ulong> bad, Vector512<ulong> all, Vector512<ulong> must, Vector512<ulong> mustNotAll)
    {
        bad |= all & mustNotAll;
        return bad | Vector512.AndNot(must, all);
    }

    /// <summary>1 where the leaf's key refuses the access to some page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Key(Vector512<ulong> leaf, Vector512<ulong> suspectKeys) =>
        Avx512F.ShiftRightLogicalVariable(suspectKeys, Vector512.ShiftRightLogical(leaf, KeyShift)) & Vector512<ulong>.One;

    /// <summary>What differs from <see cref="PageInfo"/>, which starts from "may execute".</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Rights(Vector512<ulong> all, Vector512<ulong> any) =>
        (Vector512.ShiftLeft(all, WalkResult.RightsShift) & Vector512.Create(LowRights))
        | (Vector512.ShiftRightLogical(any, NoExecuteToExecute) & Vector512.Create(ExecuteRight));

    /// <summary>What is reserved in a table entry of any level: suspicion, not proof, of the others.</summary>
    private static ulong ReservedInTables(WalkContext context)
    {
        ulong reserved = 0;
        for (int level = context.Code.RootInRegisters ? context.Code.Levels - 1 : context.Code.Levels; level > 1; level--)
        {
            reserved |= context.Reserved.Table[level];
        }

        return reserved;
    }

    /// <summary>Notes the lanes of which a table lies outside the window.</summary>
    private void RefuseOutside(WalkCode code, GuestWindow window, int count)
    {
        Span<ulong> unusual = Entries(0, count);
        for (int level = code.Levels; level > 1; level--)
        {
            Span<ulong> entries = Entries(level, count);
            for (int i = 0; i < entries.Length; i++)
            {
                unusual[i] |= window.Holds(entries[i] & Frame(code)) ? 0UL : 1;
            }
        }
    }

    private static ulong Frame(WalkCode code) => code.EntryBytes == sizeof(ulong) ? Frame64 : Frame32;

    /// <summary>
    /// Walks the lanes that are not usual on their own, and finds the pointers to pages outside the window of the tables; returns how many
    /// lanes were translated.
    /// </summary>
    private int WalkUnusual(WalkContext context, ref SlotView view, GuestWindow window, ReadOnlySpan<ulong> gvas, uint access, Span<WalkResult> results)
    {
        int translated = gvas.Length;
        Span<ulong> unusual = Entries(0, gvas.Length);
        for (int i = 0; i < unusual.Length; i++)
        {
            ref WalkResult result = ref results[i];
            if (unusual[i] != 0)
            {
                translated -= context.Code.Walk(context, ref view, gvas[i], access, ref result) == WalkLimits.NoAddress ? 1 : 0;
            }
            else if (!window.Holds(result.GpaValue))
            {
                result.HostValue = view.HostOf(result.GpaValue);
            }
        }

        return translated;
    }

    // Eight lanes of four members become eight times the first half of a result, which those members are, in this order.
    private static void Store(Span<WalkResult> results, Vector512<ulong> gpa, Vector512<ulong> host, Vector512<ulong> leaf, Vector512<ulong> info)
    {
        Vector512<ulong> evenLeft = Avx512F.UnpackLow(gpa, host);
        Vector512<ulong> oddLeft = Avx512F.UnpackHigh(gpa, host);
        Vector512<ulong> evenRight = Avx512F.UnpackLow(leaf, info);
        Vector512<ulong> oddRight = Avx512F.UnpackHigh(leaf, info);
        Vector512<ulong> low = Vector512.Create(0UL, 1, 8, 9, 2, 3, 10, 11);
        Vector512<ulong> high = Vector512.Create(4UL, 5, 12, 13, 6, 7, 14, 15);
        Vector512<ulong> lanes02 = Avx512F.PermuteVar8x64x2(evenLeft, low, evenRight);
        Vector512<ulong> lanes46 = Avx512F.PermuteVar8x64x2(evenLeft, high, evenRight);
        Vector512<ulong> lanes13 = Avx512F.PermuteVar8x64x2(oddLeft, low, oddRight);
        Vector512<ulong> lanes57 = Avx512F.PermuteVar8x64x2(oddLeft, high, oddRight);
        lanes57.GetUpper().StoreUnsafe(ref results[7].GpaValue);
        lanes02.GetLower().StoreUnsafe(ref results[0].GpaValue);
        lanes13.GetLower().StoreUnsafe(ref results[1].GpaValue);
        lanes02.GetUpper().StoreUnsafe(ref results[2].GpaValue);
        lanes13.GetUpper().StoreUnsafe(ref results[3].GpaValue);
        lanes46.GetLower().StoreUnsafe(ref results[4].GpaValue);
        lanes57.GetLower().StoreUnsafe(ref results[5].GpaValue);
        lanes46.GetUpper().StoreUnsafe(ref results[6].GpaValue);
    }
}
