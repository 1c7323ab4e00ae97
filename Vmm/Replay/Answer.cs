// Vmm: how an access ended on one of the machines that replay a trace.
using System.Globalization;
using Mmu.Vmm.Traces;

namespace Mmu.Vmm.Replay;

/// <summary>How an access ended.</summary>
/// <param name="Problem">What kept the machine from an answer; null if it has one.</param>
/// <param name="HasFaulted">Whether it was a page fault.</param>
/// <param name="Gpa">Of a translation: the guest physical address.</param>
/// <param name="PageShift">Of a translation: log2 of the guest's page size; 0 if the machine does not know it.</param>
/// <param name="ErrorCode">Of a page fault.</param>
internal readonly record struct Answer(string? Problem, bool HasFaulted, ulong Gpa, int PageShift, uint ErrorCode)
{
    /// <summary>A translation.</summary>
    public static Answer Of(ulong gpa, int pageShift = 0) => new(null, false, gpa, pageShift, 0);

    /// <summary>A page fault.</summary>
    public static Answer Fault(uint errorCode) => new(null, true, 0, 0, errorCode);

    /// <summary>No answer.</summary>
    public static Answer None(string problem) => new(problem, false, 0, 0, 0);

    /// <summary>The answer that a record holds.</summary>
    public static Answer Of(in TraceRecord record) =>
        record.HasFaulted ? Fault(record.ErrorCode) : Of(record.Gpa, record.PageShift);

    /// <summary>True if this is the recorded answer, as far as the machine gives one.</summary>
    public bool Agrees(in TraceRecord record) =>
        Problem is null && HasFaulted == record.HasFaulted
        && (HasFaulted ? ErrorCode == record.ErrorCode : Gpa == record.Gpa && (PageShift == 0 || PageShift == record.PageShift));

    /// <inheritdoc/>
    public override string ToString() => Problem ?? string.Create(
        CultureInfo.InvariantCulture,
        $"{(HasFaulted ? $"#PF 0x{ErrorCode:x2}" : PageShift == 0 ? $"0x{Gpa:x}" : $"0x{Gpa:x} in a page of 2^{PageShift} bytes")}");
}
