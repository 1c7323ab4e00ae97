// The guest's paging modes as tests name them, with the registers that select them.
namespace Mmu.Tests.Walk;

public enum GuestMode
{
    Unpaged,
    Legacy32,
    Pae,
    Long4,
    Long5,
}
