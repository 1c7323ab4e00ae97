// Generators: the expressions that a mode's walker is made of.
using System.Collections.Generic;
using System.Linq;
using Mmu.Generators.Model;

namespace Mmu.Generators.Emission;

/// <summary>Derives from a mode the C# expressions of its walker: indexes, addresses, rights, reserved bits.</summary>
internal sealed class WalkerText
{
    // What CR3 aligns a root of PDPTEs to.
    private const int ShortRootAlignment = 32;

    private readonly FieldSpec _frame;

    /// <summary>Derives the expressions of a mode.</summary>
    public WalkerText(ModeSpec mode)
    {
        Mode = mode;
        _frame = mode.Layout.Find("Frame")!;
    }

    /// <summary>The mode.</summary>
    public ModeSpec Mode { get; }

    /// <summary>Name of the emitted class.</summary>
    public string ClassName => Mode.Name + "Walker";

    /// <summary>True for EPT formats.</summary>
    public bool IsEpt => Mode.Layout.IsEpt;

    /// <summary>How far frame bits stand above their place in a physical address; negative if below.</summary>
    public int FrameShift => _frame.Low - ModeSpec.PageBits;

    /// <summary>Mask of the frame as physical-address bits.</summary>
    public ulong FrameAddressMask => BitMask.Of(ModeSpec.PageBits, _frame.High - FrameShift);

    /// <summary>
    /// True if an entry with its flags still on cannot be taken for an address other than its frame's: flags above the frame are wider than
    /// any address.
    /// </summary>
    public bool MayKeepFlags => FrameShift == 0 && (_frame.High == 51 || _frame.High == Mode.Layout.Bits - 1);

    /// <summary>Bytes of a level's table.</summary>
    public int TableBytesOf(int level) => Mode.EntryBytes << Mode.IndexBitsOf(level);

    /// <summary>
    /// True if a level's table can stick out of the page that it starts in: it is larger than its alignment, that of a page or, for a short
    /// root, of four entries.
    /// </summary>
    public bool CanStickOut(int level) => TableBytesOf(level) > (Mode.HasRights(level) ? 1 << ModeSpec.PageBits : ShortRootAlignment);

    /// <summary>True if the format has the field.</summary>
    public bool Has(string field) => Mode.Layout.Find(field) is not null;

    /// <summary>Levels from the root down to <paramref name="lowest"/>.</summary>
    public IEnumerable<int> LevelsDownTo(int lowest) => Enumerable.Range(lowest, Mode.Levels - lowest + 1).Reverse();

    /// <summary>The lowest level of the walk.</summary>
    public IEnumerable<int> LeafLevels => Mode.Leaves.Select(leaf => leaf.Level);

    /// <summary>Name of the local that holds a level's entry.</summary>
    public static string Entry(int level) => "entry" + Literal.Number(level);

    /// <summary>Byte offset of a level's entry in its table.</summary>
    public string Offset(int level)
    {
        int log = Mode.EntryBytes == 8 ? 3 : 2;
        ulong mask = BitMask.Of(log, log + Mode.IndexBitsOf(level) - 1);
        int shift = Mode.ShiftOf(level) - log;
        return $"(gva >> {Literal.Number(shift)}) & 0x{mask:x}";
    }

    /// <summary>Index of a level's entry.</summary>
    public string Index(int level) => $"(int)(gva >> {Literal.Number(Mode.ShiftOf(level))}) & 0x{BitMask.Of(0, Mode.IndexBitsOf(level) - 1):x}";

    /// <summary>The condition under which an entry that stands at this level maps a page; <see langword="null"/> if none can.</summary>
    public string? IsLeaf(int level)
    {
        if (Mode.LeafAt(level) is not { } leaf)
        {
            return null;
        }

        return level == 1 ? "true" : $"({Entry(level)} & {(leaf.NeedsPse ? "context.LargeMask" : "Large")}) != 0";
    }

    /// <summary>Address of the table that an entry names.</summary>
    public string TableAddress(string entry) => FrameShift switch
    {
        0 => $"{entry} & Frame",
        > 0 => $"({entry} >> {Literal.Number(FrameShift)}) & Frame",
        _ => $"({entry} << {Literal.Number(-FrameShift)}) & Frame",
    };

    /// <summary>Physical address that a leaf of this level maps <c>gva</c> to.</summary>
    public string LeafAddress(int level, string entry)
    {
        ulong offset = BitMask.Of(0, Mode.ShiftOf(level) - 1);
        string moved = FrameShift switch
        {
            0 => entry,
            > 0 => $"({entry} >> {Literal.Number(FrameShift)})",
            _ => $"({entry} << {Literal.Number(-FrameShift)})",
        };
#if MMU_FAULT_8
        string high = Mode.HighFrame is { } field && field.Level != level
#else
        string high = Mode.HighFrame is { } field && field.Level == level
#endif
            ? $" | (({entry} & 0x{BitMask.Of(field.Low, field.High):x}) << {Literal.Number(field.AddressBit - field.Low)})"
            : string.Empty;
        return $"({moved} & {Literal.Hex(FrameAddressMask & ~offset)}) | (gva & 0x{offset:x}){high}";
    }

    /// <summary>The accumulated rights, as the product's <c>Rights</c>.</summary>
    public string Rights(string all, string any)
    {
        List<string> terms = [];
        if (IsEpt)
        {
            Move(terms, all, "Readable", 0);
            Move(terms, all, "Writable", 1);
            Move(terms, all, "UserExecutable", 2);
            Move(terms, all, "Executable", 3);
        }
        else
        {
            Move(terms, all, "Present", 0);
            Move(terms, all, "Writable", 1);
            Move(terms, all, "User", 2);
            if (Has("NoExecute"))
            {
                Move(terms, "~" + any, "NoExecute", 3);
            }
            else
            {
                terms.Add("8");
            }
        }

        return "(uint)(" + string.Join(" | ", Merge(terms)) + ")";
    }

    /// <summary>Reserved-bit rules that concern only this level.</summary>
    public IEnumerable<ReservedSpec> OwnRules(int level, bool leaf) =>
        Mode.Reserved.Where(rule => IsOwn(rule, level) && (leaf ? rule.InLeaves : rule.InTables));

    /// <summary>Reserved-bit rules of every entry.</summary>
    public IEnumerable<ReservedSpec> CommonRules => Mode.Reserved.Where(rule => rule.Level == 0 && rule.InLeaves && rule.InTables);

    /// <summary>True if some bit can be reserved in every entry.</summary>
    public bool HasCommonReserved => FrameAddressMask >> 32 != 0 || CommonRules.Any();

    private static bool IsOwn(ReservedSpec rule, int level) => rule.Level == level || (rule.Level == 0 && !(rule.InLeaves && rule.InTables));

    // A right that already stands where Rights has it needs only its mask; neighbours of that kind share one.
    private static List<string> Merge(List<string> terms)
    {
        Dictionary<string, ulong> inPlace = [];
        List<string> rest = [];
        foreach (string term in terms)
        {
            string[] parts = term.Split('#');
            if (parts.Length == 2)
            {
                inPlace[parts[0]] = (inPlace.TryGetValue(parts[0], out ulong mask) ? mask : 0) | ulong.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture);
            }
            else
            {
                rest.Add(term);
            }
        }

        return [.. inPlace.Select(pair => $"({pair.Key} & {pair.Value})"), .. rest];
    }

    private void Move(List<string> terms, string source, string field, int to)
    {
        if (Mode.Layout.Find(field) is not { } bit)
        {
            return;
        }

        int shift = bit.Low - to;
        string mask = Literal.Number(1 << to);
        terms.Add(shift switch
        {
            0 => $"{source}#{mask}",
            > 0 => $"(({source} >> {Literal.Number(shift)}) & {mask})",
            _ => $"(({source} << {Literal.Number(-shift)}) & {mask})",
        });
    }
}
