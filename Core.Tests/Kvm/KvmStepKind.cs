// KVM conformance: what happened in a step of KVM's log.
namespace Mmu.Tests.Kvm;

/// <summary>What a step is.</summary>
internal enum KvmStepKind
{
    /// <summary>A fault, with all that handling it did.</summary>
    Fault,

    /// <summary>A walk of the guest's tables without a fault: KVM's emulator fetched an instruction.</summary>
    Walk,

    /// <summary>A root was made or found.</summary>
    Root,

    /// <summary>A page was brought in step with its table.</summary>
    Sync,

    /// <summary>The VMM did something.</summary>
    Mark,
}
