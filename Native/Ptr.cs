// Native: a pointer that can be a type argument.
using System.Runtime.InteropServices;

namespace Mmu.Native;

/// <summary>A pointer of the caller's, which pointers cannot be: an argument of a generic method.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe struct Ptr<T>(T* value)
    where T : unmanaged
{
    internal readonly T* Value = value;
}
