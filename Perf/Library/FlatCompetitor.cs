// Perf: a generated walker over one flat window, called directly.
using System.Runtime.CompilerServices;
using Mmu.Architecture;
using Mmu.Guest;
using Mmu.Walk;

namespace Mmu.Perf.Library;

/// <summary>Runs a generated walker one address after the other: the walker alone, without slots and public API.</summary>
internal sealed unsafe class FlatCompetitor<TWalk>(GuestWalker walker, MemorySlot[] slots, Access access, bool dependent) : Competitor(Core)
    where TWalk : struct, IFlatWalk
{
    private readonly WalkContext _context = walker.Context;
    private readonly uint _access = access.Bits;
    private FlatView _view = new(new GuestWindow(slots[0]));

    public override ulong Run(ulong* gvas, int count, ulong zero) => dependent ? Dependent(gvas, count, zero) : Independent(gvas, count);

    private ulong Dependent(ulong* gvas, int count, ulong zero)
    {
        Unsafe.SkipInit(out WalkResult result);
        FlatView view = _view;
        WalkContext context = _context;
        uint access = _access;
        ulong sum = 0;
        ulong last = 0;
        for (int i = 0; i < count; i++)
        {
            ulong gpa = TWalk.Walk(context, ref view, gvas[i] ^ last, access, ref result);
            if (gpa == WalkLimits.NoAddress)
            {
                return ulong.MaxValue;
            }

            sum += gpa;
            last = gpa & zero;
        }

        return sum;
    }

    private ulong Independent(ulong* gvas, int count)
    {
        Unsafe.SkipInit(out WalkResult result);
        FlatView view = _view;
        WalkContext context = _context;
        uint access = _access;
        ulong sum = 0;
        for (int i = 0; i < count; i++)
        {
            ulong gpa = TWalk.Walk(context, ref view, gvas[i], access, ref result);
            if (gpa == WalkLimits.NoAddress)
            {
                return ulong.MaxValue;
            }

            sum += gpa;
        }

        return sum;
    }
}
