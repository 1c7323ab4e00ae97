// Shadow judge: holds what a processor reached on our tables against what the guest's tables allow.
using System.Globalization;
using Mmu.Tests.Judge;
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Shadow;

/// <summary>Judges accesses that succeeded without a fault: the memory reached must be that of a translation of now or of an allowed past one.</summary>
internal sealed class TranslationJudge(GuestWorld world, FlatModel model, HostFrames host)
{
    /// <summary>Memory that the guest must not reach whatever its tables say: unmapped and not faulted in again.</summary>
    internal FrameGuard Guard { get; } = new();

    /// <summary>Judges an access that reached a physical address; the guest physical address it must have meant.</summary>
    /// <exception cref="JudgeException">No translation explains it.</exception>
    internal ulong JudgeReached(FlatVcpu vcpu, ulong linear, OracleAccess access, ulong physical)
    {
        JudgeMemory(physical, access);
        ulong meant = 0;
        bool explained = model.Explains(vcpu, linear, access, result =>
        {
            meant = result.Gpa;
            return world.Find(vcpu.AddressSpace, result.Gpa) is { } slot && !(access.Kind == OracleKind.Write && slot.IsReadOnly)
                && slot.PhysicalOf(result.Gpa) == physical;
        });
        if (!explained)
        {
            throw new JudgeException(string.Create(CultureInfo.InvariantCulture,
                $"{access} at {linear:x} reached {Name(physical)}; the tables now say {model.Fresh(vcpu, linear, access)}."));
        }

        return meant;
    }

    /// <summary>Judges only what no guest and no mistake of its VMM can excuse: host memory outside the slots, lost pages, stores that must be seen.</summary>
    internal void JudgeMemory(ulong physical, OracleAccess access)
    {
        bool write = access.Kind == OracleKind.Write;
        if (!host.TryFind(physical >> 12, out HostRange? range) || range.Use != HostUse.Ram)
        {
            throw new JudgeException($"{access} reached {physical:x}, which is no memory of a slot.");
        }

        if (range.IsRevoked(physical >> 12))
        {
            throw new JudgeException($"{access} reached {Name(physical)} through a frame that was taken away.");
        }

        foreach (ModelSlot slot in world.Slots)
        {
            if (slot.Range == range)
            {
                ulong gpa = slot.Gpa + ((ulong)range.PageOf(physical >> 12) << 12);
                Guard.Check(slot, gpa, write);
                return;
            }
        }

        throw new JudgeException($"{access} reached {physical:x}, memory of a slot that was removed.");
    }

    /// <summary>Judges a device access that the library reported without a walk that proves it.</summary>
    internal void JudgeMmio(FlatVcpu vcpu, ulong linear, OracleAccess access, ulong gpa)
    {
        bool explained = model.Explains(vcpu, linear, access, result => result.Gpa == gpa && IsDevice(vcpu, gpa, access));
        if (!explained)
        {
            throw new JudgeException(string.Create(CultureInfo.InvariantCulture,
                $"{access} at {linear:x} was taken for a device's at {gpa:x}; the tables now say {model.Fresh(vcpu, linear, access)}."));
        }
    }

    private bool IsDevice(FlatVcpu vcpu, ulong gpa, OracleAccess access) =>
        world.Find(vcpu.AddressSpace, gpa) is not { } slot || (access.Kind == OracleKind.Write && slot.IsReadOnly);

    private string Name(ulong physical)
    {
        foreach (ModelSlot slot in world.Slots)
        {
            if (slot.Range.Holds(physical >> 12))
            {
                ulong gpa = slot.Gpa + ((ulong)slot.Range.PageOf(physical >> 12) << 12) + (physical & 0xFFF);
                return string.Create(CultureInfo.InvariantCulture, $"{physical:x} (guest {gpa:x} of space {slot.AddressSpace})");
            }
        }

        return physical.ToString("x", CultureInfo.InvariantCulture);
    }
}
