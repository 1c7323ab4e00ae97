// Nested judge: L2's physical memory as a processor reads it through our tables.
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Nested;

/// <summary>What L2's tables hold, read without a trace.</summary>
internal sealed class GuestView(OracleNested hardware, OracleMemory host) : OracleMemory
{
    public override bool TryRead(ulong address, int bytes, out ulong value)
    {
        SecondResult second = SecondDimension.Translate(hardware, host, address, new SecondAccess { IsTable = true }, update: false);
        value = 0;
        return second.Outcome == OracleOutcome.Ok && host.TryRead(second.Hpa, bytes, out value);
    }

    public override void SetBits(ulong address, int bytes, ulong bits)
    {
    }
}
