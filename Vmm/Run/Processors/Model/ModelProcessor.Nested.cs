// Vmm.Run: the model's second dimension.
using Mmu.Architecture;
using Mmu.Walk;

namespace Mmu.Vmm.Run.Processors.Model;

internal sealed unsafe partial class ModelProcessor
{
    // A guest whose accesses end in more violations than that gets no further.
    private const int MostViolations = 1000;

    /// <summary>Gets or sets who keeps nested tables for the guest; null if its physical addresses are the processor's.</summary>
    internal INesting? Nesting { get; set; }

    /// <summary>Empties the TLB.</summary>
    internal void DropTranslations() => _tlb.Clear();

    private ControlStateStatus Apply(in ControlState state) =>
        Nesting is { } nesting ? nesting.Apply(_walker, state) : _walker.SetControlState(state);

    // Walks until the guest's own tables decide; a device is reported by a walk that translates to no memory.
    private bool Walk(Addressing.Gva address, Access access, out WalkResult walk, out bool isDevice)
    {
        isDevice = false;
        for (int i = 0; i < MostViolations; i++)
        {
            bool translated = _walker.Translate(address, access, out walk);
            if (translated || walk.Outcome is not (WalkOutcome.EptViolation or WalkOutcome.EptMisconfiguration or WalkOutcome.NestedPageFault))
            {
                return translated;
            }

            if (!Nesting!.Answer(walk, access))
            {
                isDevice = true;
                return true;
            }

            // The tables may have another root now.
            _ = Apply(_walker.ControlState);
        }

        throw new GuestException($"the nested tables refuse 0x{address.Value:x} again and again");
    }
}
