// Generators: the rules of what an SPTE keeps beside what the CPU reads.
using System.Collections.Generic;
using System.Linq;
using Mmu.Generators.Model;

namespace Mmu.Generators.Parsing;

/// <summary>Rules of an SPTE format, MMIO entries apart.</summary>
internal static class SpteRules
{
    /// <summary>Width of an SPTE.</summary>
    public const int Bits = 64;

    // Code for all formats tests these bits.
    private const int PresentBit = 11;
    private const int LargeBit = 7;
    private static readonly BitRun _frame = new(12, 51);

    private static readonly string[] _required = ["MmuPresent", "HostWritable", "MmuWritable"];
    private static readonly string[] _saved = ["SavedReadable", "SavedExecutable", "SavedUserExecutable"];
    private static readonly string[] _legacyHardware = ["Accessed", "Dirty", "Large", "NoExecute"];
    private static readonly string[] _eptHardware =
        ["Accessed", "Dirty", "Large", "UserExecutable", "MemoryType", "IgnorePat", "SuppressVe"];

    /// <summary>Reports every rule that the format breaks.</summary>
    public static void Check(SpteSpec spec, List<PlacedField> software, LocationInfo location, DiagnosticSink sink)
    {
        CheckLayout(spec, location, sink);
        for (int i = 0; i < software.Count; i++)
        {
            CheckName(spec, software[i], sink);
            CheckPlace(spec, software[i], sink);
            CheckOverlaps(software, i, sink);
        }

        // A field that was refused for another reason would look as if it were missing.
        if (!sink.IsIllegal)
        {
            CheckMissing(spec, location, sink);
        }
    }

    private static void CheckLayout(SpteSpec spec, LocationInfo location, DiagnosticSink sink)
    {
        if (spec.SoftwareAccessedDirty && !spec.Layout.IsEpt)
        {
            sink.Report(SpteDiagnostics.NothingToSave, location, spec.Name, spec.Layout.Name);
        }

        IEnumerable<string> needed = spec.Layout.IsEpt ? _eptHardware : _legacyHardware;
        foreach (string name in spec.ProtectionKeys ? needed.Concat(["ProtectionKey"]) : needed)
        {
            if (spec.Layout.Find(name) is not { } field || (name == "Large" && field.Low != LargeBit))
            {
                sink.Report(SpteDiagnostics.LayoutLacks, location, spec.Name, spec.Layout.Name, name == "Large" ? "Large at bit 7" : name);
            }
            else if ((field.Mask & spec.Reserved) != 0)
            {
                sink.Report(SpteDiagnostics.BitReserved, location, name, field.Low);
            }
        }

        if (spec.Layout.Mask("Frame") != _frame.Mask)
        {
            sink.Report(SpteDiagnostics.LayoutLacks, location, spec.Name, spec.Layout.Name, "Frame at bits 12 to 51");
        }
    }

    private static void CheckName(SpteSpec spec, PlacedField field, DiagnosticSink sink)
    {
        string name = field.Spec.Name;
        bool isSaved = _saved.Contains(name);
        if (!_required.Contains(name) && name != "AccessedDirtyType" && !(isSaved && spec.SoftwareAccessedDirty))
        {
            sink.Report(SpteDiagnostics.UnknownField, field.Location, name, spec.Name);
            return;
        }

        string? shape = name switch
        {
            "AccessedDirtyType" when field.Spec.IsFlag || field.Spec.Width != 2 => "[Bits], 2 of them",
            "MmuPresent" when !field.Spec.IsFlag || field.Spec.Low != PresentBit => "[Bit(11)]",
            not "AccessedDirtyType" when !field.Spec.IsFlag => "a [Bit]",
            _ => null,
        };
        if (shape is not null)
        {
            sink.Report(SpteDiagnostics.BadShape, field.Location, name, shape);
        }
    }

    private static void CheckPlace(SpteSpec spec, PlacedField field, DiagnosticSink sink)
    {
        foreach (FieldSpec hardware in spec.Layout.Fields)
        {
            // Keys are read in leaves only where the format has them; elsewhere the CPU ignores the bits.
            bool isRead = hardware.Name != "ProtectionKey" || spec.ProtectionKeys;
            if (isRead && (hardware.Mask & field.Spec.Mask) != 0)
            {
                sink.Report(SpteDiagnostics.HardwarePlace, field.Location, field.Spec.Name, hardware.Name, spec.Layout.Name);
                return;
            }
        }

        if ((field.Spec.Mask & spec.Reserved) != 0)
        {
            sink.Report(SpteDiagnostics.BitReserved, field.Location, field.Spec.Name, field.Spec.Low);
        }
    }

    private static void CheckOverlaps(List<PlacedField> software, int index, DiagnosticSink sink)
    {
        FieldSpec field = software[index].Spec;
        for (int i = 0; i < index; i++)
        {
            if ((software[i].Spec.Mask & field.Mask) != 0)
            {
                sink.Report(SpteDiagnostics.SoftwareOverlap, software[index].Location, field.Name, software[i].Spec.Name);
            }
        }
    }

    private static void CheckMissing(SpteSpec spec, LocationInfo location, DiagnosticSink sink)
    {
        IEnumerable<string> required = spec.SoftwareAccessedDirty ? _required.Concat(_saved).Concat(["AccessedDirtyType"]) : _required;
        foreach (string name in required)
        {
            if (spec.Find(name) is null)
            {
                sink.Report(SpteDiagnostics.MissingField, location, spec.Name, name);
            }
        }
    }
}
