// Generators: reads attribute data that may be incomplete, since the user may still be typing it.
using System.Collections.Generic;
using System.Threading;
using Microsoft.CodeAnalysis;

namespace Mmu.Generators.Parsing;

/// <summary>Reads one attribute.</summary>
internal readonly struct AttributeReader
{
    /// <summary>Namespace of the attributes that the generator reads.</summary>
    public const string Namespace = "Mmu.Architecture.Generation";

    private readonly AttributeData _data;

    private AttributeReader(AttributeData data, LocationInfo location)
    {
        _data = data;
        Location = location;
    }

    /// <summary>Where the attribute is written.</summary>
    public LocationInfo Location { get; }

    /// <summary>True if named arguments are given.</summary>
    public bool HasNamed => _data.NamedArguments.Length != 0;

    /// <summary>All attributes of the given class on a symbol, in order of declaration.</summary>
    public static List<AttributeReader> All(ISymbol symbol, string className, CancellationToken cancellation)
    {
        var found = new List<AttributeReader>();
        foreach (AttributeData data in symbol.GetAttributes())
        {
            if (data.AttributeClass is { } type && type.Name == className && type.ContainingNamespace.ToDisplayString() == Namespace
                && data.ApplicationSyntaxReference?.GetSyntax(cancellation) is { } syntax)
            {
                found.Add(new AttributeReader(data, LocationInfo.Of(syntax)));
            }
        }

        return found;
    }

    /// <summary>A constructor argument as a number; <see langword="null"/> if it is missing or something else.</summary>
    public int? Number(int index) =>
        Argument(index) is { Kind: not TypedConstantKind.Array, Value: int value } ? value : null;

    /// <summary>A constructor argument as a type.</summary>
    public INamedTypeSymbol? Type(int index) =>
        Argument(index) is { Kind: TypedConstantKind.Type, Value: INamedTypeSymbol type } ? type : null;

    /// <summary>A named argument as a number; <see langword="null"/> if it is absent.</summary>
    public int? Number(string name) => Find(name) is { Kind: not TypedConstantKind.Array, Value: int value } ? value : null;

    /// <summary>A named argument as a truth value; false if it is absent.</summary>
    public bool Flag(string name) => Find(name) is { Kind: not TypedConstantKind.Array, Value: true };

    /// <summary>
    /// Name of an argument's enum member; the given default if it is absent, <see langword="null"/> if no member has its value.
    /// </summary>
    public string? Member(string name, string absent)
    {
        if (Find(name) is not { } constant)
        {
            return absent;
        }

        if (constant.Kind != TypedConstantKind.Enum || constant.Type is null)
        {
            return null;
        }

        foreach (ISymbol member in constant.Type.GetMembers())
        {
            if (member is IFieldSymbol { HasConstantValue: true } field && Equals(field.ConstantValue, constant.Value))
            {
                return field.Name;
            }
        }

        return null;
    }

    private TypedConstant? Argument(int index) =>
        index < _data.ConstructorArguments.Length ? _data.ConstructorArguments[index] : null;

    private TypedConstant? Find(string name)
    {
        foreach (KeyValuePair<string, TypedConstant> argument in _data.NamedArguments)
        {
            if (argument.Key == name)
            {
                return argument.Value;
            }
        }

        return null;
    }
}
