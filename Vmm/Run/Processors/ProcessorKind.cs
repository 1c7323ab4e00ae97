// Vmm.Run: kinds of processors.
namespace Mmu.Vmm.Run.Processors;

/// <summary>Kinds of processors.</summary>
internal enum ProcessorKind
{
    /// <summary>Built in.</summary>
    Model,

    /// <summary>The real one.</summary>
    Kvm,

    /// <summary>QEMU's software MMU.</summary>
    Qemu,
}
