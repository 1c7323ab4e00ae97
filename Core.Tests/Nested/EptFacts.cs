// What the facts about EPT are told in: bits of entries and of exit qualifications, and the scene that has them.
using Mmu.Architecture;

namespace Mmu.Tests.Nested;

internal static class EptFacts
{
    internal const ulong R = 1, W = 2, X = 4, XU = 1UL << 10;
    internal const ulong Reads = 1, Writes = 2, Fetches = 4, MayRead = 8, MayWrite = 0x10, MayFetch = 0x20, MayUserFetch = 0x40, Linear = 0x80, Final = 0x180;

    internal static L2Scene Scene(bool accessedDirty = false) => new() { Ept = EptOf(byMode: false, executeOnly: true), AccessedDirty = accessedDirty };

    internal static EptControl EptOf(bool byMode, bool executeOnly) => new() { PhysicalAddressBits = 46, ModeBasedExecute = byMode, ExecuteOnly = executeOnly };
}
