// Perf: what the C peers share: plain types, one load, the shape of a paging mode. Levels are a constant wherever these are inlined.
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __AVX512F__
#include <immintrin.h>
#endif

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

#define INLINE static inline __attribute__((always_inline))
#define COLD __attribute__((noinline, cold))
#define NOINLINE __attribute__((noinline))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

enum { P = 1, W = 2, U = 4, A = 0x20, D = 0x40, PS = 0x80 };
#define NX (1ull << 63)
#define ADDR 0x000ffffffffff000ull

// One load: the empty asm makes the value opaque, so it cannot be read again. (volatile does that too, but gcc then keeps the address
// addition out of the load: a cycle a level.)
INLINE u64 load(const u8 *at, int bytes)
{
    u64 e = bytes == 4 ? *(const u32 *)at : *(const u64 *)at;
    __asm__("" : "+r"(e));
    return e;
}

// Keeps the row (window + index, known early) apart from the table address (known late); gcc would add both once the latter is loaded.
INLINE const u8 *row_of(const u8 *bias, u64 offset)
{
    const u8 *row = bias + offset;
    __asm__("" : "+r"(row));
    return row;
}

// ---- shape of a mode: all constant after inlining --------------------------------------------------------------------------------------

INLINE int bits_of(int levels) { return levels == 2 ? 10 : 9; }
INLINE int bytes_of(int levels) { return levels == 2 ? 4 : 8; }
INLINE u64 offset_in_table(u64 gva, int level, int levels)
{
    int bits = bits_of(levels), bytes = bytes_of(levels);
    return ((gva >> (12 + bits * (level - 1))) & ((1u << bits) - 1)) * bytes;
}
INLINE u64 frame_of(u64 e, int levels) { return levels == 2 ? e & 0xfffff000u : e & ADDR; }
