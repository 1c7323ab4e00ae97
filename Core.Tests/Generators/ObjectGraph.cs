// Tests: walks everything reachable from a pipeline value.
using System;
using System.Collections;
using System.Collections.Generic;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;
using Xunit;

namespace Mmu.Tests.Generators;

/// <summary>Walks object graphs.</summary>
internal static class ObjectGraph
{
    private const BindingFlags OwnFields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>Fails if anything of the compilation can be reached from the value; returns how many objects can.</summary>
    public static int AssertHoldsOnlyData(object root)
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        Visit(root, root.GetType().Name, seen);
        return seen.Count;
    }

    private static void Visit(object? value, string path, HashSet<object> seen)
    {
        if (value is null || !seen.Add(value))
        {
            return;
        }

        Assert.False(
            value is ISymbol or Compilation or SemanticModel or SyntaxNode or SyntaxToken or SyntaxTree or SyntaxReference or Location
                or AttributeData or SourceText,
            $"{path} is a {value.GetType()}");

        // A descriptor is one of a fixed set of constants.
        Type type = value.GetType();
        if (type.IsPrimitive || type.IsEnum || value is string or DiagnosticDescriptor)
        {
            return;
        }

        if (value is IEnumerable items)
        {
            foreach (object? item in items)
            {
                Visit(item, path + "[]", seen);
            }
        }

        for (Type? level = type; level is not null; level = level.BaseType)
        {
            foreach (FieldInfo field in level.GetFields(OwnFields))
            {
                Visit(field.GetValue(value), $"{path}.{field.Name}", seen);
            }
        }
    }
}
