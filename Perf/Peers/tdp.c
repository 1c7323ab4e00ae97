// Perf: the memory work under a TDP MMU, and nothing else: no checks, no lock, no compare-exchange unless a loop's name says so. Built like walker.c.
#include "peer.h"

enum { ENTRIES = 512, PAGE = 4096, LEVELS = 4 };
enum { LEAF = 0x37 | 1 << 8 | 1 << 9, TABLE = 7, LARGE = 1 << 7, WRITE = 2, DIRTY = 1 << 9 };
#define EMPTY (1ull << 63)

// Mirrored by TdpPeerContext.cs.
typedef struct {
    u8 *tables;  // an entry's frame is an offset from here; the root comes first
    u64 mapped;
    u64 next;    // offset of the next unused table
} tdp;

u64 context_size(void) { return sizeof(tdp); }

INLINE u64 *entry_of(const tdp *c, u64 gpa, int to)
{
    u64 e = 0;
#pragma GCC unroll 4
    for (int level = LEVELS; level > to; level--) {
        e = load(row_of(c->tables, offset_in_table(gpa, level, LEVELS)) + (e & ADDR), 8);
    }
    return (u64 *)(row_of(c->tables, offset_in_table(gpa, to, LEVELS)) + (e & ADDR));
}

INLINE u64 new_table(tdp *c)
{
    u64 table = c->next;
    u64 *words = (u64 *)(c->tables + table);
    c->next += PAGE;
    for (int i = 0; i < ENTRIES; i++) { words[i] = EMPTY; }
    return table;
}

INLINE void put(tdp *c, u64 *spte, u64 gpa) { *spte = gpa | LEAF; c->mapped++; }

INLINE void drop(tdp *c, u64 *spte) { *spte = EMPTY; c->mapped--; }

// ---- loops: addresses of pages, each once ----------------------------------------------------------------------------------------------

// Makes all tables above `to`; not timed.
static void link(tdp *c, u64 gpa, int to)
{
    for (int level = LEVELS; level > to; level--) {
        u64 *spte = entry_of(c, gpa, level);
        if (*spte == EMPTY) { *spte = new_table(c) | TABLE; }
    }
}

u64 reset(tdp *c, const u64 *gpas, u64 n) { (void)gpas; (void)n; c->next = 0; c->mapped = 0; return new_table(c); }
u64 prepare(tdp *c, const u64 *gpas, u64 n) { for (u64 i = 0; i < n; i++) { link(c, gpas[i], 1); } return c->next; }
u64 prepare2(tdp *c, const u64 *gpas, u64 n) { for (u64 i = 0; i < n; i++) { link(c, gpas[i], 2); } return c->next; }
u64 map(tdp *c, const u64 *gpas, u64 n) { for (u64 i = 0; i < n; i++) { put(c, entry_of(c, gpas[i], 1), gpas[i]); } return c->mapped; }
u64 map2(tdp *c, const u64 *gpas, u64 n) { for (u64 i = 0; i < n; i++) { put(c, entry_of(c, gpas[i], 2), gpas[i] | LARGE); } return c->mapped; }
u64 unmap(tdp *c, const u64 *gpas, u64 n) { for (u64 i = 0; i < n; i++) { drop(c, entry_of(c, gpas[i], 1)); } return c->mapped; }
u64 unmap2(tdp *c, const u64 *gpas, u64 n) { for (u64 i = 0; i < n; i++) { drop(c, entry_of(c, gpas[i], 2)); } return c->mapped; }

// The level-1 table is made with the page; taken away again by drop_table, so that it is warm.
u64 map_table(tdp *c, const u64 *gpas, u64 n)
{
    for (u64 i = 0; i < n; i++) {
        *entry_of(c, gpas[i], 2) = new_table(c) | TABLE;
        put(c, entry_of(c, gpas[i], 1), gpas[i]);
    }
    return c->mapped;
}

u64 drop_table(tdp *c, const u64 *gpas, u64 n)
{
    for (u64 i = 0; i < n; i++) { *entry_of(c, gpas[i], 2) = EMPTY; c->next -= PAGE; c->mapped--; }
    return c->mapped;
}

u64 restore(tdp *c, const u64 *gpas, u64 n) { for (u64 i = 0; i < n; i++) { *entry_of(c, gpas[i], 1) |= WRITE | DIRTY; } return n; }
u64 set_dirty(tdp *c, const u64 *gpas, u64 n) { return restore(c, gpas, n); }

// Runs of 512 pages, each a table.
u64 protect_plain(tdp *c, const u64 *gpas, u64 n)
{
    for (u64 i = 0; i < n; i += ENTRIES) {
        u64 *t = entry_of(c, gpas[i], 1);
        for (int k = 0; k < ENTRIES; k++) { t[k] &= ~(u64)WRITE; }
    }
    return n;
}

u64 protect_locked(tdp *c, const u64 *gpas, u64 n)
{
    for (u64 i = 0; i < n; i += ENTRIES) {
        u64 *t = entry_of(c, gpas[i], 1);
        for (int k = 0; k < ENTRIES; k++) { __atomic_fetch_and(&t[k], ~(u64)WRITE, __ATOMIC_SEQ_CST); }
    }
    return n;
}

u64 zap(tdp *c, const u64 *gpas, u64 n)
{
    for (u64 i = 0; i < n; i += ENTRIES) {
        u64 *t = entry_of(c, gpas[i], 1);
        for (int k = 0; k < ENTRIES; k++) { drop(c, &t[k]); }
    }
    return c->mapped;
}

// A 2-MiB page becomes a table of 512.
u64 split(tdp *c, const u64 *gpas, u64 n)
{
    for (u64 i = 0; i < n; i++) {
        u64 *spte = entry_of(c, gpas[i], 2), old = *spte;
        u64 table = c->next;
        c->next += PAGE;
        u64 *words = (u64 *)(c->tables + table);
        for (int k = 0; k < ENTRIES; k++) { words[k] = (old & ~(u64)LARGE) + ((u64)k << 12); }
        *spte = table | TABLE;
        c->mapped += ENTRIES - 1;
    }
    return c->mapped;
}

u64 unsplit(tdp *c, const u64 *gpas, u64 n)
{
    for (u64 i = 0; i < n; i++) {
        *entry_of(c, gpas[i], 2) = gpas[i] | LEAF | LARGE;
        c->next -= PAGE;
        c->mapped -= ENTRIES - 1;
    }
    return c->mapped;
}
