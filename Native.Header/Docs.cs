// Header: the XML documentation of the declarations, as text.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Mmu.Native;

namespace Mmu.NativeHeader;

/// <summary>Documentation of members, read from the files beside their assemblies.</summary>
internal sealed partial class Docs
{
    private readonly Dictionary<string, XElement> _members = [];

    internal Docs(params Assembly[] assemblies)
    {
        foreach (Assembly assembly in assemblies)
        {
            XDocument file = XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml"));
            foreach (XElement member in file.Descendants("member"))
            {
                _members[(string)member.Attribute("name")!] = member;
            }
        }
    }

    internal string Of(Type type, string element = "summary") => Text("T:" + type.FullName, element);

    internal string Of(FieldInfo field) => Text($"F:{field.DeclaringType!.FullName}.{field.Name}", "summary");

    internal string Of(MethodInfo method, string element = "summary") => Text(NameOf(method), element);

    internal string OfParameter(string member, string parameter) => Plain(
        _members.GetValueOrDefault(member)?.Elements("param").FirstOrDefault(item => (string?)item.Attribute("name") == parameter));

    internal static string NameOf(MethodInfo method)
    {
        string parameters = string.Join(",", method.GetParameters().Select(item => item.ParameterType.FullName));
        return $"M:{method.DeclaringType!.FullName}.{method.Name}{(parameters.Length == 0 ? "" : $"({parameters})")}";
    }

    private string Text(string member, string element) => Plain(_members.GetValueOrDefault(member)?.Element(element));

    // What C programs call otherwise than the declarations do.
    private static readonly Dictionary<string, string> _names = new()
    {
        ["SoftTlb.Resolve"] = "mmu_vcpu_soft_tlb_resolve",
        ["MmuVm.TryWrite"] = "mmu_vm_write",
        ["MmuVm.GuestWrote"] = "mmu_vm_guest_wrote",
        ["MmuVm.ResetDirtyRings"] = "mmu_vm_reset_dirty_rings",
        ["WalkResult.ErrorCode"] = "code",
        ["WalkResult.ExitQualification"] = "code",
        ["WalkResult.ExitInfo1"] = "code",
    };

    // References become what C programs call what they name: fields in snake case, else its last part.
    private static string NameOf(string reference)
    {
        string path = reference.Split('(')[0];
        string[] parts = path.Split('.');
        string member = parts[^1];
        return _names.TryGetValue(string.Join('.', parts.TakeLast(2)), out string? name) ? name
            : path.StartsWith("P:", StringComparison.Ordinal) ? CName.Snake(member)
            : member;
    }

    private static string Plain(XElement? element)
    {
        if (element is null)
        {
            return string.Empty;
        }

        StringBuilder text = new();
        foreach (XNode node in element.DescendantNodes())
        {
            switch (node)
            {
                case XText part:
                    text.Append(_names.GetValueOrDefault(part.Value, part.Value));
                    break;
                case XElement { Name.LocalName: "see" or "paramref" } reference:
                    text.Append(NameOf((string?)reference.Attribute("cref") ?? (string?)reference.Attribute("name") ?? string.Empty));
                    break;
                default:
                    break;
            }
        }

        return Spaces().Replace(text.ToString(), " ").Trim();
    }

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Spaces();
}
