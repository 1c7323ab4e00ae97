// Judge: something that must never be.
using System;

namespace Mmu.Tests.Judge;

internal sealed class JudgeException : Exception
{
    public JudgeException()
    {
    }

    public JudgeException(string message)
        : base(message)
    {
    }

    public JudgeException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
