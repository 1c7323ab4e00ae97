// Diagnostics: rare events, for tools that listen to the process.
using System.Diagnostics.Tracing;

namespace Mmu.Diagnostics;

/// <summary>Rare events of VMs. A look at a field if nobody listens; frequent ones go to a trace ring instead.</summary>
[EventSource(Name = "Mmu")]
internal sealed class MmuEvents : EventSource
{
    /// <summary>The one there is.</summary>
    internal static readonly MmuEvents Log = new();

    private MmuEvents()
    {
    }

    [Event(1, Level = EventLevel.Informational)]
    internal void VmCreated(long vm)
    {
        if (IsEnabled())
        {
            WriteEvent(1, vm);
        }
    }

    [Event(2, Level = EventLevel.Informational)]
    internal void VmDestroyed(long vm)
    {
        if (IsEnabled())
        {
            WriteEvent(2, vm);
        }
    }

    /// <summary>Tables were found corrupt: the VM is dead.</summary>
    [Event(3, Level = EventLevel.Critical)]
    internal void VmDied(long vm)
    {
        if (IsEnabled())
        {
            WriteEvent(3, vm);
        }
    }

    [Event(4, Level = EventLevel.Informational)]
    internal void SlotAdded(long vm, long address, long bytes)
    {
        if (IsEnabled())
        {
            WriteEvent(4, vm, address, bytes);
        }
    }

    [Event(5, Level = EventLevel.Informational)]
    internal void SlotRemoved(long vm, long address, long bytes)
    {
        if (IsEnabled())
        {
            WriteEvent(5, vm, address, bytes);
        }
    }

    [Event(6, Level = EventLevel.Informational)]
    internal void AllZapped(long vm)
    {
        if (IsEnabled())
        {
            WriteEvent(6, vm);
        }
    }

    /// <summary>A fault found neither a free table page nor one that could be taken.</summary>
    [Event(7, Level = EventLevel.Warning)]
    internal void OutOfPages(long vm)
    {
        if (IsEnabled())
        {
            WriteEvent(7, vm);
        }
    }

    [Event(8, Level = EventLevel.Informational)]
    internal void DirtyLogStarted(long vm, long address, long bytes)
    {
        if (IsEnabled())
        {
            WriteEvent(8, vm, address, bytes);
        }
    }

    [Event(9, Level = EventLevel.Informational)]
    internal void DirtyLogEnded(long vm, long address, long bytes)
    {
        if (IsEnabled())
        {
            WriteEvent(9, vm, address, bytes);
        }
    }

    [Event(10, Level = EventLevel.Informational)]
    internal void SnapshotRestored(long vm, long pages)
    {
        if (IsEnabled())
        {
            WriteEvent(10, vm, pages);
        }
    }
}
