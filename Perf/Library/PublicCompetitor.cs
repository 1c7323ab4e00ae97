// Perf: the public API over four slots.
using Mmu.Addressing;
using Mmu.Architecture;
using Mmu.Walk;

namespace Mmu.Perf.Library;

/// <summary>Calls <see cref="GuestWalker.Translate"/> one address after the other, as a user of the library does.</summary>
internal sealed unsafe class PublicCompetitor(GuestWalker walker, Access access, bool dependent) : Competitor(CoreSlots)
{
    public override ulong Run(ulong* gvas, int count, ulong zero) => dependent ? Dependent(gvas, count, zero) : Independent(gvas, count);

    private ulong Dependent(ulong* gvas, int count, ulong zero)
    {
        GuestWalker user = walker;
        Access how = access;
        ulong sum = 0;
        ulong last = 0;
        for (int i = 0; i < count; i++)
        {
            if (!user.Translate(new Gva(gvas[i] ^ last), how, out WalkResult result))
            {
                return ulong.MaxValue;
            }

            ulong gpa = result.Gpa.Value;
            sum += gpa;
            last = gpa & zero;
        }

        return sum;
    }

    private ulong Independent(ulong* gvas, int count)
    {
        GuestWalker user = walker;
        Access how = access;
        ulong sum = 0;
        for (int i = 0; i < count; i++)
        {
            if (!user.Translate(new Gva(gvas[i]), how, out WalkResult result))
            {
                return ulong.MaxValue;
            }

            sum += result.Gpa.Value;
        }

        return sum;
    }
}
