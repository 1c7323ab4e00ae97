// Vmm.Run: a guest or its processor came to an end that was not meant.
using System;
using Mmu.Vmm.Images;

namespace Mmu.Vmm.Run;

/// <summary>A guest that cannot go on: a triple fault, a hang, an instruction that nothing here can execute.</summary>
internal sealed class GuestException : InputException
{
    public GuestException()
        : this("the guest cannot go on")
    {
    }

    public GuestException(string message)
        : base(message)
    {
    }

    public GuestException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
