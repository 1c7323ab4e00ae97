// Tests of the command as a process of its own: what it says when it ends, and what it leaves behind.
using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using Xunit;

namespace Mmu.Tests.Vmm;

/// <summary>A run of `mmu` in a process of its own.</summary>
internal sealed class MmuProcess : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;

    /// <summary>Starts it.</summary>
    /// <param name="path">Its PATH; null for that of the tests.</param>
    /// <param name="args">Its arguments.</param>
    public MmuProcess(string? path, params string[] args)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "mmu"))
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        Array.ForEach(args, start.ArgumentList.Add);
        start.Environment["DOTNET_ROOT"] = Environment.GetEnvironmentVariable("DOTNET_ROOT") ?? RuntimeRoot();
        if (path is not null)
        {
            start.Environment["PATH"] = path;
        }

        _process = Process.Start(start)!;
    }

    /// <summary>What its files and QEMU's arguments have in their names.</summary>
    private string Mark => $"mmu-run-{_process.Id}-";

    /// <summary>Waits for its end.</summary>
    public CommandRun End()
    {
        string output = _process.StandardOutput.ReadToEnd();
        string error = _process.StandardError.ReadToEnd();
        Assert.True(_process.WaitForExit(_patience), "mmu does not end.");
        return new CommandRun(_process.ExitCode, output, error);
    }

    /// <summary>Sends it a signal.</summary>
    public void Signal(string name)
    {
        using Process kill = Process.Start("/bin/sh", ["-c", $"kill -{name} {_process.Id}"]);
        kill.WaitForExit();
        Assert.True(_process.WaitForExit(_patience), "mmu survives the signal.");
    }

    /// <summary>Waits until it is connected to its QEMU.</summary>
    public void WaitForQemu() => Assert.True(SpinWait.SpinUntil(Sleepy(IsConnected), _patience), "QEMU does not start.");

    /// <summary>Asserts that no process and no file of it is left, or will be in a moment.</summary>
    public void AssertNothingIsLeft()
    {
        Assert.True(SpinWait.SpinUntil(Sleepy(() => !QemuRuns()), _patience), "QEMU still runs.");
        string[] folders = ["/dev/shm", Path.GetTempPath()];
        Assert.Empty(folders.Where(Directory.Exists).SelectMany(folder => Directory.GetFileSystemEntries(folder, Mark + "*")));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private static Func<bool> Sleepy(Func<bool> condition) => () =>
    {
        Thread.Sleep(20);
        return condition();
    };

    private static string RuntimeRoot() =>
        Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    // Number, references, protocol, flags, type, state (3: connected), inode, name.
    private bool IsConnected() => File.ReadLines("/proc/net/unix").Any(
        line => line.Contains(Mark, StringComparison.Ordinal) && line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[5] == "03");

    private bool QemuRuns() => Directory.GetDirectories("/proc").Any(
        folder => char.IsAsciiDigit(Path.GetFileName(folder)[0]) && CommandLineOf(folder).Contains(Mark, StringComparison.Ordinal));

    // Processes come and go meanwhile.
    private static string CommandLineOf(string folder)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(Path.Combine(folder, "cmdline")));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return string.Empty;
        }
    }
}
