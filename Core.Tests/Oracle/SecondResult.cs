// Oracle: one translation by the second dimension: the host address and rights, or the fault to report.
namespace Mmu.Tests.Oracle;

internal struct SecondResult
{
    public OracleOutcome Outcome;
    public OracleCause Cause;
    public OracleRules Rules;
    public ulong Gpa;
    public ulong Hpa;
    public int PageShift;
    public bool Readable;
    public bool Writable;
    public bool Executable;
    public bool UserExecutable;

    // EPT: the leaf's type (bits 5:3) and "ignore PAT"; NPT: the type that the leaf selects in the host's PAT.
    public int MemoryType;
    public bool IgnorePat;

    public ulong Code;
    public int Level;
    public ulong EntryAddress;
    public ulong EntryValue;
}
