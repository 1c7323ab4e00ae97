// Oracle: one entry met on the way down legacy tables.
namespace Mmu.Tests.Oracle;

internal struct LegacyStep
{
    public int Level;
    public ulong Gpa;
    public ulong Hpa;
    public ulong Value;

    // How the second dimension translated the table that holds the entry.
    public SecondResult Second;
}
