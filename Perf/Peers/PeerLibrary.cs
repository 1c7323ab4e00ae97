// Perf: compiles a C file of Peers with gcc and loads it into this process.
using System;
using System.IO;
using System.Runtime.InteropServices;

namespace Mmu.Perf.Peers;

/// <summary>A C file of Peers, built for the machine that measures.</summary>
internal sealed class PeerLibrary
{
    private readonly nint _library;

    private PeerLibrary(nint library) => _library = library;

    /// <summary>Builds and loads a file; null, with the reason, where there is no gcc.</summary>
    /// <param name="file">Name of the C file.</param>
    /// <param name="contextBytes">Size of the mirror of the context that the file's functions take.</param>
    /// <param name="note">What was built, or why nothing was.</param>
    public static unsafe PeerLibrary? TryLoad(string file, int contextBytes, out string note)
    {
        string source = Path.Combine(AppContext.BaseDirectory, "Peers", file);
        string library = Path.ChangeExtension(source, ".so");
        string[] arguments = ["-O3", "-march=native", "-fno-tree-slp-vectorize", "-shared", "-fPIC", "-o", library, source];
        try
        {
            if (Tool.Run("gcc", arguments) is null)
            {
                note = $"C peers skipped: gcc could not build Peers/{file}.";
                return null;
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            note = "C peers skipped: there is no gcc on the PATH.";
            return null;
        }

        PeerLibrary loaded = new(NativeLibrary.Load(library));
        ulong size = ((delegate* unmanaged<ulong>)loaded.Export("context_size"))();
        if (size != (ulong)contextBytes)
        {
            throw new InvalidOperationException($"The context in {file} is {size} bytes, its mirror {contextBytes}.");
        }

        note = (Tool.Run("gcc", "--version") ?? "gcc").Split('\n')[0] + " -O3 -march=native -fno-tree-slp-vectorize";
        return loaded;
    }

    /// <summary>The address of an exported function.</summary>
    public nint Export(string name) => NativeLibrary.GetExport(_library, name);
}
