// Vm: a vCPU on nested paging: faults of the second dimension.
using System;
using System.Runtime.CompilerServices;
using Mmu.Addressing;
using Mmu.Common;
using Mmu.Diagnostics;

namespace Mmu.Vm;

public sealed partial class MmuVcpu
{
    private const ulong FrameBytes = 4096;

    /// <summary>
    /// True if a processor runs this vCPU on nested tables now: <see cref="MmuVmOptions.Tdp"/>, or a guest of the guest behind EPT or NPT.
    /// </summary>
    public bool IsNested => _vcpu.RunsOnTdp || _vcpu.RunsNested;

    /// <summary>
    /// Answers an EPT violation, an EPT misconfiguration or a nested page fault. The vCPU is not in guest. Several vCPUs are answered at once.
    /// </summary>
    /// <param name="request">The fault.</param>
    /// <param name="result">Details of the outcome.</param>
    /// <returns>What to do.</returns>
    /// <exception cref="InvalidOperationException">The vCPU is in guest or does not run on nested tables, or an answer of
    /// <see cref="IMmuHost.Resolve"/> breaks its rules.</exception>
    public FaultOutcome HandleViolation(in ViolationRequest request, out FaultResult result)
    {
        BeginCall();
        try
        {
            RefuseUnlessNested();
            result = default;
            _core.Trace?.Write(TracePoint.PageFault, request.Gpa.Value, request.TraceCode, vcpu: Id);
            return _core.IsDead ? FaultOutcome.VmDead
                : (_vcpu.Pending & VcpuRequests.LoadRoot) != 0 ? FaultOutcome.Retry
                : _vm.EngineSet.HandleViolation(_vcpu, request, ref result);
        }
        finally
        {
            EndCall();
        }
    }

    /// <summary>Maps guest physical memory before it is accessed, as far as it can. Marks nothing as accessed. The vCPU is not in guest.</summary>
    /// <param name="start">First address; a multiple of 4096.</param>
    /// <param name="bytes">Size in bytes; a multiple of 4096.</param>
    /// <param name="done">How many bytes from <paramref name="start"/> on are mapped now.</param>
    /// <returns>
    /// <see cref="FaultOutcome.Fixed"/> if all are; else why the page at <paramref name="start"/> + <paramref name="done"/> is not:
    /// <see cref="FaultOutcome.Mmio"/> where no slot is.
    /// </returns>
    /// <exception cref="ArgumentException">The range is not of whole pages.</exception>
    /// <exception cref="InvalidOperationException">The vCPU is in guest or does not run on nested tables.</exception>
    public FaultOutcome Prefault(Gpa start, ulong bytes, out ulong done)
    {
        if (start.Value % FrameBytes != 0 || bytes % FrameBytes != 0 || start.Value + bytes < start.Value)
        {
            throw new ArgumentException($"The range from {start} of 0x{bytes:x} bytes is not of whole pages.", nameof(start));
        }

        BeginCall();
        try
        {
            RefuseUnlessNested();
            done = 0;
            while (done < bytes)
            {
                ulong gpa = start.Value + done;
                FaultOutcome outcome = PrefaultPage(new Gpa(gpa), out int level);
                if (outcome is not FaultOutcome.Fixed and not FaultOutcome.Spurious)
                {
                    return outcome;
                }

                // Behind the page, however large it is.
                ulong size = new PageLevel(level).Bytes;
                done += size - (gpa & (size - 1));
            }

            done = Math.Min(done, bytes);
            return FaultOutcome.Fixed;
        }
        finally
        {
            EndCall();
        }
    }

    /// <summary>Reads the entries of our tables that a processor meets for a guest physical address, root first. The vCPU is not in guest.</summary>
    /// <param name="address">The guest physical address.</param>
    /// <param name="entries">Receives the entries; room for 5.</param>
    /// <returns>How many there are.</returns>
    /// <exception cref="ArgumentException">There is room for fewer than 5.</exception>
    /// <exception cref="InvalidOperationException">The vCPU is in guest or does not run on nested tables.</exception>
    public int GetNestedWalk(Gpa address, Span<ulong> entries)
    {
        RefuseUnlessNested();
        return WalkOf(address.Value, entries);
    }

    private FaultOutcome PrefaultPage(Gpa gpa, out int level)
    {
        level = 0;
        return _core.IsDead ? FaultOutcome.VmDead
            : (_vcpu.Pending & VcpuRequests.LoadRoot) != 0 ? FaultOutcome.Retry
            : _vm.EngineSet.Prefault(_vcpu, gpa, out level);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void RefuseUnlessNested()
    {
        if (!IsNested)
        {
            ThrowUnlessNested();
        }
    }

    private void ThrowUnlessNested() =>
        throw new InvalidOperationException($"vCPU {Id} does not run on nested tables (MmuVmOptions.Tdp): its faults go to HandleFault.");
}
