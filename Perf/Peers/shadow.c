// Perf: the memory work under a shadow MMU, and nothing else: no checks, no locks, no rights, no choice of tables. What a loop here takes is
// the floor of the operation of the same name: the same loads that depend on one another, the same stores. Built like walker.c.
#include "peer.h"

enum { ENTRIES = 512, WINDOW = 8, PAGE = 4096, TRIES = 4 };
enum { LEAF = P | W | U | A | D, TABLE = P | W | U | A };
#define EMPTY (1ull << 63)

typedef struct { u64 cr3, role, table, pdpte[4], unused; } root;
typedef struct { u64 gfn, role; u32 generation, next; } header;

// Mirrored by ShadowPeerContext.cs.
typedef struct {
    u8 *mem;           // guest memory: gpa 0
    u8 *tables;        // shadow tables; an entry's frame is an offset from here
    u32 *rmap;         // by guest frame: number of the shadow entry that maps it
    u32 *translations; // by shadow entry: guest frame and low bits of the guest entry that it was made of
    u64 *dirty;        // a bit for each guest frame
    u32 *buckets;      // heads of hash chains, BUCKETS of them
    header *headers;   // by number of a shadow table
    u64 guest;         // the guest's root
    u64 pdpte[4];      // the guest's, of PAE
    u64 shadow[4];     // our root, or by bits 31:30 of the address our tables of level 2
    root roots[TRIES];
    u64 mapped;
    u64 next;          // offset of the next unused shadow table
} shadow;

enum { BUCKET_BITS = 14 };

u64 context_size(void) { return sizeof(shadow); }

// ---- one step of everything ------------------------------------------------------------------------------------------------------------

// The guest's entry for an address: the bare chase. It may have been written through a pointer to narrower words.
INLINE const u8 *guest_entry(const shadow *c, u64 gva, int levels)
{
    u64 e = levels == 3 ? c->pdpte[gva >> 30 & 3] : c->guest;
#pragma GCC unroll 5
    for (int level = levels == 3 ? 2 : levels; level > 1; level--) {
        const u8 *row = row_of(c->mem, offset_in_table(gva, level, levels));
        e = load(row + frame_of(e, levels), bytes_of(levels));
    }
    return row_of(c->mem, offset_in_table(gva, 1, levels)) + frame_of(e, levels);
}

// Ours have 512 entries in every mode; guests with 32-bit addresses run on PAE tables.
INLINE u64 *shadow_entry(const shadow *c, u64 gva, int to, int levels)
{
    u64 e = levels <= 3 ? c->shadow[gva >> 30 & 3] : c->shadow[0];
#pragma GCC unroll 5
    for (int level = levels <= 3 ? 2 : levels; level > to; level--) {
        e = load(row_of(c->tables, (gva >> (12 + 9 * (level - 1)) & (ENTRIES - 1)) * 8) + (e & ADDR), 8);
    }
    return (u64 *)(row_of(c->tables, (gva >> (12 + 9 * (to - 1)) & (ENTRIES - 1)) * 8) + (e & ADDR));
}

INLINE u32 number_of(const shadow *c, const u64 *spte) { return (u32)(spte - (const u64 *)c->tables); }

INLINE u64 leaf_of(u64 entry, int levels) { return frame_of(entry, levels) | LEAF; }

INLINE u32 translation_of(u64 entry, int levels) { return (u32)(frame_of(entry, levels) >> 8) | (u32)(entry & (P | W | U)); }

INLINE void put(shadow *c, u64 *spte, u64 entry, int levels)
{
    *spte = leaf_of(entry, levels);
    c->rmap[frame_of(entry, levels) >> 12] = number_of(c, spte);
    c->mapped++;
}

INLINE void drop(shadow *c, u64 *spte)
{
    c->rmap[(*spte & ADDR) >> 12] = 0;
    *spte = EMPTY;
    c->mapped--;
}

INLINE void map(shadow *c, u64 gva, int levels)
{
    u64 entry = load(guest_entry(c, gva, levels), bytes_of(levels));
    put(c, shadow_entry(c, gva, 1, levels), entry, levels);
}

// The address is the first of its window.
INLINE void map_window(shadow *c, u64 gva, int levels)
{
    const u8 *guest = guest_entry(c, gva, levels);
    u64 *spte = shadow_entry(c, gva, 1, levels);
    for (int i = 0; i < WINDOW; i++) { put(c, spte + i, load(guest + i * bytes_of(levels), bytes_of(levels)), levels); }
}

INLINE u64 new_table(shadow *c)
{
    u64 table = c->next;
    u64 *words = (u64 *)(c->tables + table);
    c->next += PAGE;
    for (int i = 0; i < ENTRIES; i++) { words[i] = EMPTY; }
    return table;
}

// As when the table was allocated last: stacked, so that it is warm.
INLINE void free_table(shadow *c) { c->next -= PAGE; }

INLINE void unmap_table(shadow *c, u64 *table)
{
    for (int i = 0; i < ENTRIES; i++) {
        if (table[i] != EMPTY) { drop(c, &table[i]); }
    }
}

INLINE u64 hash_of(u64 gfn) { return gfn * 0x9e3779b97f4a7c15ull >> (64 - BUCKET_BITS); }

// ---- preparation: not timed ------------------------------------------------------------------------------------------------------------

INLINE void link_table(shadow *c, u64 gva, int levels)
{
    for (int level = levels <= 3 ? 2 : levels; level > 1; level--) {
        u64 *spte = shadow_entry(c, gva, level, levels);
        if (!(*spte & P)) { *spte = new_table(c) | TABLE; }
    }
}

INLINE void change(shadow *c, u64 gva, int levels)
{
    u32 *entry = (u32 *)guest_entry(c, gva, levels);
    *entry ^= 1u << 31; // another frame, which no other page has
}

u64 reset(shadow *c, const u64 *first, u64 roots)
{
    c->next = 0;
    (void)new_table(c); // number 0 stands for nothing
    for (u64 i = 0; i < roots; i++) { c->shadow[i] = new_table(c); }
    (void)first;
    return c->next;
}

u64 set_dirty(shadow *c, const u64 *gfns, u64 n)
{
    for (u64 i = 0; i < n; i++) {
        u64 *spte = (u64 *)c->tables + c->rmap[gfns[i]];
        c->dirty[gfns[i] >> 6] |= 1ull << (gfns[i] & 63);
        *spte |= W;
    }
    return n;
}

// Roots by number of an address space: gfn and role of the root's table.
u64 add_root(shadow *c, const u64 *gfns, u64 n)
{
    for (u64 i = 0; i < n; i++) {
        u32 number = (u32)(i + 1), *bucket = &c->buckets[hash_of(gfns[i])];
        c->headers[number] = (header){ .gfn = gfns[i], .role = 1, .next = *bucket };
        *bucket = number;
        if (i < TRIES) { c->roots[i] = (root){ .cr3 = gfns[i] << 12, .role = 1, .table = number }; }
    }
    return n;
}

// ---- loops that do not depend on the mode ----------------------------------------------------------------------------------------------

// From the first frame on, n of them, a multiple of 64.
u64 protect_plain(shadow *c, const u64 *first, u64 n)
{
    for (u64 word = *first >> 6; word < (*first + n) >> 6; word++) {
        for (u64 left = c->dirty[word]; left; left &= left - 1) {
            u64 *spte = (u64 *)c->tables + c->rmap[word * 64 + (u64)__builtin_ctzll(left)];
            *spte &= ~(u64)W;
        }
        c->dirty[word] = 0;
    }
    return n;
}

u64 protect_locked(shadow *c, const u64 *first, u64 n)
{
    for (u64 word = *first >> 6; word < (*first + n) >> 6; word++) {
        for (u64 left = c->dirty[word]; left; left &= left - 1) {
            u64 *spte = (u64 *)c->tables + c->rmap[word * 64 + (u64)__builtin_ctzll(left)];
            __atomic_fetch_and(spte, ~(u64)W, __ATOMIC_SEQ_CST);
        }
        c->dirty[word] = 0;
    }
    return n;
}

// Switches to one of the roots used last, which becomes the first.
u64 switch_root(shadow *c, const u64 *gfns, u64 n)
{
    u64 sum = 0;
    for (u64 i = 0; i < n; i++) {
        int k = 0;
        while (c->roots[k].cr3 != gfns[i] << 12 || c->roots[k].role != 1) { k++; }
        root found = c->roots[k];
        sum += c->headers[found.table].generation;
        for (; k > 0; k--) { c->roots[k] = c->roots[k - 1]; }
        c->roots[0] = found;
    }
    return sum;
}

// Looks the root up among all tables; it becomes the first, the last is given up.
u64 find_root(shadow *c, const u64 *gfns, u64 n)
{
    u64 sum = 0;
    for (u64 i = 0; i < n; i++) {
        u32 at = c->buckets[hash_of(gfns[i])];
        while (c->headers[at].gfn != gfns[i] || c->headers[at].role != 1) { at = c->headers[at].next; }
        sum += c->headers[at].generation;
        for (int k = TRIES - 1; k > 0; k--) { c->roots[k] = c->roots[k - 1]; }
        c->roots[0] = (root){ .cr3 = gfns[i] << 12, .role = 1, .table = at };
    }
    return sum;
}

// ---- loops of a mode -------------------------------------------------------------------------------------------------------------------

// What differs from the entries that were made, entry by entry.
INLINE u64 sync_scalar(shadow *c, u64 gva, int levels)
{
    const u8 *guest = guest_entry(c, gva, levels);
    u64 *spte = shadow_entry(c, gva, 1, levels), stores = 0;
    for (int i = 0; i < ENTRIES; i++) {
        u64 entry = load(guest + i * bytes_of(levels), bytes_of(levels));
        if (UNLIKELY(spte[i] != leaf_of(entry, levels))) {
            drop(c, &spte[i]);
            stores++;
        }
    }
    return stores;
}

// What differs from the translations that were shadowed, eight at a time.
INLINE u64 sync_vector(shadow *c, u64 gva, int levels)
{
#ifdef __AVX512F__
    const u8 *guest = guest_entry(c, gva, levels);
    u64 *spte = shadow_entry(c, gva, 1, levels), stores = 0;
    const u32 *translations = c->translations + number_of(c, spte);
    const __m512i frame = _mm512_set1_epi64(levels == 2 ? 0xfffff000u : ADDR), low = _mm512_set1_epi64(P | W | U);
    for (int i = 0; i < ENTRIES; i += 8) {
        __m512i entries = bytes_of(levels) == 8 ? _mm512_loadu_si512(guest + i * 8) : _mm512_cvtepu32_epi64(_mm256_loadu_si256((const void *)(guest + i * 4)));
        __m512i expected = _mm512_or_si512(_mm512_srli_epi64(_mm512_and_si512(entries, frame), 8), _mm512_and_si512(entries, low));
        __m512i shadowed = _mm512_cvtepu32_epi64(_mm256_loadu_si256((const void *)(translations + i)));
        for (u32 left = _mm512_cmpneq_epi64_mask(expected, shadowed); UNLIKELY(left != 0); left &= left - 1) {
            drop(c, &spte[i + __builtin_ctz(left)]);
            stores++;
        }
    }
    return stores;
#else
    return sync_scalar(c, gva, levels);
#endif
}

// The guest gives a page another frame, which no fault shows, and invalidates the address; the next access faults.
INLINE void remap(shadow *c, u64 gva, int levels)
{
    change(c, gva, levels);
    u64 *spte = shadow_entry(c, gva, 1, levels);
    if (*spte != leaf_of(load(guest_entry(c, gva, levels), bytes_of(levels)), levels)) { drop(c, spte); }
    map(c, gva, levels);
}

INLINE u64 invalidate(const shadow *c, u64 gva, int levels)
{
    return *shadow_entry(c, gva, 1, levels) ^ leaf_of(load(guest_entry(c, gva, levels), bytes_of(levels)), levels);
}

INLINE void store_entry(u8 *at, u64 entry, int levels)
{
    if (levels == 2) { *(u32 *)at = (u32)entry; } else { *(u64 *)at = entry; }
}

// A process: the guest fills a table of 512 pages from frame on and links it, touches all, unlinks and clears it. A table of ours comes and
// goes with it. Of a guest with 1024 entries a table, the first half.
INLINE void life(shadow *c, u64 gva, u64 table, u64 frame, int levels)
{
    u64 upper = c->guest;
    if (levels == 3) { upper = c->pdpte[gva >> 30 & 3] & ADDR; }
#pragma GCC unroll 5
    for (int level = levels == 3 ? 2 : levels; level > 2; level--) {
        upper = frame_of(load(c->mem + frame_of(upper, levels) + offset_in_table(gva, level, levels), bytes_of(levels)), levels);
    }
    u8 *link = c->mem + upper + offset_in_table(gva, 2, levels);
    u8 *entries = c->mem + table + offset_in_table(gva, 1, levels);
    for (u64 i = 0; i < ENTRIES; i++) { store_entry(entries + i * (u64)bytes_of(levels), (frame + i * PAGE) | LEAF, levels); }
    store_entry(link, table | TABLE, levels);
    *shadow_entry(c, gva, 2, levels) = new_table(c) | TABLE;
    for (u64 i = 0; i < ENTRIES; i += WINDOW) { map_window(c, gva + i * PAGE, levels); }
    store_entry(link, 0, levels);
    unmap_table(c, shadow_entry(c, gva, 1, levels));
    *shadow_entry(c, gva, 2, levels) = EMPTY;
    free_table(c);
    memset(entries, 0, ENTRIES * (size_t)bytes_of(levels));
}

#define LOOP(NAME, N, BODY)                                                                                                               \
    u64 NAME##N(shadow *c, const u64 *gvas, u64 n)                                                                                        \
    {                                                                                                                                     \
        u64 sum = 0;                                                                                                                      \
        for (u64 i = 0; i < n; i++) { BODY; }                                                                                             \
        return sum;                                                                                                                       \
    }

#define MODE(N)                                                                                                                           \
    LOOP(prepare, N, link_table(c, gvas[i], N))                                                                                           \
    LOOP(map, N, map(c, gvas[i], N))                                                                                                      \
    LOOP(map_window, N, map_window(c, gvas[i], N))                                                                                        \
    LOOP(unmap, N, drop(c, shadow_entry(c, gvas[i], 1, N)))                                                                               \
    LOOP(map_table, N, *shadow_entry(c, gvas[i], 2, N) = new_table(c) | TABLE; map(c, gvas[i], N))                                        \
    LOOP(drop_table, N, drop(c, shadow_entry(c, gvas[i], 1, N)); *shadow_entry(c, gvas[i], 2, N) = EMPTY; free_table(c))                  \
    LOOP(zap, N, unmap_table(c, shadow_entry(c, gvas[i], 1, N)))                                                                          \
    LOOP(change, N, change(c, gvas[i], N))                                                                                                \
    LOOP(snapshot, N, u64 *spte = shadow_entry(c, gvas[i], 1, N);                                                                         \
         c->translations[number_of(c, spte)] = translation_of(load(guest_entry(c, gvas[i], N), bytes_of(N)), N))                          \
    LOOP(sync_scalar, N, sum += sync_scalar(c, gvas[i], N))                                                                               \
    LOOP(sync_vector, N, sum += sync_vector(c, gvas[i], N))                                                                               \
    LOOP(remap, N, remap(c, gvas[i], N))                                                                                                  \
    LOOP(invalidate, N, sum += invalidate(c, gvas[i], N))                                                                                 \
    LOOP(life, N, life(c, gvas[3 * i], gvas[3 * i + 1], gvas[3 * i + 2], N))

MODE(2)
MODE(3)
MODE(4)
MODE(5)
