// Abi: marks a field that holds a function pointer.
using System;

namespace Mmu.Native.Abi;

/// <summary>Marks a field that holds a pointer to a function of the caller's.</summary>
[AttributeUsage(AttributeTargets.Field)]
internal sealed class CallbackAttribute(Type signature) : Attribute
{
    /// <summary>The delegate type with its parameters.</summary>
    public Type Signature { get; } = signature;
}
