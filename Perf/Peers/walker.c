// Perf: the hand-written C walkers that the generated ones are measured against, and the floor under both: dependent loads, no checks.
// Built with gcc -O3 -march=native -fno-tree-slp-vectorize -shared -fPIC: SLP would pack two result stores into one vector store, and the
// caller's reload of one half would then wait for it (3 ns).
#include "peer.h"

enum { ACC_WRITE = 1, ACC_USER = 2, ACC_FETCH = 4, ACC_SMAP = 8 };
enum { RIGHT_W = 1, RIGHT_U = 2, RIGHT_NX = 4 };
enum { KEYS_USER = 1, KEYS_SUPERVISOR = 2 };
enum { OK = 0, NOT_PRESENT, RESERVED, REFUSED, KEY_REFUSED, NON_CANONICAL, OUTSIDE, RETRY };
enum { READ_ONLY = 1, SLOTS = 4, MAX_LOST = 8 };

// Mirrored by PeerContext.cs, PeerSlot.cs and PeerResult.cs.
typedef struct { u64 gpa, size; u8 *bias; u64 flags; } slot; // bias: host address less gpa

typedef struct {
    u8 *mem; // the flat window: gpa 0
    u64 limit;                   // its size, page aligned
    u64 root;
    u64 pdpte[4];
    u64 rsvd_table[6];           // by level, entry names a table
    u64 rsvd_leaf[6];            // by level, entry maps a page
    u64 rsvd_any;                // their union over the bits that no level may ignore: suspicion, not proof
    u8 refuse[16];               // by access: bit r set = rights r do not allow it
    u32 pkru, pkrs, keys, pse36_rsvd;
    u64 last;                    // slot of the last hit
    slot slots[SLOTS];
} ctx;

typedef struct { u64 gpa, entry; u8 *host; u64 entry_at; u32 rights, level, status, error; } result;

typedef enum { FLAT, BY_SLOT } space;

// ---- where guest memory is -------------------------------------------------------------------------------------------------------------

static NOINLINE u8 *slot_search(ctx *c, u64 gpa, u64 *flags)
{
    for (u64 i = 0; i < SLOTS; i++) {
        slot *s = &c->slots[i];
        if (gpa - s->gpa < s->size) {
            c->last = i;
            *flags = s->flags;
            return s->bias;
        }
    }
    return NULL;
}

// What to add to a gpa to get its host address; NULL: there is no memory. Slots and the window are whole pages, so a table needs one look.
INLINE u8 *bias_of(ctx *c, u64 gpa, space sp, u64 *flags)
{
    if (sp == FLAT) {
        *flags = 0;
        return LIKELY(gpa < c->limit) ? c->mem : NULL;
    }
    slot *s = &c->slots[c->last];
    if (LIKELY(gpa - s->gpa < s->size)) {
        *flags = s->flags;
        return s->bias;
    }
    return slot_search(c, gpa, flags);
}

INLINE u8 *host_of(ctx *c, u64 gpa, space sp)
{
    u64 flags;
    u8 *bias = bias_of(c, gpa, sp, &flags);
    return LIKELY(bias) ? bias + gpa : NULL;
}

INLINE int may_be_large(int level, int levels) { return levels == 2 || levels == 3 ? level == 2 : level == 2 || level == 3; }

INLINE u64 page_of(u64 e, u64 gva, int level, int levels)
{
    u64 mask = (1ull << (12 + bits_of(levels) * (level - 1))) - 1;
    if (levels == 2 && level == 2) { return (e & 0xffc00000u) | ((e >> 13 & 0xff) << 32) | (gva & mask); }
    return (frame_of(e, levels) & ~mask) | (gva & mask);
}

INLINE int canonical(u64 gva, int levels)
{
    if (levels < 4) { return 1; }
    int shift = levels == 4 ? 16 : 7;
    return (u64)((int64_t)(gva << shift) >> shift) == gva;
}

// ---- the checked walk ------------------------------------------------------------------------------------------------------------------

static COLD int refuse(result *r, int status, int error, int level, u64 at, u64 e)
{
    r->status = status;
    r->error = error;
    r->level = level;
    r->entry_at = at;
    r->entry = e;
    return status;
}

INLINE int key_refuses(const ctx *c, u64 e, u32 access, u32 rights)
{
    if (access & ACC_FETCH) { return 0; }
    int user_page = rights & RIGHT_U;
    if (!(c->keys & (user_page ? KEYS_USER : KEYS_SUPERVISOR))) { return 0; }
    u32 key = (user_page ? c->pkru : c->pkrs) >> (e >> 59 & 15) * 2;
    return (key & 1) || ((key & 2) && (access & ACC_WRITE));
}

INLINE u32 rights_of(u64 and, u64 or) { return (and >> 1 & 3) | (u32)(or >> 63) << 2; }

// Re-walks, remembers where the entries are, and sets what is missing by compare-exchange; a lost exchange starts again.
INLINE int set_ad(ctx *c, u64 gva, u32 access, result *r, int levels, space sp)
{
    int bytes = bytes_of(levels);
    for (int lost = 0; lost < MAX_LOST; lost++) {
        u64 seen[6], flags[6];
        u8 *where[6];
        u64 table = levels == 3 ? c->pdpte[gva >> 30 & 3] & ADDR : c->root, at = 0, e = 0, and = ~0ull, or = 0;
        int top = levels == 3 ? 2 : levels, level = top, done = 0;
        if (levels == 3 && !(c->pdpte[gva >> 30 & 3] & P)) { return refuse(r, NOT_PRESENT, access & 7, 3, 0, 0); }
        for (;; level--) {
            at = table + offset_in_table(gva, level, levels);
            u8 *host = bias_of(c, table, sp, &flags[level]);
            if (UNLIKELY(!host)) { return refuse(r, OUTSIDE, access & 7, level, at, 0); }
            host += at;
            e = load(host, bytes);
            if (UNLIKELY(!(e & P))) { return refuse(r, NOT_PRESENT, access & 7, level, at, e); }
            done = level == 1 || (may_be_large(level, levels) && (e & PS));
            if (UNLIKELY(e & (done ? c->rsvd_leaf : c->rsvd_table)[level])) { return refuse(r, RESERVED, 9 | (access & 7), level, at, e); }
            seen[level] = e;
            where[level] = host;
            and &= e;
            or |= e;
            if (done) { break; }
            table = frame_of(e, levels);
        }
        u32 rights = rights_of(and, or);
        if (UNLIKELY(c->refuse[access] >> rights & 1)) { return refuse(r, REFUSED, 1 | (access & 7), level, at, e); }
        if (UNLIKELY(c->keys && key_refuses(c, e, access, rights))) { return refuse(r, KEY_REFUSED, 0x21 | (access & 7), level, at, e); }

        int won = 1;
        for (int l = top; l >= level; l--) {
            u64 wanted = seen[l] | A | (l == level && (access & ACC_WRITE) ? D : 0);
            if (wanted == seen[l] || (flags[l] & READ_ONLY)) { continue; }
            if (bytes == 4) {
                u32 old = seen[l];
                won = __atomic_compare_exchange_n((u32 *)where[l], &old, (u32)wanted, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
            } else {
                u64 old = seen[l];
                won = __atomic_compare_exchange_n((u64 *)where[l], &old, wanted, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
            }
            if (!won) { break; }
            if (l == level) { e = wanted; }
        }
        if (won) {
            r->gpa = page_of(e, gva, level, levels);
            r->entry = e;
            r->host = host_of(c, r->gpa, sp);
            r->entry_at = at;
            r->rights = rights;
            r->level = level;
            return r->status = OK;
        }
    }
    return refuse(r, RETRY, 0, 0, 0, 0);
}

typedef int (*set_ad_fn)(ctx *, u64, u32, result *);

INLINE int finish(ctx *c, u64 gva, u32 access, result *r, u64 at, u64 e, u64 and, u64 or, int level, int levels, space sp, set_ad_fn ad)
{
    u32 rights = rights_of(and, or);
    if (UNLIKELY(c->refuse[access] >> rights & 1)) { return refuse(r, REFUSED, 1 | (access & 7), level, at, e); }
    if (UNLIKELY(c->keys && key_refuses(c, e, access, rights))) { return refuse(r, KEY_REFUSED, 0x21 | (access & 7), level, at, e); }
    if (UNLIKELY(!(and & A) || ((access & ACC_WRITE) && !(e & D)))) { return ad(c, gva, access, r); }
    u64 gpa = page_of(e, gva, level, levels);
    r->gpa = gpa;
    r->entry = e;
    r->host = host_of(c, gpa, sp);
    r->entry_at = at;
    r->rights = rights;
    r->level = level;
    return r->status = OK;
}

typedef int (*finish_large_fn)(ctx *, u64, u32, result *, u64, u64, u64, u64, int);

INLINE int walk(ctx *c, u64 gva, u32 access, result *r, int levels, space sp, set_ad_fn ad, finish_large_fn finish_large)
{
    u64 table = c->root, and = ~0ull, or = 0, flags;
    if (UNLIKELY(!canonical(gva, levels))) { return refuse(r, NON_CANONICAL, 0, 0, 0, 0); }
    if (levels == 3) {
        table = c->pdpte[gva >> 30 & 3];
        if (UNLIKELY(!(table & P))) { return refuse(r, NOT_PRESENT, access & 7, 3, 0, table); }
        table &= ADDR;
    }
#pragma GCC unroll 5
    for (int level = levels == 3 ? 2 : levels; level >= 1; level--) {
        u64 at = table + offset_in_table(gva, level, levels);
        const u8 *bias = bias_of(c, table, sp, &flags);
        if (UNLIKELY(!bias)) { return refuse(r, OUTSIDE, access & 7, level, at, 0); }
        u64 e = load(row_of(bias, offset_in_table(gva, level, levels)) + table, bytes_of(levels));
        if (UNLIKELY(!(e & P))) { return refuse(r, NOT_PRESENT, access & 7, level, at, e); }
        and &= e;
        or |= e;
        if (level == 1 || (may_be_large(level, levels) && (e & PS))) {
            if (UNLIKELY(e & c->rsvd_leaf[level])) { return refuse(r, RESERVED, 9 | (access & 7), level, at, e); }
            // Large pages out of line: gcc merges the two tails otherwise and keeps the page mask in a vector register.
            return level > 1 ? finish_large(c, gva, access, r, at, e, and, or, level)
                             : finish(c, gva, access, r, at, e, and, or, 1, levels, sp, ad);
        }
        if (UNLIKELY(e & c->rsvd_table[level])) { return refuse(r, RESERVED, 9 | (access & 7), level, at, e); }
        table = frame_of(e, levels);
    }
    __builtin_unreachable();
}

// ---- checks gathered on the AND and OR of the entries; the checked walk on any suspicion -----------------------------------------------

INLINE int suspicious(const ctx *c, u64 e, u64 and, u64 or, u64 or_table, u32 access, int levels)
{
    u64 bad = (~and & (P | A)) | (or_table & PS) | (access & ACC_WRITE ? ~e & D : 0);
    if (levels != 2) { bad |= or & c->rsvd_any; }
    return bad != 0;
}

INLINE int fast(ctx *c, u64 gva, u32 access, result *r, int levels, int (*exact)(ctx *, u64, u32, result *))
{
    u64 table = c->root, and = ~0ull, or = 0, or_table = 0, e = 0;
    if (UNLIKELY(!canonical(gva, levels))) { return exact(c, gva, access, r); }
    if (levels == 3) {
        table = c->pdpte[gva >> 30 & 3];
        if (UNLIKELY(!(table & P))) { return exact(c, gva, access, r); }
        table &= ADDR;
    }
#pragma GCC unroll 5
    for (int level = levels == 3 ? 2 : levels; level >= 1; level--) {
        if (UNLIKELY(table >= c->limit)) { return exact(c, gva, access, r); }
        const u8 *row = row_of(c->mem, offset_in_table(gva, level, levels));
        or_table = or;
        e = load(row + table, bytes_of(levels));
        and &= e;
        or |= e;
        if (level > 1) { table = frame_of(e, levels); }
    }
    u32 rights = rights_of(and, or);
    if (UNLIKELY(suspicious(c, e, and, or, or_table, access, levels))) { return exact(c, gva, access, r); }
    if (UNLIKELY(c->refuse[access] >> rights & 1)) { return exact(c, gva, access, r); }
    if (UNLIKELY(c->keys && key_refuses(c, e, access, rights))) { return exact(c, gva, access, r); }
    u64 gpa = frame_of(e, levels) | (gva & 0xfff);
    r->gpa = gpa;
    r->entry = e;
    r->host = LIKELY(gpa < c->limit) ? c->mem + gpa : NULL;
    r->entry_at = table + offset_in_table(gva, 1, levels);
    r->rights = rights;
    r->level = 1;
    return r->status = OK;
}

// ---- the floor -------------------------------------------------------------------------------------------------------------------------

INLINE u64 chase(const ctx *c, u64 gva, int levels, u64 *leaf_at)
{
    u64 e = levels == 3 ? c->pdpte[gva >> 30 & 3] : c->root;
    u64 at = 0;
#pragma GCC unroll 5
    for (int level = levels == 3 ? 2 : levels; level >= 1; level--) {
        const u8 *row = row_of(c->mem, offset_in_table(gva, level, levels));
        at = frame_of(e, levels);
        e = load(row + at, bytes_of(levels));
    }
    *leaf_at = at + offset_in_table(gva, 1, levels);
    return frame_of(e, levels) | (gva & 0xfff);
}

// ---- drivers: n walks a call. `zero` is 0, which the compiler cannot know: it makes an address depend on the result before it ----------

#define FLOOR_DRIVERS(N, LEVELS)                                                                                                          \
    u64 floor##N##_dependent(ctx *c, const u64 *gvas, u64 n, u64 zero, u32 access)                                                        \
    {                                                                                                                                     \
        (void)access;                                                                                                                     \
        u64 sum = 0, gpa = 0, at;                                                                                                         \
        for (u64 i = 0; i < n; i++) { gpa = chase(c, gvas[i] ^ (gpa & zero), LEVELS, &at); sum += gpa; }                                  \
        return sum;                                                                                                                       \
    }                                                                                                                                     \
    u64 floor##N##_independent(ctx *c, const u64 *gvas, u64 n, u64 zero, u32 access)                                                      \
    {                                                                                                                                     \
        (void)access, (void)zero;                                                                                                         \
        u64 sum = 0, at;                                                                                                                  \
        for (u64 i = 0; i < n; i++) { sum += chase(c, gvas[i], LEVELS, &at); }                                                            \
        return sum;                                                                                                                       \
    }                                                                                                                                     \
    u64 floor##N##_exchange(ctx *c, const u64 *gvas, u64 n, u64 zero, u32 access)                                                         \
    {                                                                                                                                     \
        (void)access, (void)zero;                                                                                                         \
        u64 sum = 0, at;                                                                                                                  \
        for (u64 i = 0; i < n; i++) {                                                                                                     \
            sum += chase(c, gvas[i], LEVELS, &at);                                                                                        \
            __atomic_fetch_or((u32 *)(c->mem + at), A | D, __ATOMIC_SEQ_CST);                                                             \
        }                                                                                                                                 \
        return sum;                                                                                                                       \
    }

#define DRIVERS(NAME)                                                                                                                     \
    u64 NAME##_dependent(ctx *c, const u64 *gvas, u64 n, u64 zero, u32 access)                                                            \
    {                                                                                                                                     \
        result r;                                                                                                                         \
        u64 sum = 0, dep = 0;                                                                                                             \
        for (u64 i = 0; i < n; i++) {                                                                                                     \
            if (NAME(c, gvas[i] ^ dep, access, &r)) { return ~0ull; }                                                                     \
            sum += r.gpa;                                                                                                                 \
            dep = r.gpa & zero;                                                                                                           \
        }                                                                                                                                 \
        return sum;                                                                                                                       \
    }                                                                                                                                     \
    u64 NAME##_independent(ctx *c, const u64 *gvas, u64 n, u64 zero, u32 access)                                                          \
    {                                                                                                                                     \
        result r;                                                                                                                         \
        u64 sum = 0;                                                                                                                      \
        (void)zero;                                                                                                                       \
        for (u64 i = 0; i < n; i++) {                                                                                                     \
            if (NAME(c, gvas[i], access, &r)) { return ~0ull; }                                                                           \
            sum += r.gpa;                                                                                                                 \
        }                                                                                                                                 \
        return sum;                                                                                                                       \
    }

#define LARGE(N, LEVELS, SPACE, AD)                                                                                                       \
    static NOINLINE int large_##AD##N(ctx *c, u64 gva, u32 access, result *r, u64 at, u64 e, u64 and, u64 or, int level)                  \
    { return finish(c, gva, access, r, at, e, and, or, level, LEVELS, SPACE, AD##N); }

#define MODE(N, LEVELS)                                                                                                                   \
    static NOINLINE int set_ad##N(ctx *c, u64 gva, u32 access, result *r) { return set_ad(c, gva, access, r, LEVELS, FLAT); }             \
    static NOINLINE int set_ad_slots##N(ctx *c, u64 gva, u32 access, result *r) { return set_ad(c, gva, access, r, LEVELS, BY_SLOT); }    \
    LARGE(N, LEVELS, FLAT, set_ad)                                                                                                        \
    LARGE(N, LEVELS, BY_SLOT, set_ad_slots)                                                                                               \
    NOINLINE int walk##N(ctx *c, u64 gva, u32 access, result *r)                                                                          \
    { return walk(c, gva, access, r, LEVELS, FLAT, set_ad##N, large_set_ad##N); }                                                         \
    NOINLINE int slots##N(ctx *c, u64 gva, u32 access, result *r)                                                                         \
    { return walk(c, gva, access, r, LEVELS, BY_SLOT, set_ad_slots##N, large_set_ad_slots##N); }                                          \
    NOINLINE int fast##N(ctx *c, u64 gva, u32 access, result *r) { return fast(c, gva, access, r, LEVELS, walk##N); }                     \
    FLOOR_DRIVERS(N, LEVELS)                                                                                                              \
    DRIVERS(walk##N)                                                                                                                      \
    DRIVERS(slots##N)                                                                                                                     \
    DRIVERS(fast##N)                                                                                                                      \
    BATCH_DRIVERS(N, LEVELS)

// ---- software pipelining: groups of 8, a group at every level in flight, gathered checks -----------------------------------------------

enum { GROUP = 8, RING = 8, BATCH = 256 };

typedef struct { u64 entry[6][GROUP]; } flight; // by level; the top one's table comes from the context

// May aim outside the window: a prefetch does not fault.
INLINE void aim(const ctx *c, u64 gva, u64 table, int level, int levels)
{
    __builtin_prefetch(row_of(c->mem, offset_in_table(gva, level, levels)) + table);
}

INLINE u64 table_of(const ctx *c, const flight *f, int k, u64 gva, int level, int levels)
{
    int top = levels == 3 ? 2 : levels;
    return level < top ? frame_of(f->entry[level + 1][k], levels) : levels == 3 ? c->pdpte[gva >> 30 & 3] & ADDR : c->root;
}

// Outside the window: an entry that is not present, so that the exact walk judges.
INLINE u64 step(const ctx *c, u64 gva, u64 table, int level, int levels)
{
    if (UNLIKELY(table >= c->limit)) { return 0; }
    return load(row_of(c->mem, offset_in_table(gva, level, levels)) + table, bytes_of(levels));
}

INLINE void descend(ctx *c, flight *f, const u64 *gvas, int level, int levels)
{
#pragma GCC unroll 8
    for (int k = 0; k < GROUP; k++) {
        u64 e = step(c, gvas[k], table_of(c, f, k, gvas[k], level, levels), level, levels);
        f->entry[level][k] = e;
        aim(c, gvas[k], frame_of(e, levels), level - 1, levels);
    }
}

INLINE int land(ctx *c, flight *f, const u64 *gvas, u32 access, result *out, int levels, int (*exact)(ctx *, u64, u32, result *))
{
    int failed = 0;
#pragma GCC unroll 8
    for (int k = 0; k < GROUP; k++) {
        u64 gva = gvas[k], table = table_of(c, f, k, gva, 1, levels), e = step(c, gva, table, 1, levels);
        u64 and = e, or_table = 0;
        for (int level = 2; level <= (levels == 3 ? 2 : levels); level++) {
            and &= f->entry[level][k];
            or_table |= f->entry[level][k];
        }
        result *r = &out[k];
        u32 rights = rights_of(and, or_table | e);
        int absent = !canonical(gva, levels) || (levels == 3 && !(c->pdpte[gva >> 30 & 3] & P));
        if (UNLIKELY(absent || suspicious(c, e, and, or_table | e, or_table, access, levels) || (c->refuse[access] >> rights & 1) ||
                     (c->keys && key_refuses(c, e, access, rights)))) {
            failed |= exact(c, gva, access, r);
            continue;
        }
        u64 gpa = frame_of(e, levels) | (gva & 0xfff);
        r->gpa = gpa;
        r->entry = e;
        r->host = LIKELY(gpa < c->limit) ? c->mem + gpa : NULL;
        r->entry_at = table + offset_in_table(gva, 1, levels);
        r->rights = rights;
        r->level = 1;
        r->status = OK;
    }
    return failed;
}

INLINE int pipelined(ctx *c, const u64 *gvas, u64 n, u32 access, result *out, int levels, int (*exact)(ctx *, u64, u32, result *))
{
    flight ring[RING];
    int top = levels == 3 ? 2 : levels, failed = 0;
    u64 groups = n / GROUP;
    for (u64 g = 0; g < groups + top; g++) {
        for (int k = 0; k < GROUP && g < groups; k++) {
            u64 gva = gvas[g * GROUP + k];
            aim(c, gva, table_of(c, NULL, k, gva, top, levels), top, levels);
        }
#pragma GCC unroll 5
        for (int stage = 1; stage < top; stage++) {
            if (g - stage < groups) { descend(c, &ring[(g - stage) % RING], gvas + (g - stage) * GROUP, top - stage + 1, levels); }
        }
        if (g - top < groups) {
            failed |= land(c, &ring[(g - top) % RING], gvas + (g - top) * GROUP, access, out + (g - top) * GROUP, levels, exact);
        }
    }
    for (u64 i = groups * GROUP; i < n; i++) { failed |= exact(c, gvas[i], access, &out[i]); }
    return failed;
}

// ---- AVX-512: 32 walks in flight, 8 lanes a gather, gathered checks --------------------------------------------------------------------

#ifdef __AVX512F__
enum { LANES = 8, VECTORS = 4 };

INLINE __m512i gather_level(__m512i base, __m512i gva, __m512i table, int level, int levels)
{
    int bits = bits_of(levels), shift = bytes_of(levels) == 8 ? 3 : 2;
    __m512i index = _mm512_and_si512(_mm512_srli_epi64(gva, 12 + bits * (level - 1)), _mm512_set1_epi64((1 << bits) - 1));
    __m512i at = _mm512_add_epi64(_mm512_add_epi64(base, table), _mm512_slli_epi64(index, shift));
    return bytes_of(levels) == 8 ? _mm512_i64gather_epi64(at, NULL, 1)
                                 : _mm512_cvtepu32_epi64(_mm512_i64gather_epi32(at, NULL, 1));
}

INLINE int simd(ctx *c, const u64 *gvas, u64 n, u32 access, result *out, int levels, int (*exact)(ctx *, u64, u32, result *))
{
    const __m512i base = _mm512_set1_epi64((int64_t)c->mem), limit = _mm512_set1_epi64(c->limit);
    const __m512i frame = _mm512_set1_epi64(levels == 2 ? 0xfffff000u : ADDR);
    int top = levels == 3 ? 2 : levels, failed = 0;
    u64 i = 0;
    for (; i + LANES * VECTORS <= n; i += LANES * VECTORS) {
        __m512i gva[VECTORS], table[VECTORS], and[VECTORS], or[VECTORS], or_table[VECTORS], e[VECTORS];
        __mmask8 good[VECTORS];
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; v++) {
            gva[v] = _mm512_loadu_si512(gvas + i + v * LANES);
            and[v] = _mm512_set1_epi64(-1);
            or[v] = _mm512_setzero_si512();
            table[v] = _mm512_set1_epi64(c->root);
            good[v] = 0xff;
            if (levels == 3) {
                __m512i which = _mm512_and_si512(_mm512_srli_epi64(gva[v], 30), _mm512_set1_epi64(3));
                table[v] = _mm512_i64gather_epi64(which, c->pdpte, 8);
                good[v] = _mm512_test_epi64_mask(table[v], _mm512_set1_epi64(P));
                table[v] = _mm512_and_si512(table[v], frame);
            }
            if (levels >= 4) {
                int shift = levels == 4 ? 16 : 7;
                good[v] = _mm512_cmpeq_epi64_mask(_mm512_srai_epi64(_mm512_slli_epi64(gva[v], shift), shift), gva[v]);
            }
        }
#pragma GCC unroll 5
        for (int level = top; level >= 1; level--) {
#pragma GCC unroll 4
            for (int v = 0; v < VECTORS; v++) {
                __mmask8 inside = _mm512_cmplt_epu64_mask(table[v], limit);
                good[v] &= inside;
                table[v] = _mm512_maskz_mov_epi64(inside, table[v]);
                e[v] = gather_level(base, gva[v], table[v], level, levels);
                and[v] = _mm512_and_si512(and[v], e[v]);
                or_table[v] = or[v];
                or[v] = _mm512_or_si512(or[v], e[v]);
                if (level > 1) { table[v] = _mm512_and_si512(e[v], frame); }
            }
        }
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; v++) {
            __m512i bad = _mm512_andnot_si512(and[v], _mm512_set1_epi64(P | A));
            bad = _mm512_or_si512(bad, _mm512_and_si512(or_table[v], _mm512_set1_epi64(PS)));
            if (levels != 2) { bad = _mm512_or_si512(bad, _mm512_and_si512(or[v], _mm512_set1_epi64(c->rsvd_any))); }
            if (access & ACC_WRITE) { bad = _mm512_or_si512(bad, _mm512_andnot_si512(e[v], _mm512_set1_epi64(D))); }
            good[v] &= _mm512_testn_epi64_mask(bad, bad);
            __m512i rights = _mm512_or_si512(_mm512_and_si512(_mm512_srli_epi64(and[v], 1), _mm512_set1_epi64(3)),
                                             _mm512_slli_epi64(_mm512_srli_epi64(or[v], 63), 2));
            good[v] &= _mm512_testn_epi64_mask(_mm512_srlv_epi64(_mm512_set1_epi64(c->refuse[access]), rights), _mm512_set1_epi64(1));
            if (c->keys && !(access & ACC_FETCH)) {
                __mmask8 user = _mm512_test_epi64_mask(rights, _mm512_set1_epi64(RIGHT_U));
                __mmask8 applies = (c->keys & KEYS_USER ? user : 0) | (c->keys & KEYS_SUPERVISOR ? (__mmask8)~user : 0);
                __m512i twice = _mm512_and_si512(_mm512_srli_epi64(e[v], 58), _mm512_set1_epi64(30));
                __m512i key = _mm512_srlv_epi64(_mm512_mask_mov_epi64(_mm512_set1_epi64(c->pkrs), user, _mm512_set1_epi64(c->pkru)), twice);
                good[v] &= ~_mm512_mask_test_epi64_mask(applies, key, _mm512_set1_epi64(access & ACC_WRITE ? 3 : 1));
            }
            __m512i offset = _mm512_and_si512(gva[v], _mm512_set1_epi64(0xfff));
            __m512i gpa = _mm512_or_si512(_mm512_and_si512(e[v], frame), offset);
            __m512i host = _mm512_maskz_add_epi64(_mm512_cmplt_epu64_mask(gpa, limit), gpa, base);
            __m512i index = _mm512_and_si512(_mm512_srli_epi64(gva[v], 12), _mm512_set1_epi64((1 << bits_of(levels)) - 1));
            __m512i at = _mm512_add_epi64(table[v], _mm512_slli_epi64(index, bytes_of(levels) == 8 ? 3 : 2));
            u64 gpas[8], entries[8], hosts[8], ats[8], all_rights[8];
            _mm512_storeu_si512(gpas, gpa);
            _mm512_storeu_si512(entries, e[v]);
            _mm512_storeu_si512(hosts, host);
            _mm512_storeu_si512(ats, at);
            _mm512_storeu_si512(all_rights, rights);
#pragma GCC unroll 8
            for (int l = 0; l < LANES; l++) {
                result *r = &out[i + v * LANES + l];
                r->gpa = gpas[l];
                r->entry = entries[l];
                r->host = (u8 *)hosts[l];
                r->entry_at = ats[l];
                r->rights = all_rights[l];
                r->level = 1;
                r->status = OK;
            }
            if (UNLIKELY(good[v] != 0xff)) {
                for (int l = 0; l < LANES; l++) {
                    if (!(good[v] >> l & 1)) { failed |= exact(c, gvas[i + v * LANES + l], access, &out[i + v * LANES + l]); }
                }
            }
        }
    }
    for (; i < n; i++) { failed |= exact(c, gvas[i], access, &out[i]); }
    return failed;
}
int has_simd(void) { return 1; }
#else
int has_simd(void) { return 0; }
#define simd pipelined
#endif

// The bare chase with the same pipelining: what memory allows.
INLINE u64 chase_pipelined(ctx *c, const u64 *gvas, u64 n, int levels)
{
    u64 ring[RING][GROUP], sum = 0, at;
    int top = levels == 3 ? 2 : levels;
    u64 groups = n / GROUP;
    for (u64 g = 0; g < groups + top; g++) {
        for (int k = 0; k < GROUP && g < groups; k++) {
            u64 gva = gvas[g * GROUP + k], table = levels == 3 ? c->pdpte[gva >> 30 & 3] & ADDR : c->root;
            ring[g % RING][k] = table;
            aim(c, gva, table, top, levels);
        }
#pragma GCC unroll 5
        for (int stage = 1; stage <= top; stage++) {
            u64 *table = ring[(g - stage) % RING];
            const u64 *gva = gvas + (g - stage) * GROUP;
            int level = top - stage + 1;
            for (int k = 0; k < GROUP && g - stage < groups; k++) {
                u64 e = frame_of(load(row_of(c->mem, offset_in_table(gva[k], level, levels)) + table[k], bytes_of(levels)), levels);
                table[k] = e;
                if (level == 1) { sum += e | (gva[k] & 0xfff); } else { aim(c, gva[k], e, level - 1, levels); }
            }
        }
    }
    for (u64 i = groups * GROUP; i < n; i++) { sum += chase(c, gvas[i], levels, &at); }
    return sum;
}

// A batch call handles BATCH walks and leaves BATCH results, as a caller's buffer that stays in the cache would hold them.
#define BATCH_DRIVER(NAME, N, LEVELS, HOW)                                                                                                \
    NOINLINE int NAME##N(ctx *c, const u64 *gvas, u64 n, u32 access, result *out)                                                         \
    { return HOW(c, gvas, n, access, out, LEVELS, walk##N); }                                                                             \
    u64 NAME##N##_batch(ctx *c, const u64 *gvas, u64 n, u64 zero, u32 access)                                                             \
    {                                                                                                                                     \
        static result out[BATCH];                                                                                                         \
        u64 sum = 0;                                                                                                                      \
        (void)zero;                                                                                                                       \
        for (u64 i = 0; i < n; i += BATCH) {                                                                                              \
            u64 m = n - i < BATCH ? n - i : BATCH;                                                                                        \
            if (NAME##N(c, gvas + i, m, access, out)) { return ~0ull; }                                                                   \
            for (u64 j = 0; j < m; j++) { sum += out[j].gpa; }                                                                            \
        }                                                                                                                                 \
        return sum;                                                                                                                       \
    }

#define BATCH_DRIVERS(N, LEVELS)                                                                                                          \
    BATCH_DRIVER(swp, N, LEVELS, pipelined)                                                                                               \
    BATCH_DRIVER(simd, N, LEVELS, simd)                                                                                                   \
    u64 floor##N##_batch(ctx *c, const u64 *gvas, u64 n, u64 zero, u32 access)                                                            \
    {                                                                                                                                     \
        (void)access, (void)zero;                                                                                                         \
        return chase_pipelined(c, gvas, n, LEVELS);                                                                                       \
    }

MODE(2, 2)
MODE(3, 3)
MODE(4, 4)
MODE(5, 5)

u64 context_size(void) { return sizeof(ctx); }
