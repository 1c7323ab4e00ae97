// Vmm: the one exception for input that cannot be used; the command prints it as one line and exits with code 2.
using System;

namespace Mmu.Vmm.Images;

/// <summary>What is wrong with a file or an option, in one line for the user.</summary>
internal class InputException : Exception
{
    public InputException()
        : this("unusable input")
    {
    }

    public InputException(string message)
        : base(message)
    {
    }

    public InputException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
