// Vmm.Run: speaks GDB's remote protocol.
using System;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Mmu.Vmm.Images;

namespace Mmu.Vmm.Run.Processors.Qemu;

/// <summary>A client of a debugging stub, without acknowledgements. Requests may be sent ahead of their replies.</summary>
internal sealed class GdbClient : IDisposable
{
    private const int LongestPacket = 1 << 16;

    private readonly Socket _socket;
    private readonly byte[] _input = new byte[LongestPacket];
    private int _inputStart;
    private int _inputEnd;
    private int _pending;

    internal GdbClient(Socket socket)
    {
        _socket = socket;
        _ = Ask("QStartNoAckMode");
        _ = socket.Send("+"u8);

        // Only to clients that know the XML description does QEMU give control registers, and let them write any.
        _ = Ask("qSupported:xmlRegisters=i386");
        _ = Ask("qXfer:features:read:target.xml:0,ffb");
    }

    /// <summary>Sends a request whose reply is "OK" or an error, without waiting.</summary>
    internal void Send(string request)
    {
        Put(request);
        _pending++;
    }

    /// <summary>Sends a request and returns its reply, after checking those of the requests sent before.</summary>
    internal string Ask(string request)
    {
        Put(request);
        for (; _pending > 0; _pending--)
        {
            string reply = Receive(null)!;
            if (reply != "OK")
            {
                throw new InputException($"QEMU's debugging stub refuses a register or a breakpoint ({reply})");
            }
        }

        return Receive(null)!;
    }

    /// <summary>Lets the processor run and waits for it to stop; null if it had to be stopped.</summary>
    internal string? Continue(TimeSpan budget)
    {
        if (_pending > 0)
        {
            // Any query will do but "?", which removes all breakpoints.
            _ = Ask("qAttached");
        }

        Put("c");
        if (Receive(budget) is { } reply)
        {
            return reply;
        }

        _ = _socket.Send([3]);
        _ = Receive(null);
        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private void Put(string text)
    {
        byte sum = 0;
        foreach (char c in text)
        {
            sum += (byte)c;
        }

        _ = _socket.Send(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"${text}#{sum:x2}")));
    }

    private string? Receive(TimeSpan? limit)
    {
        var text = new StringBuilder();
        bool inside = false;
        while (true)
        {
            if (_inputStart == _inputEnd)
            {
                if (limit is { } budget && !_socket.Poll(budget, SelectMode.SelectRead))
                {
                    return null;
                }

                _inputStart = 0;
                _inputEnd = _socket.Receive(_input);
                if (_inputEnd == 0)
                {
                    throw new InputException("QEMU has ended");
                }
            }

            char c = (char)_input[_inputStart++];
            if (c == '$')
            {
                inside = true;
            }
            else if (c == '#' && inside)
            {
                Skip(2);
                return text.ToString();
            }
            else if (inside)
            {
                _ = text.Append(c);
            }
        }
    }

    private void Skip(int count)
    {
        for (; count > 0; count--)
        {
            if (_inputStart == _inputEnd)
            {
                _inputStart = 0;
                _inputEnd = _socket.Receive(_input);
            }

            _inputStart++;
        }
    }
}
