// Perf: walks of a 4-level guest behind 4-level nested page tables, in C: the loads alone, and with the checks that a processor makes of user reads.
#include "peer.h"

struct context {
    const u8 *memory;
    u64 bytes;
    u64 guest_root;
    u64 nested_root;
    u64 reserved;
};

u64 context_size(void) { return sizeof(struct context); }

#define FAULT (~0ull)
enum { LEVELS = 4 };

INLINE u64 floor_nested(const struct context *c, u64 gpa)
{
    u64 table = c->nested_root;
#pragma GCC unroll 4
    for (int level = LEVELS; level >= 1; level--) {
        table = load(row_of(c->memory, offset_in_table(gpa, level, LEVELS)) + table, 8) & ADDR;
    }
    return table | (gpa & 0xfff);
}

INLINE u64 floor_walk(const struct context *c, u64 gva)
{
    u64 table = c->guest_root;
#pragma GCC unroll 4
    for (int level = LEVELS; level >= 1; level--) {
        table = load(c->memory + floor_nested(c, table + offset_in_table(gva, level, LEVELS)), 8) & ADDR;
    }
    return floor_nested(c, table | (gva & 0xfff));
}

// A user's write where the guest's tables are read, as the processor marks them; a user's read of the page.
INLINE u64 walk_nested(const struct context *c, u64 gpa, u64 needed, u64 marks)
{
    if (UNLIKELY(gpa >> 48)) {
        return FAULT;
    }
    u64 table = c->nested_root, all = ~0ull, any = 0, entry = 0;
#pragma GCC unroll 4
    for (int level = LEVELS; level >= 1; level--) {
        u64 at = offset_in_table(gpa, level, LEVELS);
        if (UNLIKELY(table >= c->bytes)) {
            return FAULT;
        }
        entry = load(row_of(c->memory, at) + table, 8);
        if (UNLIKELY(level > 1 && (entry & PS))) {
            return FAULT;
        }
        all &= entry;
        any |= entry;
        table = entry & ADDR;
    }
    if (UNLIKELY((all & needed) != needed || (any & c->reserved) || (entry & marks) != marks)) {
        return FAULT;
    }
    return table | (gpa & 0xfff);
}

INLINE u64 walk_both(const struct context *c, u64 gva)
{
    if (UNLIKELY((u64)((long long)(gva << 16) >> 16) != gva)) {
        return FAULT;
    }
    u64 table = c->guest_root, all = ~0ull, any = 0;
#pragma GCC unroll 4
    for (int level = LEVELS; level >= 1; level--) {
        u64 at = walk_nested(c, table + offset_in_table(gva, level, LEVELS), P | W | U | A, D);
        if (UNLIKELY(at >= c->bytes)) {
            return FAULT;
        }
        u64 entry = load(c->memory + at, 8);
        if (UNLIKELY(level > 1 && (entry & PS))) {
            return FAULT;
        }
        all &= entry;
        any |= entry;
        table = entry & ADDR;
    }
    if (UNLIKELY((all & (P | U | A)) != (P | U | A) || (any & c->reserved))) {
        return FAULT;
    }
    return walk_nested(c, table | (gva & 0xfff), P | U | A, 0);
}

#define LOOP(name, walk)                                                         \
    u64 name(const struct context *c, const u64 *gvas, u64 count, u64 zero)      \
    {                                                                            \
        u64 last = 0;                                                            \
        for (u64 i = 0; i < count; i++) {                                        \
            last = walk(c, gvas[i] ^ (last & zero));                             \
        }                                                                        \
        return last;                                                             \
    }

LOOP(floor_dependent, floor_walk)
LOOP(walk_dependent, walk_both)
