// Handles: a thread's hold of a vCPU.
using System;
using System.Runtime.CompilerServices;

namespace Mmu.Native.Handles;

/// <summary>A thread's hold of a vCPU: made when the vCPU moves to the thread, kept until it moves to another.</summary>
internal sealed class Claim
{
    private readonly StackRange _stack = StackRange.OfCaller();

    /// <summary>Makes the calling thread's hold.</summary>
    internal Claim(bool isBusy) => IsBusy = isBusy;

    /// <summary>True if the caller runs on the thread's stack; false tells nothing.</summary>
    internal bool IsOnStack
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _stack.IsCallers;
    }

    /// <summary>The thread, by its managed number.</summary>
    internal int Thread { get; } = Environment.CurrentManagedThreadId;

    /// <summary>A call of that thread is under way. Written by it alone.</summary>
    internal volatile bool IsBusy;
}
