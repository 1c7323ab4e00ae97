// Perf: dropping everything at once, with many mappings.
namespace Mmu.Perf.Shadow;

/// <summary>Makes subjects of a VM with up to a million mappings.</summary>
internal sealed unsafe class ManyCases(GuestRun run, ShadowGuest guest)
{
    /// <summary>Two zap-alls in a row; per call.</summary>
    /// <param name="mappings">How many there are before.</param>
    public Subject ZapAll(int mappings)
    {
        AddressList windows = Windows(mappings);
        return new DelegateSubject(
            MmuCases.Name,
            2,
            _ =>
            {
                Reclaim();
                run.Read(windows.All, windows.Count);

                // The guest runs on: what a VM always touches is in the caches, what it has mapped is not.
                run.Enter();
            },
            _ =>
            {
                run.Vm.ZapAll();
                run.Vm.ZapAll();
            });
    }

    /// <summary>Taking obsolete tables apart; per mapping.</summary>
    public Subject ReclaimAll(int mappings)
    {
        AddressList windows = Windows(mappings);
        return new DelegateSubject(
            MmuCases.Name,
            mappings,
            _ =>
            {
                Reclaim();
                run.Read(windows.All, windows.Count);
                run.Vm.ZapAll();
                run.Enter();
            },
            _ => Reclaim());
    }

    private void Reclaim()
    {
        while (run.Vm.ReclaimObsolete())
        {
        }

        run.Enter();
    }

    private AddressList Windows(int mappings) => new((guest.Dense with { Count = mappings }).Pages(8), mappings);
}
