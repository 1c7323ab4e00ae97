// Oracle: everything an access yields. On success the translation, otherwise the fault as the processor would report it.
namespace Mmu.Tests.Oracle;

internal record struct OracleResult
{
    public OracleOutcome Outcome { get; set; }

    // Success. Gpa is the guest's physical address; Hpa equals it without a second dimension.
    public ulong Gpa { get; set; }

    public ulong Hpa { get; set; }

    public int PageShift { get; set; }

    public bool Readable { get; set; }

    public bool Writable { get; set; }

    public bool Executable { get; set; }

    public bool User { get; set; }

    public bool Global { get; set; }

    public int PatIndex { get; set; }

    public int MemoryType { get; set; }

    // Fault. Code is the #PF error code, the EPT violation's qualification or the NPF's EXITINFO1.
    public ulong Code { get; set; }

    // The guest-physical address that could not be translated; second-dimension faults only.
    public ulong FaultGpa { get; set; }

    // The linear address, tag removed, as CR2 shows it; page faults only.
    public ulong FaultLinear { get; set; }

    public OracleCause Cause { get; set; }

    public OracleRules Rules { get; set; }

    public OracleDimension Dimension { get; set; }

    public int Level { get; set; }

    public ulong EntryAddress { get; set; }

    public ulong EntryValue { get; set; }
}
