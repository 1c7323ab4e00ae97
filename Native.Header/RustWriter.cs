// Header: the declarations of mmu.h in Rust.
using System;
using System.Globalization;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Mmu.Native;
using Mmu.Native.Abi;
using Mmu.Native.Exports;
using Mmu.Walk;

namespace Mmu.NativeHeader;

/// <summary>Writes lib.rs of the crate mmu-sys.</summary>
internal static class RustWriter
{
    /// <summary>The text of lib.rs.</summary>
    internal static string Write()
    {
        Docs docs = new(typeof(Status).Assembly, typeof(GuestWalker).Assembly);
        StringBuilder text = new();
        text.Append(
            $$"""
            //! mmu.h in Rust: the C ABI of Mmu, an embeddable x86 memory-management unit. See docs/c-abi.md.
            //! Generated from the C# declarations by Native.Header; do not edit.
            //! SPDX-License-Identifier: MIT
            #![allow(non_camel_case_types)]

            use std::ffi::{c_char, c_void};
            use std::mem::{offset_of, size_of, zeroed};

            pub const MMU_ABI_VERSION: u32 = {{LibraryExports.AbiVersion}};


            """);
        foreach (Type type in CTypes.Handles)
        {
            string name = CTypes.Of(type);
            text.Append(CultureInfo.InvariantCulture, $"#[repr(C)]\npub struct {name}_opaque {{\n    _private: [u8; 0],\n}}\n");
            Summary(text, "", docs.Of(type));
            text.Append(CultureInfo.InvariantCulture, $"pub type {name} = *mut {name}_opaque;\n\n");
        }

        foreach ((Type type, string name) in CTypes.Enums)
        {
            Enumeration(text, docs, type, name);
        }

        foreach (Type type in CTypes.Callbacks)
        {
            MethodInfo method = type.GetMethod("Invoke")!;
            Summary(text, "", docs.Of(type));
            text.Append(CultureInfo.InvariantCulture, $"pub type {CTypes.Of(type)} = Option<unsafe extern \"C\" fn({Parameters(method)}){Result(method)}>;\n\n");
        }

        foreach (Type type in CTypes.Structs)
        {
            Struct(text, docs, type);
        }

        text.Append("extern \"C\" {\n");
        foreach (MethodInfo method in CTypes.Functions.SelectMany(group => group))
        {
            Summary(text, "    ", docs.Of(method));
            text.Append(CultureInfo.InvariantCulture, $"    pub fn {CTypes.EntryPoint(method)}({Parameters(method)}){Result(method)};\n");
        }

        return text.Append("}\n\n").Append(HeaderWriter.Template("SoftTlb.rs.in")).ToString();
    }

    private static void Enumeration(StringBuilder text, Docs docs, Type type, string name)
    {
        Summary(text, "", docs.Of(type));
        text.Append(CultureInfo.InvariantCulture, $"pub type {name} = {(type == typeof(Status) ? "i32" : "u32")};\n");
        foreach (FieldInfo field in type.GetFields(BindingFlags.Public | BindingFlags.Static).OrderBy(field => field.MetadataToken))
        {
            Summary(text, "", docs.Of(field));
            long value = Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture);
            text.Append(CultureInfo.InvariantCulture, $"pub const {CName.OfConstant(name, field.Name)}: {name} = {value};\n");
        }

        text.Append('\n');
    }

    // Sizes and offsets are those of the library, or it does not compile.
    private static void Struct(StringBuilder text, Docs docs, Type type)
    {
        string name = CTypes.Of(type);
        StringBuilder checks = new();
        Summary(text, "", docs.Of(type));
        text.Append(CultureInfo.InvariantCulture, $"#[repr(C)]\n#[derive(Clone, Copy)]\npub struct {name} {{\n");
        foreach (FieldInfo field in HeaderWriter.FieldsOf(type))
        {
            string fieldName = CName.Snake(field.Name);
            Summary(text, "    ", docs.Of(field));
            Type? callback = field.GetCustomAttribute<CallbackAttribute>()?.Signature;
            string fieldType = TypeOf(CTypes.Of(callback ?? field.FieldType), constant: false);
            text.Append(CultureInfo.InvariantCulture, $"    pub {fieldName}: {(CTypes.LengthOf(field) is > 0 and int length ? $"[{fieldType}; {length}]" : fieldType)},\n");
            checks.Append(CultureInfo.InvariantCulture, $"    assert!(offset_of!({name}, {fieldName}) == {Marshal.OffsetOf(type, field.Name)});\n");
        }

        text.Append(
            CultureInfo.InvariantCulture,
            $$"""
            }

            impl Default for {{name}} {
                /// All zero but for struct_size.
                fn default() -> Self {
                    Self { struct_size: size_of::<Self>() as u32, ..unsafe { zeroed() } }
                }
            }

            const _: () = {
                assert!(size_of::<{{name}}>() == {{Marshal.SizeOf(type)}});
            {{checks}}};


            """);
    }

    private static string Parameters(MethodInfo method) => string.Join(
        ", ", method.GetParameters().Select(item => $"{NameOf(item)}: {TypeOf(TypeOf(item), item.IsDefined(typeof(InAttribute)))}"));

    // The one name that is a keyword of Rust's.
    private static string NameOf(ParameterInfo item) => CName.Snake(item.Name!) is var name && name == "type" ? "r#type" : name;

    private static string TypeOf(ParameterInfo item) => item.IsDefined(typeof(TextAttribute)) ? "char *" : CTypes.Of(item.ParameterType);

    private static string Result(MethodInfo method)
    {
        bool isText = method.ReturnParameter.IsDefined(typeof(TextAttribute));
        return method.ReturnType == typeof(void) ? string.Empty : " -> " + TypeOf(isText ? "char *" : CTypes.Of(method.ReturnType), isText);
    }

    private static string TypeOf(string type, bool constant) => type switch
    {
        _ when type.EndsWith('*') => (constant ? "*const " : "*mut ") + TypeOf(type[..^1].TrimEnd(), constant),
        "void" => "c_void",
        "char" => "c_char",
        "int32_t" => "i32",
        "uint8_t" => "u8",
        "uint32_t" => "u32",
        "uint64_t" => "u64",
        _ => type,
    };

    private static void Summary(StringBuilder text, string indent, string content) => text.Append(CultureInfo.InvariantCulture, $"{indent}/// {content}\n");
}
