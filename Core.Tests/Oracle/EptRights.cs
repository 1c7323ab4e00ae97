// Oracle: the permission bits of EPT entries, ANDed over the levels met.
namespace Mmu.Tests.Oracle;

internal struct EptRights
{
    public bool Read;
    public bool Write;
    public bool Execute;
    public bool UserExecute;
}
