// Header: the XML documentation of the declarations, as text.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

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

    // References become the last part of what they name.
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
                    text.Append(part.Value);
                    break;
                case XElement { Name.LocalName: "see" or "paramref" } reference:
                    string name = (string?)reference.Attribute("cref") ?? (string?)reference.Attribute("name") ?? string.Empty;
                    text.Append(name[(name.LastIndexOf('.') + 1)..]);
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
