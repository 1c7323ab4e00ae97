// Conformance: the formats that a second dimension can have.
namespace Mmu.Tests.Conformance;

internal enum SecondFormat
{
    Ept4,
    Ept5,
    Npt32,
    NptPae,
    Npt4,
    Npt5,
}
