// Perf: hits of the software TLB as a JIT would emit them, in C: user reads of eight bytes, probed after docs/soft-tlb.md in the library's own memory.
#include "peer.h"

enum { SMALL = 64, SPACE = 1, SMALL_STRIDE = 0x8000, LARGE = 0x20040, SPACES = 4, LARGE_STRIDE = 0x1000, BIAS = 24 };

u64 context_size(void) { return LARGE + SPACES * LARGE_STRIDE; }

// 0 on a miss.
INLINE const u64 *probe(const u8 *tlb, u64 gva)
{
    const u8 *entry = tlb + SMALL + SPACE * SMALL_STRIDE + (gva >> 7 & 0x7FE0);
    u64 tag = (gva & ~0xFFFull) | load(tlb, 8);
    return LIKELY(load(entry, 8) == tag) ? (const u64 *)(gva + load(entry + BIAS, 8)) : 0;
}

u64 hit_dependent(const u8 *tlb, const u64 *gvas, u64 count, u64 zero)
{
    u64 last = 0;
    for (u64 i = 0; i < count; i++) {
        const u64 *host = probe(tlb, gvas[i] ^ (last & zero));
        if (UNLIKELY(!host)) {
            return ~0ull;
        }
        last = (u64)host;
    }
    return last;
}

u64 hit_independent(const u8 *tlb, const u64 *gvas, u64 count, u64 zero)
{
    u64 sum = zero;
    for (u64 i = 0; i < count; i++) {
        const u64 *host = probe(tlb, gvas[i]);
        if (UNLIKELY(!host)) {
            return ~0ull;
        }
        sum += (u64)host;
    }
    return sum;
}
