// Perf: the walker that takes the mode as run-time data; what it loses against the generated ones is what the generator is worth.
using System.Runtime.CompilerServices;
using System.Threading;
using Mmu.Perf.Peers;

namespace Mmu.Perf.Baselines;

/// <summary>One loop over levels for every mode: the same checks, result and A/D rules as <c>walk</c> in Peers/walker.c.</summary>
internal static unsafe class GenericWalker
{
    public const int Ok = 0;
    private const int NotPresent = 1;
    private const int ReservedBit = 2;
    private const int Refused = 3;
    private const int KeyRefused = 4;
    private const int NonCanonical = 5;
    private const int Outside = 6;
    private const int Retry = 7;

    private const ulong PresentBit = 1;
    private const ulong AccessedBit = 0x20;
    private const ulong DirtyBit = 0x40;
    private const ulong LargeBit = 0x80;
    private const ulong PageMask = 0xfff;
    private const int MaxLostExchanges = 8;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static int Walk(GenericMode* mode, PeerContext* context, ulong gva, uint access, PeerResult* outcome)
    {
        int unused = mode->CanonicalShift;
        if ((ulong)((long)(gva << unused) >> unused) != gva)
        {
            return Fail(outcome, NonCanonical, 0, 0, 0, 0);
        }

        ulong table = context->Root;
        if (mode->HasPdpteRegisters)
        {
            table = context->Pdpte[(gva >> 30) & 3];
            if ((table & PresentBit) == 0)
            {
                return Fail(outcome, NotPresent, access & 7, 3, 0, table);
            }
        }

        byte* memory = context->Memory;
        ulong limit = context->Limit;
        ulong frameMask = mode->FrameMask;
        ulong and = ulong.MaxValue;
        ulong or = 0;
        int shift = mode->TopShift;
        for (int level = mode->TopLevel; ; level--, shift -= mode->IndexBits)
        {
            ulong at = (table & frameMask) + ((ulong)((uint)(gva >> shift) & mode->IndexMask) << mode->EntryShift);
            if (at >= limit)
            {
                return Fail(outcome, Outside, access & 7, level, at, 0);
            }

            ulong entry = mode->EntryShift == 3 ? Volatile.Read(ref *(ulong*)(memory + at)) : Volatile.Read(ref *(uint*)(memory + at));
            if ((entry & PresentBit) == 0)
            {
                return Fail(outcome, NotPresent, access & 7, level, at, entry);
            }

            and &= entry;
            or |= entry;
            if (level == 1 || ((entry & LargeBit) != 0 && ((mode->LargeLevels >> level) & 1) != 0))
            {
                return (entry & context->ReservedLeaf[level]) != 0
                    ? Fail(outcome, ReservedBit, 9 | (access & 7), level, at, entry)
                    : Finish(mode, context, gva, access, outcome, new Found(at, entry, and, or, level, shift));
            }

            if ((entry & context->ReservedTable[level]) != 0)
            {
                return Fail(outcome, ReservedBit, 9 | (access & 7), level, at, entry);
            }

            table = entry;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Finish(GenericMode* mode, PeerContext* context, ulong gva, uint access, PeerResult* outcome, Found found)
    {
        uint rights = Rights(found.And, found.Or);
        int refused = Check(context, access, rights, found.Entry);
        if (refused != Ok)
        {
            return Fail(outcome, refused, (refused == KeyRefused ? 0x21u : 1) | (access & 7), found.Level, found.At, found.Entry);
        }

        if ((found.And & AccessedBit) == 0 || ((access & MeasuredState.AccessWrite) != 0 && (found.Entry & DirtyBit) == 0))
        {
            return SetAccessedDirty(mode, context, gva, access, outcome);
        }

        ulong gpa = PageAddress(mode, found.Entry, gva, found.Level, found.Shift);
        outcome->Gpa = gpa;
        outcome->Entry = found.Entry;
        outcome->Host = gpa < context->Limit ? context->Memory + gpa : null;
        outcome->EntryAddress = found.At;
        outcome->Rights = rights;
        outcome->Level = (uint)found.Level;
        outcome->Status = Ok;
        return Ok;
    }

    // Walks again and remembers where the entries are; a lost exchange starts anew. Kept out of the hot method.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int SetAccessedDirty(GenericMode* mode, PeerContext* context, ulong gva, uint access, PeerResult* outcome)
    {
        ulong* seen = stackalloc ulong[6];
        ulong* where = stackalloc ulong[6];
        for (int lost = 0; lost < MaxLostExchanges; lost++)
        {
            ulong table = mode->HasPdpteRegisters ? context->Pdpte[(gva >> 30) & 3] : context->Root;
            ulong and = ulong.MaxValue;
            ulong or = 0;
            int shift = mode->TopShift;
            int level = mode->TopLevel;
            for (; ; level--, shift -= mode->IndexBits)
            {
                ulong at = (table & mode->FrameMask) + ((ulong)((uint)(gva >> shift) & mode->IndexMask) << mode->EntryShift);
                if (at >= context->Limit)
                {
                    return Fail(outcome, Outside, access & 7, level, at, 0);
                }

                byte* host = context->Memory + at;
                ulong entry = mode->EntryShift == 3 ? Volatile.Read(ref *(ulong*)host) : Volatile.Read(ref *(uint*)host);
                bool leaf = level == 1 || ((entry & LargeBit) != 0 && ((mode->LargeLevels >> level) & 1) != 0);
                if ((entry & PresentBit) == 0)
                {
                    return Fail(outcome, NotPresent, access & 7, level, at, entry);
                }

                if ((entry & (leaf ? context->ReservedLeaf[level] : context->ReservedTable[level])) != 0)
                {
                    return Fail(outcome, ReservedBit, 9 | (access & 7), level, at, entry);
                }

                seen[level] = entry;
                where[level] = at;
                and &= entry;
                or |= entry;
                table = entry;
                if (leaf)
                {
                    break;
                }
            }

            uint rights = Rights(and, or);
            int refused = Check(context, access, rights, seen[level]);
            if (refused != Ok)
            {
                return Fail(outcome, refused, (refused == KeyRefused ? 0x21u : 1) | (access & 7), level, where[level], seen[level]);
            }

            if (ExchangeAll(mode, context, access, level, seen, where))
            {
                outcome->Gpa = PageAddress(mode, seen[level], gva, level, shift);
                outcome->Entry = seen[level];
                outcome->Host = outcome->Gpa < context->Limit ? context->Memory + outcome->Gpa : null;
                outcome->EntryAddress = where[level];
                outcome->Rights = rights;
                outcome->Level = (uint)level;
                outcome->Status = Ok;
                return Ok;
            }
        }

        return Fail(outcome, Retry, 0, 0, 0, 0);
    }

    private static bool ExchangeAll(GenericMode* mode, PeerContext* context, uint access, int leaf, ulong* seen, ulong* where)
    {
        for (int level = mode->TopLevel; level >= leaf; level--)
        {
            ulong old = seen[level];
            ulong wanted = old | AccessedBit | (level == leaf && (access & MeasuredState.AccessWrite) != 0 ? DirtyBit : 0);
            if (wanted == old)
            {
                continue;
            }

            byte* host = context->Memory + where[level];
            bool won = mode->EntryShift == 3
                ? Interlocked.CompareExchange(ref *(ulong*)host, wanted, old) == old
                : Interlocked.CompareExchange(ref *(uint*)host, (uint)wanted, (uint)old) == (uint)old;
            if (!won)
            {
                return false;
            }

            seen[level] = wanted;
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Rights(ulong and, ulong or) => ((uint)(and >> 1) & 3) | ((uint)(or >> 63) << 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Check(PeerContext* context, uint access, uint rights, ulong leaf)
    {
        if (((context->Refuse[access] >> (int)rights) & 1) != 0)
        {
            return Refused;
        }

        return context->Keys != 0 && KeyRefuses(context, access, rights, leaf) ? KeyRefused : Ok;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool KeyRefuses(PeerContext* context, uint access, uint rights, ulong leaf)
    {
        bool userPage = (rights & MeasuredState.RightUser) != 0;
        uint enabled = userPage ? MeasuredState.KeysUser : MeasuredState.KeysSupervisor;
        if ((access & MeasuredState.AccessFetch) != 0 || (context->Keys & enabled) == 0)
        {
            return false;
        }

        uint key = (userPage ? context->Pkru : context->Pkrs) >> (2 * ((int)(leaf >> 59) & 15));
        return (key & 1) != 0 || ((key & 2) != 0 && (access & MeasuredState.AccessWrite) != 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong PageAddress(GenericMode* mode, ulong leaf, ulong gva, int level, int shift)
    {
        if (level == 1)
        {
            return (leaf & mode->FrameMask) | (gva & PageMask);
        }

        ulong offset = (1ul << shift) - 1;
        ulong high = mode->HasPse36 ? (leaf & 0x1f_e000) << 19 : 0;
        return (leaf & mode->FrameMask & ~offset) | high | (gva & offset);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Fail(PeerResult* outcome, int status, uint error, int level, ulong at, ulong entry)
    {
        outcome->Status = (uint)status;
        outcome->Error = error;
        outcome->Level = (uint)level;
        outcome->EntryAddress = at;
        outcome->Entry = entry;
        return status;
    }

    private readonly record struct Found(ulong At, ulong Entry, ulong And, ulong Or, int Level, int Shift);
}
