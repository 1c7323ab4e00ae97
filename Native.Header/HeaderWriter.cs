// Header: mmu.h, from the C# declarations.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Mmu.Native;
using Mmu.Native.Abi;
using Mmu.Native.Exports;
using Mmu.Walk;

namespace Mmu.NativeHeader;

/// <summary>Writes mmu.h.</summary>
internal static class HeaderWriter
{
    private const int Width = 118;

    /// <summary>The text of mmu.h.</summary>
    internal static string Write()
    {
        Docs docs = new(typeof(Status).Assembly, typeof(GuestWalker).Assembly);
        StringBuilder text = new();
        text.Append(
            $$"""
            /*
             * mmu.h: the C ABI of Mmu, an embeddable x86 memory-management unit. See docs/c-abi.md.
             * Generated from the C# declarations by Native.Header; do not edit.
             * SPDX-License-Identifier: MIT
             */
            #ifndef MMU_H
            #define MMU_H

            #include <stdint.h>

            #ifdef __cplusplus
            extern "C" {
            #endif

            #define MMU_ABI_VERSION {{LibraryExports.AbiVersion}}u


            """);
        Handles(text, docs);
        foreach ((Type type, string name) in CTypes.Enums)
        {
            Enumeration(text, docs, type, name);
        }

        Structs(text, docs);
        foreach (IGrouping<Type, MethodInfo> group in CTypes.Functions)
        {
            Comment(text, "", docs.Of(group.Key));
            text.Append('\n');
            foreach (MethodInfo method in group)
            {
                Function(text, docs, method);
            }
        }

        text.Append(Template("SoftTlb.h.in"));
        text.Append("\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
        return text.ToString();
    }

    private static void Handles(StringBuilder text, Docs docs)
    {
        foreach (Type type in CTypes.Handles)
        {
            Comment(text, "", docs.Of(type));
            string name = CTypes.Of(type);
            text.Append(CultureInfo.InvariantCulture, $"typedef struct {name}_opaque *{name};\n\n");
        }
    }

    private static void Enumeration(StringBuilder text, Docs docs, Type type, string name)
    {
        Comment(text, "", docs.Of(type));
        text.Append(CultureInfo.InvariantCulture, $"typedef {(type == typeof(Status) ? "int32_t" : "uint32_t")} {name};\nenum {{\n");
        List<string> lines = [];
        foreach (FieldInfo field in type.GetFields(BindingFlags.Public | BindingFlags.Static).OrderBy(field => field.MetadataToken))
        {
            StringBuilder line = new();
            Comment(line, "    ", docs.Of(field));
            long value = Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture);
            line.Append(CultureInfo.InvariantCulture, $"    {CName.OfConstant(name, field.Name)} = {value}");
            lines.Add(line.ToString());
        }

        text.AppendJoin(",\n", lines).Append("\n};\n\n");
    }

    private static void Structs(StringBuilder text, Docs docs)
    {
        // What a callback names is declared before it, and the callbacks before the struct that holds them.
        foreach (Type type in CTypes.Structs.Where(type => type != typeof(AbiHost)))
        {
            Struct(text, docs, type);
        }

        foreach (Type type in CTypes.Callbacks)
        {
            MethodInfo method = type.GetMethod("Invoke")!;
            Comment(text, "", Sentences(docs.Of(type), Parameters(docs, method, "T:" + type.FullName), docs.Of(type, "returns")));
            string parameters = string.Join(", ", method.GetParameters().Select(CTypes.Of));
            string result = CTypes.Of(method.ReturnType);
            text.Append(CultureInfo.InvariantCulture, $"typedef {result} (*{CTypes.Of(type)})({parameters});\n\n");
        }

        Struct(text, docs, typeof(AbiHost));
    }

    private static void Struct(StringBuilder text, Docs docs, Type type)
    {
        Comment(text, "", docs.Of(type));
        string name = CTypes.Of(type);
        text.Append(CultureInfo.InvariantCulture, $"typedef struct {name} {{\n");
        foreach (FieldInfo field in FieldsOf(type))
        {
            Comment(text, "    ", docs.Of(field));
            string fieldType = CTypes.Of(field.GetCustomAttribute<CallbackAttribute>()?.Signature ?? field.FieldType);
            text.Append(CultureInfo.InvariantCulture, $"    {fieldType}{(fieldType.EndsWith('*') ? "" : " ")}{CName.Snake(field.Name)}{(CTypes.LengthOf(field) is > 0 and int length ? $"[{length}]" : "")};\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"}} {name};\n\n");
    }

    /// <summary>Fields of a struct, in order.</summary>
    internal static IEnumerable<FieldInfo> FieldsOf(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic).OrderBy(field => field.MetadataToken);

    private static void Function(StringBuilder text, Docs docs, MethodInfo method)
    {
        Comment(text, "", Sentences(docs.Of(method), Parameters(docs, method, Docs.NameOf(method)), docs.Of(method, "returns")));
        string result = method.ReturnParameter.IsDefined(typeof(TextAttribute)) ? "const char *" : CTypes.Of(method.ReturnType) + " ";
        string parameters = string.Join(", ", method.GetParameters().Select(CTypes.Of));
        string line = $"{result}{CTypes.EntryPoint(method)}({(parameters.Length == 0 ? "void" : parameters)});";
        text.Append(line.Length <= Width ? line : Broken(line)).Append("\n\n");
    }

    private static string Broken(string line)
    {
        int open = line.IndexOf('(', StringComparison.Ordinal) + 1;
        StringBuilder text = new();
        string rest = line[open..];
        text.Append(line[..open]);
        while (rest.Length + 4 > Width)
        {
            int cut = rest.LastIndexOf(", ", Width - 4, StringComparison.Ordinal) + 1;
            text.Append("\n    ").Append(rest[..cut]);
            rest = rest[(cut + 1)..];
        }

        return text.Append("\n    ").Append(rest).ToString();
    }

    private static IEnumerable<string> Parameters(Docs docs, MethodInfo method, string member) =>
        method.GetParameters().Select(item => $"{CName.Snake(item.Name!)}: {docs.OfParameter(member, item.Name!)}");

    private static string Sentences(string summary, IEnumerable<string> parameters, string returns) =>
        string.Join('\n', [summary, .. parameters, .. returns.Length == 0 ? Array.Empty<string>() : ["Returns: " + returns]]);

    private static void Comment(StringBuilder text, string indent, string content)
    {
        List<string> lines = [];
        foreach (string paragraph in content.Split('\n'))
        {
            string rest = paragraph;
            while (rest.Length + indent.Length + 6 > Width)
            {
                int cut = rest.LastIndexOf(' ', Width - indent.Length - 6);
                lines.Add(rest[..cut]);
                rest = rest[(cut + 1)..];
            }

            lines.Add(rest);
        }

        text.Append(
            lines.Count == 1 ? $"{indent}/* {lines[0]} */\n"
                : $"{indent}/*\n{string.Concat(lines.Select(line => $"{indent} * {line}\n"))}{indent} */\n");
    }

    /// <summary>The probe is written by hand; its numbers are those of the library.</summary>
    internal static string Template(string name)
    {
        using Stream stream = typeof(HeaderWriter).Assembly.GetManifestResourceStream(name)!;
        using StreamReader reader = new(stream);
        return Regex.Replace(
            reader.ReadToEnd(), "@(?<name>\\w+)@", match => typeof(SoftTlbLayout).GetField(match.Groups["name"].Value)!.GetRawConstantValue()!.ToString()!,
            RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
    }
}
