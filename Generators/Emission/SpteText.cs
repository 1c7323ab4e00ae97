// Generators: expressions of an SPTE codec, derived from its declaration.
using System;
using System.Collections.Generic;
using System.Linq;
using Mmu.Generators.Model;

namespace Mmu.Generators.Emission;

/// <summary>Expressions of one SPTE codec.</summary>
internal sealed class SpteText
{
    /// <summary>Bit of the product's right to read.</summary>
    public const int ReadRight = 0;

    /// <summary>Bit of the right to write.</summary>
    public const int WriteRight = 1;

    /// <summary>Bit of user accesses.</summary>
    public const int UserRight = 2;

    /// <summary>Bit of fetches.</summary>
    public const int ExecuteRight = 3;

    /// <summary>Derives them.</summary>
    public SpteText(SpteSpec spec) => Spec = spec;

    /// <summary>The declaration.</summary>
    public SpteSpec Spec { get; }

    /// <summary>True if the hardware part is an EPT entry.</summary>
    public bool IsEpt => Spec.Layout.IsEpt;

    /// <summary>True if accesses are noticed by taking rights away.</summary>
    public bool Tracks => Spec.SoftwareAccessedDirty;

    /// <summary>The layout's mask of a hardware field.</summary>
    public string Hardware(string name) => Spec.Layout.Name + "." + name + "Mask";

    /// <summary>Names of the rights of an EPT entry.</summary>
    public static string[] EptRights => ["Readable", "Writable", "Executable", "UserExecutable"];

    /// <summary>Lowest bit of a hardware field.</summary>
    public int BitOf(string name) => Spec.Layout.Find(name)!.Low;

    /// <summary>A truth value of 0 or 1 put at the given bit.</summary>
    public static string At(string flag, int bit) => bit == 0 ? flag : $"({flag} << {Literal.Number(bit)})";

    /// <summary>One bit of a word, given by its mask, moved to another bit.</summary>
    public static string Move(string word, string mask, int from, int to) => (to - from) switch
    {
        0 => $"({word} & {mask})",
        > 0 => $"(({word} & {mask}) << {Literal.Number(to - from)})",
        _ => $"(({word} & {mask}) >> {Literal.Number(from - to)})",
    };

    /// <summary>A right or trait, given by its bit, where the entry has it.</summary>
    public string ToEntry(string word, int bit, string name) => Move(word, Literal.Number(1 << bit), bit, BitOf(name));

    /// <summary>A right of the entry, given by its bit among the rights.</summary>
    public string FromEntry(string word, string name, int bit) => Move(word, Hardware(name), BitOf(name), bit);

    /// <summary>The bits that rights other than writing set in an entry, from a word <c>rights</c>.</summary>
    public string[] FromRights() => IsEpt
        ?
        [
            ToEntry("rights", ReadRight, "Readable"),
            ToEntry("rights", ExecuteRight, "Executable"),
            ToEntry("rights", UserRight, "UserExecutable"),
        ]
        : [ToEntry("rights", UserRight, "User"), ToEntry("~rights", ExecuteRight, "NoExecute")];

    /// <summary>The rights of an entry <c>spte</c> as a number.</summary>
    public string[] ToRights() => IsEpt
        ?
        [
            FromEntry("spte", "Readable", ReadRight),
            FromEntry("spte", "Writable", WriteRight),
            FromEntry("spte", "UserExecutable", UserRight),
            FromEntry("spte", "Executable", ExecuteRight),
        ]
        :
        [
            "1",
            FromEntry("spte", "Writable", WriteRight),
            FromEntry("spte", "User", UserRight),
            FromEntry("~spte", "NoExecute", ExecuteRight),
        ];

    /// <summary>The saved rights of an entry <c>spte</c>, computed from its rights.</summary>
    public string Save() => Saved((word, mask, distance) => $"(({word} & {mask}) << {Literal.Number(distance)})");

    /// <summary>The rights of an entry <c>spte</c>, computed from those saved.</summary>
    public string Unsave() => Saved((word, mask, distance) => $"(({word} >> {Literal.Number(distance)}) & {mask})");

    // Rights that are saved equally far from their places are moved together.
    private string Saved(Func<string, string, int, string> move)
    {
        IEnumerable<string> terms = EptRights
            .Where(name => name != "Writable")
            .Select(name => (From: Spec.Layout.Find(name)!, To: Spec.Find("Saved" + name)!))
            .GroupBy(pair => pair.To.Low - pair.From.Low)
            .Select(group => move("spte", Literal.Hex(group.Aggregate(0UL, (mask, pair) => mask | pair.From.Mask)), group.Key));
        return string.Join(" | ", terms);
    }
}
