// Shadow: guest tables of 8-byte entries: PAE, 4-level and 5-level paging.
namespace Mmu.Shadow;

/// <summary>Guest tables of 512 entries of 8 bytes, one shadow entry for each: what <see cref="IGuestTables"/> says of all.</summary>
internal readonly struct Tables64 : IGuestTables;
