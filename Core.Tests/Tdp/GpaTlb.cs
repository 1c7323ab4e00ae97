// TDP judge: a small TLB of guest physical translations with random eviction.
using System;
using System.Collections.Generic;
using Mmu.Tests.Conformance;

namespace Mmu.Tests.Tdp;

/// <summary>Translations of one processor, each under the root it came from.</summary>
internal sealed class GpaTlb(int capacity, SeededRandom random)
{
    private readonly List<(ulong Root, GpaPage Page)> _pages = [];

    internal IReadOnlyList<(ulong Root, GpaPage Page)> Pages => _pages;

    internal bool TryFind(ulong root, ulong gpa, out GpaPage page)
    {
        foreach ((ulong tag, GpaPage cached) in _pages)
        {
            if (tag == root && cached.Covers(gpa))
            {
                page = cached;
                return true;
            }
        }

        page = default;
        return false;
    }

    internal void Insert(ulong root, GpaPage page)
    {
        _ = _pages.RemoveAll(other => other.Root == root && other.Page.Covers(page.Gpa));
        if (_pages.Count == capacity)
        {
            _pages.RemoveAt(random.Next(capacity));
        }

        _pages.Add((root, page));
    }

    internal void Drop(ulong root, ulong gpa) => _pages.RemoveAll(other => other.Root == root && other.Page.Covers(gpa));

    internal void DropRoot(ulong root) => _pages.RemoveAll(other => other.Root == root);

    internal void DropWhere(Predicate<GpaPage> covered) => _pages.RemoveAll(other => covered(other.Page));

    internal void Clear() => _pages.Clear();
}
