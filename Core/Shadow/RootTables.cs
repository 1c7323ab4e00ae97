// Shadow: the tables of a root.
using System.Runtime.CompilerServices;
using Mmu.Memory;

namespace Mmu.Shadow;

/// <summary>Up to four tables of a root.</summary>
[InlineArray(4)]
internal struct RootTables
{
    private PageHandle _first;
}
