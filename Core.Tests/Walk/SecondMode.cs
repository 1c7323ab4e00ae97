// Second dimensions as tests name them.
namespace Mmu.Tests.Walk;

public enum SecondMode
{
    None,
    Ept4,
    Ept4Marking,
    Ept5Marking,
    Npt32,
    NptPae,
    Npt4,
    Npt5,
}
