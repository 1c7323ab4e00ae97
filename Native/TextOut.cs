// Native: text for the C side.
using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Mmu.Native;

/// <summary>Text for the C side: copied into the caller's buffers, or kept for good.</summary>
internal static unsafe class TextOut
{
    /// <summary>Copies text as UTF-8, cut to fit and ended by 0.</summary>
    /// <returns>Length of the whole text in bytes, without the 0.</returns>
    internal static ulong Copy(string text, byte* buffer, ulong size)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (buffer != null && size != 0)
        {
            int length = (int)Math.Min((ulong)bytes.Length, size - 1);
            bytes.AsSpan(0, length).CopyTo(new Span<byte>(buffer, length));
            buffer[length] = 0;
        }

        return (ulong)bytes.Length;
    }

    /// <summary>Text as UTF-8, ended by 0, that is never freed.</summary>
    internal static nint Keep(string text) => Marshal.StringToCoTaskMemUTF8(text);
}
