// Vmm.Run: nested paging of the model.
using Mmu.Architecture;
using Mmu.Walk;

namespace Mmu.Vmm.Run.Processors.Model;

/// <summary>The monitor of a guest whose own tables the model walks, and nested ones after them.</summary>
internal interface INesting
{
    /// <summary>Puts a guest's control state in force, behind the nested tables.</summary>
    ControlStateStatus Apply(GuestWalker walker, in ControlState state);

    /// <summary>Answers an access that the nested tables refuse.</summary>
    /// <param name="walk">The walk, with the exit's qualification or error code.</param>
    /// <param name="access">The access that the guest makes.</param>
    /// <returns>True to try again; false if a device is there.</returns>
    bool Answer(in WalkResult walk, Access access);
}
