// Tests of the command: a file that lives as long as a test.
using System;
using System.IO;

namespace Mmu.Tests.Vmm;

/// <summary>A file in a directory of its own, so that nothing lies beside it.</summary>
internal sealed class TempFile : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("mmu-test").FullName;

    public TempFile(byte[] bytes, string name = "image.bin")
    {
        Path = System.IO.Path.Combine(_directory, name);
        File.WriteAllBytes(Path, bytes);
    }

    public string Path { get; }

    /// <summary>Writes another file beside this one.</summary>
    public void AddSibling(string name, string text) => File.WriteAllText(System.IO.Path.Combine(_directory, name), text);

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
