// Oracle: the processor state that a walk depends on, as plain register values.
namespace Mmu.Tests.Oracle;

internal sealed class OracleCpu
{
    public OracleVendor Vendor { get; set; } = OracleVendor.Intel;

    public int MaxPhyAddr { get; set; } = 52;

    public bool Has1G { get; set; } = true;

    public bool HasPse36 { get; set; } = true;

    public bool HasLam { get; set; }

    public ulong Cr0 { get; set; }

    public ulong Cr3 { get; set; }

    public ulong Cr4 { get; set; }

    public ulong Efer { get; set; }

    public ulong Pat { get; set; } = 0x0007040600070406;

    public uint Pkru { get; set; }

    public uint Pkrs { get; set; }

    public ulong[] Pdpte { get; set; } = new ulong[4];

    public OracleMode Mode()
    {
        if (!Bits.Has(Cr0, 31))
        {
            return OracleMode.Off;
        }

        if (!Bits.Has(Cr4, 5))
        {
            return OracleMode.Bits32;
        }

        if (!Bits.Has(Efer, 10))
        {
            return OracleMode.Pae;
        }

        return Bits.Has(Cr4, 12) ? OracleMode.Level5 : OracleMode.Level4;
    }

    public OracleCpu Copy()
    {
        var copy = (OracleCpu)MemberwiseClone();
        copy.Pdpte = (ulong[])Pdpte.Clone();
        return copy;
    }
}
