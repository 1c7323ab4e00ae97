// Shadow judge: what the real processor's registers hold while it runs a guest on our tables.
using Mmu.Tests.Oracle;

namespace Mmu.Tests.Shadow;

/// <summary>
/// CR0.WP and EFER.NXE are always on: the guest's are virtual. SMEP, SMAP and protection keys are the guest's own while it uses paging.
/// </summary>
internal sealed class HardwareRegisters
{
    internal OracleMode Mode { get; set; } = OracleMode.Pae;

    /// <summary>CR3 without a PCID.</summary>
    internal ulong Root { get; set; }

    internal ulong[] Pdpte { get; } = new ulong[4];

    internal int MaxPhyAddr { get; init; } = 46;

    internal bool Smep { get; set; }

    internal bool Smap { get; set; }

    internal bool Pke { get; set; }

    internal bool Pks { get; set; }

    internal uint Pkru { get; set; }

    internal uint Pkrs { get; set; }
}
