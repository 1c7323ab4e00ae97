// Perf: programs that the gate needs and the SDK does not bring.
using System;
using System.IO;
using System.Linq;

namespace Mmu.Perf.Gate;

/// <summary>Looks for a program, and asks the system to install one.</summary>
internal static class NeededTool
{
    /// <summary>True if the program is on the PATH.</summary>
    public static bool IsThere(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Installs a package of the same name where this user may and apt-get is there.</summary>
    public static bool TryInstall(string program) =>
        Environment.UserName == "root" && IsThere("apt-get") && Tool.Run("apt-get", "install", "-y", "-q", program) is not null && IsThere(program);
}
