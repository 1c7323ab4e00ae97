// Tests: the namespaces that a signature names.
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace Mmu.Tests.Layering;

/// <summary>Turns signatures into the namespaces of this assembly that they name.</summary>
internal sealed class NamespaceCollector : ISignatureTypeProvider<IEnumerable<string>, object?>
{
    /// <summary>Finds the namespace of a type of this assembly; that of the outermost type around it, if it is nested.</summary>
    public static string NamespaceOf(MetadataReader reader, TypeDefinitionHandle handle)
    {
        TypeDefinition type = reader.GetTypeDefinition(handle);
        while (!type.GetDeclaringType().IsNil)
        {
            type = reader.GetTypeDefinition(type.GetDeclaringType());
        }

        return reader.GetString(type.Namespace);
    }

    /// <inheritdoc/>
    public IEnumerable<string> GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) =>
        [NamespaceOf(reader, handle)];

    /// <inheritdoc/>
    public IEnumerable<string> GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => [];

    /// <inheritdoc/>
    public IEnumerable<string> GetTypeFromSpecification(
        MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

    /// <inheritdoc/>
    public IEnumerable<string> GetGenericInstantiation(
        IEnumerable<string> genericType, ImmutableArray<IEnumerable<string>> typeArguments) =>
        All([genericType, .. typeArguments]);

    /// <inheritdoc/>
    public IEnumerable<string> GetFunctionPointerType(MethodSignature<IEnumerable<string>> signature) =>
        All([signature.ReturnType, .. signature.ParameterTypes]);

    /// <inheritdoc/>
    public IEnumerable<string> GetModifiedType(IEnumerable<string> modifier, IEnumerable<string> unmodifiedType, bool isRequired) =>
        All([modifier, unmodifiedType]);

    /// <inheritdoc/>
    public IEnumerable<string> GetArrayType(IEnumerable<string> elementType, ArrayShape shape) => elementType;

    /// <inheritdoc/>
    public IEnumerable<string> GetByReferenceType(IEnumerable<string> elementType) => elementType;

    /// <inheritdoc/>
    public IEnumerable<string> GetPinnedType(IEnumerable<string> elementType) => elementType;

    /// <inheritdoc/>
    public IEnumerable<string> GetPointerType(IEnumerable<string> elementType) => elementType;

    /// <inheritdoc/>
    public IEnumerable<string> GetSZArrayType(IEnumerable<string> elementType) => elementType;

    /// <inheritdoc/>
    public IEnumerable<string> GetPrimitiveType(PrimitiveTypeCode typeCode) => [];

    /// <inheritdoc/>
    public IEnumerable<string> GetGenericMethodParameter(object? genericContext, int index) => [];

    /// <inheritdoc/>
    public IEnumerable<string> GetGenericTypeParameter(object? genericContext, int index) => [];

    private static IEnumerable<string> All(IEnumerable<IEnumerable<string>> parts)
    {
        foreach (IEnumerable<string> part in parts)
        {
            foreach (string name in part)
            {
                yield return name;
            }
        }
    }
}
