// Tests: which namespaces of an assembly use which others, as compiled.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Mmu.Tests.Layering;

/// <summary>Reads from an assembly which of its types use which of its namespaces.</summary>
internal sealed class CompiledReferences : IDisposable
{
    private static readonly NamespaceCollector _collector = new();

    private readonly PEReader _file;
    private readonly MetadataReader _reader;

    private CompiledReferences(string path)
    {
        _file = new PEReader(File.OpenRead(path));
        _reader = _file.GetMetadataReader();
    }

    /// <summary>Reads all uses: the using type, its namespace and the used one.</summary>
    public static List<NamespaceUse> Read(string path)
    {
        using var references = new CompiledReferences(path);
        return [.. references._reader.TypeDefinitions.SelectMany(references.UsesOf).Distinct()];
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private IEnumerable<NamespaceUse> UsesOf(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _reader.GetTypeDefinition(handle);
        string own = NamespaceCollector.NamespaceOf(_reader, handle);
        IEnumerable<string> used = Of(type.BaseType)
            .Concat(type.GetInterfaceImplementations().SelectMany(item => Of(_reader.GetInterfaceImplementation(item).Interface)))
            .Concat(type.GetFields().SelectMany(item => _reader.GetFieldDefinition(item).DecodeSignature(_collector, null)))
            .Concat(type.GetCustomAttributes().SelectMany(item => Of(_reader.GetCustomAttribute(item).Constructor)))
            .Concat(Constraints(type.GetGenericParameters()))
            .Concat(type.GetMethods().SelectMany(OfMethod));
        return used.Where(name => name != own).Distinct().Select(name => new NamespaceUse(_reader.GetString(type.Name), own, name));
    }

    private IEnumerable<string> OfMethod(MethodDefinitionHandle handle)
    {
        MethodDefinition method = _reader.GetMethodDefinition(handle);
        IEnumerable<string> used = Names(method.DecodeSignature(_collector, null)).Concat(Constraints(method.GetGenericParameters()));
        if (method.RelativeVirtualAddress == 0)
        {
            return used;
        }

        MethodBodyBlock body = _file.GetMethodBody(method.RelativeVirtualAddress);
        if (!body.LocalSignature.IsNil)
        {
            StandaloneSignature locals = _reader.GetStandaloneSignature(body.LocalSignature);
            used = used.Concat(locals.DecodeLocalSignature(_collector, null).SelectMany(local => local));
        }

        return used
            .Concat(IlTokens.In(body.GetILBytes()!).SelectMany(Of))
            .Concat(body.ExceptionRegions.SelectMany(region => Of(region.CatchType)));
    }

    private IEnumerable<string> Constraints(GenericParameterHandleCollection parameters) => parameters
        .SelectMany(parameter => _reader.GetGenericParameter(parameter).GetConstraints())
        .SelectMany(constraint => Of(_reader.GetGenericParameterConstraint(constraint).Type));

    private IEnumerable<string> Of(EntityHandle handle)
    {
        if (handle.IsNil)
        {
            return [];
        }

        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition:
                return [NamespaceCollector.NamespaceOf(_reader, (TypeDefinitionHandle)handle)];
            case HandleKind.TypeSpecification:
                return _reader.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(_collector, null);
            case HandleKind.FieldDefinition:
                return Of(_reader.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType());
            case HandleKind.MethodDefinition:
                return Of(_reader.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType());
            case HandleKind.MemberReference:
                return Of(_reader.GetMemberReference((MemberReferenceHandle)handle).Parent);
            case HandleKind.MethodSpecification:
                MethodSpecification method = _reader.GetMethodSpecification((MethodSpecificationHandle)handle);
                return Of(method.Method).Concat(method.DecodeSignature(_collector, null).SelectMany(argument => argument));
            case HandleKind.StandaloneSignature:
                return Names(_reader.GetStandaloneSignature((StandaloneSignatureHandle)handle).DecodeMethodSignature(_collector, null));
            default:
                return [];
        }
    }

    private static IEnumerable<string> Names(MethodSignature<IEnumerable<string>> signature) =>
        signature.ReturnType.Concat(signature.ParameterTypes.SelectMany(type => type));
}
