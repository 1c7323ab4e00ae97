// Vmm: recorded accesses in words, and answers as records.
using System.Globalization;
using Mmu.Architecture;
using Mmu.Vmm.Inspect;
using Mmu.Vmm.Traces;

namespace Mmu.Vmm.Replay;

/// <summary>Between access records and what is said about them.</summary>
internal static class AccessText
{
    /// <summary>Returns for instance "vCPU 0, user write of 0x7fff0000".</summary>
    public static string Of(in TraceRecord record)
    {
        AccessFlags flags = record.Access.Flags;
        string who = (flags & AccessFlags.User) != 0 ? "user" : (flags & AccessFlags.Implicit) != 0 ? "implicit" : "supervisor";
        string ac = (flags & AccessFlags.AlignmentCheck) != 0 ? " with AC" : string.Empty;
        return string.Create(
            CultureInfo.InvariantCulture, $"vCPU {record.Vcpu}, {who} {FaultText.Name(record.Access.Kind)}{ac} of 0x{record.Gva:x}");
    }

    /// <summary>Puts an answer into an access record.</summary>
    public static void Put(in Answer answer, ref TraceRecord record)
    {
        record.Selector = (byte)((record.Selector & ~TraceRecord.Faulted) | (answer.HasFaulted ? TraceRecord.Faulted : 0));
        record.Gpa = answer.Gpa;
        record.ErrorCode = answer.ErrorCode;
        record.PageShift = answer.PageShift == 0 ? record.PageShift : (byte)answer.PageShift;
    }
}
