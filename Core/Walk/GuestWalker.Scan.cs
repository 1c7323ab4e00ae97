// Walk: enumeration of an address space.
using Mmu.Addressing;
using Mmu.Architecture;

namespace Mmu.Walk;

public sealed partial class GuestWalker
{
    private const Rights AllRights = Rights.Read | Rights.Write | Rights.User | Rights.Execute;

    /// <summary>Enumerates the mapped pages between two linear addresses; none with paging off.</summary>
    /// <param name="first">First address.</param>
    /// <param name="last">Last address.</param>
    /// <param name="aliasBudget">Tables met again that are followed before the scan gives up.</param>
    /// <returns>The scan.</returns>
    /// <exception cref="System.ArgumentOutOfRangeException"><paramref name="aliasBudget"/> is negative.</exception>
    public PageScan ScanPages(Gva first, Gva last, int aliasBudget = PageScan.DefaultAliasBudget) =>
        new(_context, _memory.Table, first, last, aliasBudget);

    /// <summary>Enumerates all mapped pages.</summary>
    /// <returns>The scan.</returns>
    public PageScan ScanPages() => ScanPages(new Gva(0), new Gva(ulong.MaxValue));

    /// <summary>Enumerates the mapped regions between two linear addresses.</summary>
    /// <param name="first">First address.</param>
    /// <param name="last">Last address.</param>
    /// <param name="relevant">The rights in which two regions can differ.</param>
    /// <param name="aliasBudget">Tables met again that are followed before the scan gives up.</param>
    /// <returns>The scan.</returns>
    /// <exception cref="System.ArgumentOutOfRangeException"><paramref name="aliasBudget"/> is negative.</exception>
    public RegionScan ScanRegions(Gva first, Gva last, Rights relevant = AllRights, int aliasBudget = PageScan.DefaultAliasBudget) =>
        new(ScanPages(first, last, aliasBudget), relevant);

    /// <summary>Enumerates all mapped regions.</summary>
    /// <returns>The scan.</returns>
    public RegionScan ScanRegions() => ScanRegions(new Gva(0), new Gva(ulong.MaxValue));
}
