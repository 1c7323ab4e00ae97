// Generators: the rules that the fields of a layout obey together.
using System.Collections.Generic;
using System.Linq;
using Mmu.Generators.Model;

namespace Mmu.Generators.Parsing;

/// <summary>Rules of a layout as a whole.</summary>
internal static class LayoutRules
{
    // A frame is address bits 12 and up of a physical address, which has 52 bits at most.
    private const int MaxFrameBits = 40;

    private static readonly string[] _legacyRequired = ["Present", "Writable", "User"];
    private static readonly string[] _legacyOnly =
        ["Present", "User", "NoExecute", "WriteThrough", "CacheDisable", "Global", "Pat", "LargePat", "ProtectionKey"];

    private static readonly string[] _eptRequired = ["Readable", "Writable", "Executable"];
    private static readonly string[] _eptOnly = ["Readable", "Executable", "UserExecutable", "MemoryType", "IgnorePat"];

    private static readonly string[] _flags =
    [
        "Present", "Writable", "User", "NoExecute", "WriteThrough", "CacheDisable", "Global", "Pat", "LargePat",
        "Readable", "Executable", "UserExecutable", "IgnorePat", "Accessed", "Dirty", "Large",
    ];

    private static readonly string[] _ownMembers = ["Value", "Describe", "ToString", "Equals", "GetHashCode", "GetType"];

    /// <summary>Reports every rule that the fields break.</summary>
    public static void Check(string name, LocationInfo location, List<PlacedField> fields, DiagnosticSink sink)
    {
        CheckOverlaps(name, fields, sink);
        CheckFamily(name, location, fields, sink);
        foreach (PlacedField field in fields)
        {
            CheckRole(field, sink);
            if (IsTaken(field.Spec.Name, name, fields))
            {
                sink.Report(LayoutDiagnostics.NameTaken, field.Location, field.Spec.Name);
            }
        }
    }

    private static void CheckOverlaps(string name, List<PlacedField> fields, DiagnosticSink sink)
    {
        for (int i = 0; i < fields.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                FieldSpec a = fields[j].Spec;
                FieldSpec b = fields[i].Spec;
                if ((a.Mask & b.Mask) != 0 && !IsAlias(a, b) && !IsAlias(b, a))
                {
                    sink.Report(LayoutDiagnostics.BitsOverlap, fields[i].Location, b.Name, a.Name, name, System.Math.Max(a.Low, b.Low));
                }
            }
        }
    }

    private static bool IsAlias(FieldSpec alias, FieldSpec of) => (alias.Name, of.Name) is ("Pat", "Large") or ("LargePat", "Frame");

    private static void CheckFamily(string name, LocationInfo location, List<PlacedField> fields, DiagnosticSink sink)
    {
        string? legacy = FirstOf(_legacyOnly, fields);
        string? ept = FirstOf(_eptOnly, fields);
        if (legacy is not null && ept is not null)
        {
            sink.Report(LayoutDiagnostics.MixedFamilies, location, name, legacy, ept);
            return;
        }

        // A field that was refused for another reason would look as if it were missing.
        bool complete = !sink.IsIllegal;
        foreach (string required in (ept is null ? _legacyRequired : _eptRequired).Concat(["Frame"]))
        {
            if (complete && !Has(required, fields))
            {
                sink.Report(LayoutDiagnostics.MissingField, location, name, required, ept is null ? "legacy" : "EPT");
            }
        }
    }

    private static void CheckRole(PlacedField field, DiagnosticSink sink)
    {
        FieldSpec spec = field.Spec;
        string? shape = spec.Name switch
        {
            "Frame" when spec.IsFlag || spec.Width > MaxFrameBits => "[Bits], at most 40 of them",
            "ProtectionKey" when spec.IsFlag || spec.Width != 4 => "[Bits], 4 of them",
            "MemoryType" when spec.IsFlag || spec.Width != 3 => "[Bits], 3 of them",
            string name when _flags.Contains(name) && !spec.IsFlag => "a [Bit]",
            _ => null,
        };
        if (shape is not null)
        {
            sink.Report(LayoutDiagnostics.BadRole, field.Location, spec.Name, shape);
        }
    }

    private static bool IsTaken(string field, string structName, List<PlacedField> fields) =>
        _ownMembers.Contains(field) || field == structName
        || (field.EndsWith("Mask", System.StringComparison.Ordinal) && Has(field.Substring(0, field.Length - 4), fields))
        || (field.EndsWith("Shift", System.StringComparison.Ordinal) && Has(field.Substring(0, field.Length - 5), fields));

    private static string? FirstOf(string[] names, List<PlacedField> fields) => names.FirstOrDefault(name => Has(name, fields));

    private static bool Has(string name, List<PlacedField> fields) => fields.Exists(field => field.Spec.Name == name);
}
