// Abi: marks bytes that are text.
using System;

namespace Mmu.Native.Abi;

/// <summary>Marks a pointer to text: char in C.</summary>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.ReturnValue)]
internal sealed class TextAttribute : Attribute;
