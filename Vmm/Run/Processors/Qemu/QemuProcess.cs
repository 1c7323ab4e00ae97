// Vmm.Run: the process of QEMU: starts it, connects to its debugging stub, and sees to it that it does not outlive this process.
using System;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Net.Sockets;
using System.Threading;
using Mmu.Vmm.Images;

namespace Mmu.Vmm.Run.Processors.Qemu;

/// <summary>A QEMU that waits for its debugger. Neither its memory nor its socket has a name in a file system.</summary>
internal sealed class QemuProcess : IDisposable
{
    /// <summary>The program.</summary>
    internal const string Program = "qemu-system-x86_64";

    private const string Shell = "/bin/sh";

    // A shell becomes QEMU, and leaves behind a child that reads from a pipe of ours: it ends when this process does, however that happens.
    private const string Guarded =
        "exec 3<&0; (read -r _ <&3 || kill -9 $$) >/dev/null 2>&1 & exec \"$@\" 3<&- </dev/null";

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly string _socket = $"mmu-run-{Environment.ProcessId}-{Guid.NewGuid():n}";
    private readonly Process _process;

    /// <summary>Starts it.</summary>
    /// <param name="memory">All of its memory.</param>
    /// <exception cref="InputException">It is not there.</exception>
    internal QemuProcess(HostMemory memory)
    {
        if (!IsThere())
        {
            throw new InputException($"{Program}: cannot be started: it is not in PATH");
        }

        var start = new ProcessStartInfo(Shell)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        string[] arguments =
        [
            "-c", Guarded, Shell, Program,
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-S",
            "-accel", "tcg", "-machine", "pc,memory-backend=memory", "-cpu", "max",
            "-m", $"{memory.Bytes >> 20}M",
            "-object", $"memory-backend-file,id=memory,size={memory.Bytes},mem-path={memory.Path},share=on",
            "-chardev", $"socket,id=gdb,path={_socket},abstract=on,server=on,wait=off",
            "-gdb", "chardev:gdb",
        ];
        Array.ForEach(arguments, start.ArgumentList.Add);
        try
        {
            _process = Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new InputException($"{Program}: cannot be started: {ImageFile.OneLine(e)}", e);
        }
    }

    /// <summary>True if the program is in one of the folders of PATH.</summary>
    internal static bool IsThere() =>
        Array.Exists(
            (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator),
            folder => File.Exists(Path.Combine(folder, Program)));

    /// <summary>Connects to its debugging stub.</summary>
    /// <exception cref="InputException">It has ended, or does not answer.</exception>
    internal GdbClient Connect()
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint('\0' + _socket));
                return new GdbClient(socket);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                if (_process.HasExited)
                {
                    throw new InputException($"{Program}: {_process.StandardError.ReadToEnd().Trim().ReplaceLineEndings(" ")}", e);
                }

                if (clock.Elapsed > _patience)
                {
                    throw new InputException($"{Program}: its debugging stub does not answer", e);
                }

                Thread.Sleep(10);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        try
        {
            // Its guard has nothing to end any more.
            _process.StandardInput.WriteLine();
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // A signal to the whole group took the guard along.
        }

        _process.Dispose();
    }
}
