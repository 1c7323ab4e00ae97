// Native: why a call failed.
using System;
using Mmu.Native.Abi;

namespace Mmu.Native;

/// <summary>Turns failures into a status, and keeps the last one's text for its thread.</summary>
internal static class Failure
{
    [ThreadStatic]
    private static string? _text;

    /// <summary>Text of the calling thread's last failure.</summary>
    internal static string Text => _text ?? string.Empty;

    /// <summary>Notes a failure.</summary>
    internal static Status Of(Status status, string text)
    {
        _text = text;
        return status;
    }

    /// <summary>Notes that an argument is null.</summary>
    internal static Status OfNull(string argument) => Of(Status.ErrorNull, argument + " is NULL.");

    /// <summary>Notes an exception.</summary>
    /// <param name="exception">It.</param>
    /// <param name="invalidOperation">What an invalid operation means where it was thrown.</param>
    internal static Status Of(Exception exception, Status invalidOperation)
    {
        Status status = exception switch
        {
            OutOfMemoryException => Status.ErrorNoRoom,
            ArgumentException => Status.ErrorArgument,
            ObjectDisposedException => Status.ErrorHandle,
            NotSupportedException => Status.ErrorUnsupported,
            InvalidOperationException => invalidOperation,
            _ => Status.ErrorInternal,
        };
        return Of(status, exception is OutOfMemoryException ? "Memory is exhausted." : exception.Message);
    }
}
