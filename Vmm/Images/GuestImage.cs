// Vmm: an opened image: its memory, the roots found in it or given, and what had to be assumed.
using System;
using System.Collections.Generic;

namespace Mmu.Vmm.Images;

/// <summary>Guest memory with the control state of its CPUs.</summary>
internal sealed class GuestImage : IDisposable
{
    internal GuestImage(string path, string kind, IPageSource pages, RootSet roots, IReadOnlyList<string> notes)
    {
        Path = path;
        Kind = kind;
        Pages = pages;
        Roots = roots.Roots;
        RootsFrom = roots.From;
        Notes = notes;
    }

    /// <summary>Gets the path the image was opened from.</summary>
    public string Path { get; }

    /// <summary>Gets the format in words.</summary>
    public string Kind { get; }

    /// <summary>Gets the memory.</summary>
    public IPageSource Pages { get; }

    /// <summary>Gets the roots, CPUs first.</summary>
    public IReadOnlyList<PagingRoot> Roots { get; }

    /// <summary>Gets where roots and control state come from, in words.</summary>
    public string RootsFrom { get; }

    /// <summary>Gets what the reader assumed or left out, one line each.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <inheritdoc/>
    public void Dispose() => Pages.Dispose();
}
