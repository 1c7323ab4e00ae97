// Handles: a thread's hold of a vCPU.
namespace Mmu.Native.Handles;

/// <summary>A thread's hold of a vCPU: made when the vCPU moves to the thread, kept until it moves to another.</summary>
internal sealed class Claim
{
    internal Claim(int thread, bool isBusy)
    {
        Thread = thread;
        IsBusy = isBusy;
    }

    /// <summary>The thread, by its managed number.</summary>
    internal int Thread { get; }

    /// <summary>A call of that thread is under way. Written by it alone.</summary>
    internal volatile bool IsBusy;
}
