// Generators: lets records compile for netstandard2.0, whose library lacks this marker.
namespace System.Runtime.CompilerServices;

/// <summary>Marks <see langword="init"/> accessors.</summary>
internal static class IsExternalInit;
