// Oracle: the second dimension, either Intel's EPT or AMD's nested page tables.
namespace Mmu.Tests.Oracle;

internal sealed class OracleNested
{
    public bool IsEpt { get; set; }

    // The host's physical address width; both kinds.
    public int MaxPhyAddr { get; set; } = 52;

    public bool Has1G { get; set; } = true;

    // EPT only, as EPTP and the VMX capabilities say.
    public ulong EptRoot { get; set; }

    public int EptLevels { get; set; } = 4;

    public bool EptAccessedDirty { get; set; }

    public bool ExecuteOnly { get; set; }

    public bool Mbec { get; set; }

    public bool Has2M { get; set; } = true;

    // NPT only: the host's own control registers choose the format (AMD APM "Nested Paging").
    public ulong HostCr0 { get; set; } = 0x80010001;

    public ulong HostCr3 { get; set; }

    public ulong HostCr4 { get; set; }

    public ulong HostEfer { get; set; }

    public ulong HostPat { get; set; } = 0x0007040600070406;

    public bool HasPse36 { get; set; } = true;

    public bool Gmet { get; set; }

    public OracleNested Copy() => (OracleNested)MemberwiseClone();
}
