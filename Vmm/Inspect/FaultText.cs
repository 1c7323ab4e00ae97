// Vmm: faults in words.
using System.Collections.Generic;
using System.Globalization;
using Mmu.Architecture;
using Mmu.Walk;

namespace Mmu.Vmm.Inspect;

/// <summary>Describes how a walk ended.</summary>
internal static class FaultText
{
    private static readonly (PageFaultCode Bit, string Name)[] _bits =
    [
        (PageFaultCode.Present, "P"), (PageFaultCode.Write, "W"), (PageFaultCode.User, "U"), (PageFaultCode.Reserved, "RSVD"),
        (PageFaultCode.Fetch, "I"), (PageFaultCode.ProtectionKey, "PK"), (PageFaultCode.ShadowStack, "SS"),
    ];

    /// <summary>Returns "read", "write" or "fetch".</summary>
    public static string Name(AccessKind kind) => kind switch
    {
        AccessKind.Read => "read",
        AccessKind.Write => "write",
        _ => "fetch",
    };

    /// <summary>Returns "allowed", or what the CPU raises and why.</summary>
    public static string Outcome(in WalkResult result) => result.Outcome switch
    {
        WalkOutcome.Translated => "allowed",
        WalkOutcome.NonCanonical => "#GP: the address is not canonical",
        WalkOutcome.PageFault => $"#PF {Code(result.ErrorCode)}: {Reason(result)}",
        _ => $"{result.Outcome}: {Reason(result)}",
    };

    /// <summary>Returns the rule that refused and the level it refused at.</summary>
    public static string Reason(in WalkResult result)
    {
        string rule = result.Cause switch
        {
            FaultCause.NotPresent => "not present",
            FaultCause.TableOutsideMemory => "the table is not in the image",
            FaultCause.ReservedBit => "a reserved bit is set",
            FaultCause.NotWritable => "not writable",
            FaultCause.NotUser => "a supervisor page",
            FaultCause.NotExecutable => "not executable",
            FaultCause.Smep => "SMEP, a user page",
            FaultCause.Smap => "SMAP, a user page",
            FaultCause.ProtectionKey => "a protection key",
            FaultCause.NonCanonical => "not canonical",
            _ => result.Cause.ToString(),
        };
        return result.Level == 0 ? rule : string.Create(CultureInfo.InvariantCulture, $"{rule} (level {result.Level})");
    }

    private static string Code(PageFaultCode code)
    {
        var names = new List<string>();
        foreach ((PageFaultCode bit, string name) in _bits)
        {
            if ((code & bit) != 0)
            {
                names.Add(name);
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"0x{(int)code:x2} [{string.Join(' ', names)}]");
    }
}
