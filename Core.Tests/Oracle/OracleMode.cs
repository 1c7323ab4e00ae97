// Oracle: the paging modes of Intel SDM "Paging Modes and Control Bits".
namespace Mmu.Tests.Oracle;

internal enum OracleMode
{
    Off,
    Bits32,
    Pae,
    Level4,
    Level5,
}
