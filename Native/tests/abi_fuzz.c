/*
 * Calls every function with random handles, sizes and numbers; pointers lead into valid memory or are NULL. Every answer must be a status that
 * mmu.h knows; then two threads use the same vCPUs and destroy them under each other. Usage: abi_fuzz [CALLS [SEED]]
 */
#define _DEFAULT_SOURCE
#include <mmu.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define RAM_BYTES (4u << 20)
#define KEPT 8
#define STATUSES 14

static unsigned char *ram;
static _Atomic uint64_t vms[KEPT], vcpus[KEPT], logs[KEPT], snapshots[KEPT];
static _Atomic uint64_t counts[STATUSES];
static _Alignas(64) unsigned char trace[64 * 64];

typedef struct fuzzer {
    uint64_t state;
    int alone;
    /* Larger than any struct_size that the library takes, or than any array below. */
    _Alignas(16) unsigned char memory[4][65536];
} fuzzer;

static uint64_t next(fuzzer *f)
{
    f->state ^= f->state << 13;
    f->state ^= f->state >> 7;
    f->state ^= f->state << 17;
    return f->state * 0x2545F4914F6CDD1D;
}

static uint64_t below(fuzzer *f, uint64_t limit) { return (next(f) >> 20) % limit; }

static uint64_t number(fuzzer *f)
{
    switch (below(f, 6)) {
    case 0: return below(f, 8);
    case 1: return below(f, RAM_BYTES / 4096) * 4096;
    case 2: return below(f, 64) * 8;
    case 3: return (uint64_t)1 << below(f, 64);
    case 4: return 0 - below(f, 4097);
    default: return next(f);
    }
}

static uint64_t handle(fuzzer *f, _Atomic uint64_t *own, _Atomic uint64_t *other)
{
    switch (below(f, 16)) {
    case 0: return 0;
    case 1: return next(f);
    case 2: return other[below(f, KEPT)];
    case 3: return own[below(f, KEPT)] ^ ((uint64_t)1 << below(f, 64));
    default: return own[below(f, KEPT)];
    }
}

static mmu_vm any_vm(fuzzer *f) { return (mmu_vm)(uintptr_t)handle(f, vms, vcpus); }
static mmu_vcpu any_vcpu(fuzzer *f) { return (mmu_vcpu)(uintptr_t)handle(f, vcpus, vms); }
static mmu_dirty_log any_log(fuzzer *f) { return (mmu_dirty_log)(uintptr_t)handle(f, logs, snapshots); }
static mmu_snapshot any_snapshot(fuzzer *f) { return (mmu_snapshot)(uintptr_t)handle(f, snapshots, logs); }

/* Memory with a struct in it that is mostly right. */
static void *block(fuzzer *f, unsigned index, size_t bytes)
{
    if (below(f, 24) == 0) {
        return NULL;
    }
    unsigned char *memory = f->memory[index];
    for (size_t i = 0; i < bytes; i += 8) {
        uint64_t value = below(f, 3) == 0 ? number(f) : 0;
        memcpy(memory + i, &value, 8);
    }
    memset(memory + bytes, below(f, 16) == 0 ? 1 : 0, 4096);
    uint32_t size = below(f, 8) == 0 ? (uint32_t)number(f) : (uint32_t)bytes;
    memcpy(memory, &size, 4);
    return memory;
}

static void *plain(fuzzer *f, unsigned index) { return below(f, 24) == 0 ? NULL : f->memory[index]; }

/* Callbacks that break the rule: they call their VM. */
static _Thread_local fuzzer *calling;
static _Thread_local int misled;
static _Atomic uint64_t callbacks;

static void call_back(void *context)
{
    mmu_vm vm = (mmu_vm)(uintptr_t)atomic_load((_Atomic uint64_t *)context);
    mmu_status status = mmu_vm_zap_all(vm);
    if (status != MMU_ERROR_CALLBACK && status != MMU_ERROR_HANDLE) {
        fprintf(stderr, "a callback called its VM: %s\n", mmu_strerror(status));
        exit(1);
    }
    atomic_fetch_add(&callbacks, 1);
}

static uint32_t on_flush(void *context, const uint32_t *numbers, uint32_t count, mmu_flush_scope scope, uint64_t address)
{
    (void)numbers, (void)count, (void)scope, (void)address;
    call_back(context);
    return 1;
}

static void on_kick(void *context, const uint32_t *numbers, uint32_t count)
{
    (void)numbers, (void)count;
    call_back(context);
}

static void on_resolve(void *context, uint64_t gfn, uint32_t write, mmu_resolved_frame *frame)
{
    (void)write;
    call_back(context);
    /* Frames are addresses in this process: those given are the memory's own. */
    frame->frame = ((uint64_t)(uintptr_t)ram >> 12) + gfn % (RAM_BYTES / 4096);
    frame->kind = (mmu_resolved_kind)below(calling, 6);
    frame->token = below(calling, 2);
    misled = 1;
}

static mmu_status make_vm(fuzzer *f)
{
    mmu_vm_options *options = block(f, 0, sizeof *options);
    if (options != NULL) {
        /* Sizes that the machine can bear, and no memory for tables that is none. */
        options->table_pages = 8 + (uint32_t)below(f, 512);
        options->private_bytes = below(f, 2) == 0 ? 0 : (uint64_t)16 << 20;
        options->table_address = 0;
        options->max_vcpus %= 8;
        if (below(f, 4) != 0) {
            static const uint32_t flags[] = {MMU_VM_FLAGS_NONE, MMU_VM_FLAGS_NESTED, MMU_VM_FLAGS_NESTED | MMU_VM_FLAGS_PAGE_MODIFICATION_LOG};
            *options = (mmu_vm_options){.struct_size = sizeof *options, .table_pages = options->table_pages, .max_vcpus = 4, .flags = flags[below(f, 3)]};
            options->dirty_ring_entries = below(f, 2) == 0 ? 0 : 2048;
        }
    }
    /* Never freed: the VM has it. */
    _Atomic uint64_t *context = calloc(1, sizeof *context);
    mmu_host *host = block(f, 1, sizeof *host);
    if (host != NULL) {
        host->context = context;
        host->flush = below(f, 2) == 0 ? NULL : on_flush;
        host->kick = below(f, 2) == 0 ? NULL : on_kick;
        host->resolve = below(f, 2) == 0 ? NULL : on_resolve;
    }
    mmu_vm vm = NULL;
    mmu_status status = mmu_vm_create(options, host, below(f, 24) == 0 ? NULL : &vm);
    if (status == MMU_OK) {
        atomic_store(context, (uint64_t)(uintptr_t)vm);
        uint64_t old = atomic_exchange(&vms[below(f, KEPT)], (uint64_t)(uintptr_t)vm);
        (void)mmu_vm_destroy((mmu_vm)(uintptr_t)old);
    }
    return status;
}

static mmu_status make_vcpu(fuzzer *f)
{
    mmu_vcpu vcpu = NULL;
    mmu_status status = mmu_vcpu_create(any_vm(f), below(f, 24) == 0 ? NULL : &vcpu);
    if (status == MMU_OK) {
        mmu_vcpu old = (mmu_vcpu)(uintptr_t)atomic_exchange(&vcpus[below(f, KEPT)], (uint64_t)(uintptr_t)vcpu);
        /* A vCPU that nobody knows any more must not stay in guest: others would wait for it. */
        (void)mmu_vcpu_end_run(old);
        (void)mmu_vcpu_destroy(old);
    }
    return status;
}

static mmu_status add_slot(fuzzer *f)
{
    mmu_slot *slot = block(f, 0, sizeof *slot);
    if (slot != NULL) {
        slot->host_address = (uint64_t)(uintptr_t)ram;
        slot->size = below(f, 8) == 0 ? (number(f) & (RAM_BYTES - 1)) : RAM_BYTES;
        if (below(f, 2) == 0) {
            slot->base = slot->host_frame = slot->address_space = slot->reserved = 0;
            slot->flags = below(f, 2) == 0 ? MMU_SLOT_FLAGS_NONE : MMU_SLOT_FLAGS_RESOLVED;
        }
    }
    return mmu_vm_add_slot(any_vm(f), slot);
}

static mmu_status set_state(fuzzer *f)
{
    mmu_control_state *state = block(f, 0, sizeof *state);
    if (state != NULL && below(f, 2) == 0) {
        *state = (mmu_control_state){.struct_size = sizeof *state, .cr0 = 0x80010001, .cr3 = 0x1000, .cr4 = 0x20, .efer = 0xD00};
    }
    return mmu_vcpu_set_control_state(any_vcpu(f), state, plain(f, 1));
}

static mmu_status many(fuzzer *f)
{
    /* Stride times count stays inside the memory. */
    mmu_walk *walks = block(f, 1, sizeof *walks);
    uint32_t count = walks == NULL || walks->struct_size > 256 ? 1 : (uint32_t)below(f, 200);
    return mmu_translate_many(any_vcpu(f), plain(f, 0), count, (uint32_t)below(f, 64), walks, plain(f, 2));
}

static mmu_status explain(fuzzer *f)
{
    mmu_walk_step *steps = block(f, 0, sizeof *steps);
    uint32_t room = (uint32_t)below(f, 12);
    return mmu_explain(any_vcpu(f), number(f), (uint32_t)below(f, 70), steps, room, plain(f, 1), block(f, 2, sizeof(mmu_walk)));
}

static mmu_status ask_all(fuzzer *f, uint64_t range, uint32_t space)
{
    char text[64];
    (void)mmu_last_error(text, below(f, sizeof text + 1));
    (void)mmu_strerror((mmu_status)number(f));
    (void)mmu_abi_version();
    (void)mmu_vcpu_get_nested_walk(any_vcpu(f), number(f), plain(f, 0), plain(f, 1));
    (void)mmu_vm_set_private(any_vm(f), number(f), range, (uint32_t)below(f, 2), space);
    (void)mmu_vm_is_dead(any_vm(f), plain(f, 0));
    (void)mmu_vm_audit(any_vm(f), plain(f, 0), 4096, plain(f, 1));
    /* The memory of a trace stays the library's. */
    (void)mmu_trace_point_name((mmu_trace_point)number(f));
    (void)mmu_trace_field_name((mmu_trace_point)below(f, 24), (uint32_t)number(f));
    (void)mmu_vm_set_trace(any_vm(f), below(f, 4) == 0 ? NULL : trace + below(f, 3) * 4, below(f, 4) == 0 ? (uint32_t)below(f, 32) : 16);
    (void)mmu_vm_read_trace(any_vm(f), plain(f, 0), block(f, 1, sizeof(mmu_trace_event)), (uint32_t)below(f, 14), plain(f, 2));
    if (below(f, 16) == 0) {
        (void)mmu_vm_dump(any_vm(f), (uint32_t)below(f, 64), plain(f, 0), below(f, 65536), plain(f, 1));
    }
    return mmu_vm_statistics(any_vm(f), block(f, 0, sizeof(mmu_statistics)));
}

static mmu_status start_log(fuzzer *f, uint32_t space)
{
    mmu_dirty_log log = NULL;
    mmu_dirty_log_options *options = block(f, 0, sizeof *options);
    mmu_status status = mmu_dirty_log_start(any_vm(f), below(f, 4) == 0 ? number(f) : 0, space, options, below(f, 24) == 0 ? NULL : &log);
    if (status == MMU_OK) {
        (void)mmu_dirty_log_end((mmu_dirty_log)(uintptr_t)atomic_exchange(&logs[below(f, KEPT)], (uint64_t)(uintptr_t)log));
    }
    return status;
}

static mmu_status take_snapshot(fuzzer *f)
{
    mmu_snapshot snapshot = NULL;
    mmu_status status = mmu_snapshot_take(any_vm(f), below(f, 24) == 0 ? NULL : &snapshot);
    if (status == MMU_OK) {
        (void)mmu_snapshot_destroy((mmu_snapshot)(uintptr_t)atomic_exchange(&snapshots[below(f, KEPT)], (uint64_t)(uintptr_t)snapshot));
    }
    return status;
}

/* Bitmaps, arrays and what is asked of them stay inside the memory. */
static mmu_status call_log(fuzzer *f, uint32_t space)
{
    uint64_t first = below(f, 4) == 0 ? number(f) : below(f, RAM_BYTES / 4096 / 64) * 64;
    uint32_t words = below(f, 16) == 0 ? (uint32_t)below(f, 8192) : (uint32_t)below(f, RAM_BYTES / 4096 / 64 + 1);
    switch (below(f, 16)) {
    case 0: return start_log(f, space);
    case 1: return below(f, 4) == 0 ? mmu_dirty_log_end(any_log(f)) : MMU_OK;
    case 2: return mmu_dirty_log_get_info(any_log(f), block(f, 0, sizeof(mmu_dirty_log_info)));
    case 3:
    case 4: return mmu_dirty_log_harvest(any_log(f), first, plain(f, 0), words, plain(f, 1));
    case 5:
    case 6: return mmu_dirty_log_get(any_log(f), first, plain(f, 0), words, plain(f, 1));
    case 7: return mmu_dirty_log_clear(any_log(f), number(f), number(f));
    case 8: return mmu_dirty_log_harvest_ranges(any_log(f), block(f, 0, sizeof(mmu_dirty_range)), (uint32_t)below(f, 14), plain(f, 1));
    case 9: return mmu_dirty_log_find_missed(any_log(f), plain(f, 0), (uint32_t)below(f, 4096), plain(f, 1));
    case 10: return mmu_vm_mark_dirty(any_vm(f), number(f), below(f, 4) == 0 ? number(f) : below(f, 9000), space);
    case 11: return mmu_vm_take_dirty_pages(any_vm(f), block(f, 0, sizeof(mmu_dirty_page)), (uint32_t)below(f, 14), plain(f, 1));
    case 12: return mmu_vm_reset_dirty_rings(any_vm(f), plain(f, 0));
    case 13: return mmu_vcpu_drain_dirty_pages(any_vcpu(f), plain(f, 0), (uint32_t)below(f, 8192), plain(f, 1));
    case 14:
        switch (below(f, 32)) {
        case 0: return take_snapshot(f);
        case 1: return mmu_snapshot_destroy(any_snapshot(f));
        default: return mmu_snapshot_bytes(any_snapshot(f), plain(f, 0));
        }
    default: return below(f, 4) == 0 ? mmu_snapshot_restore(any_snapshot(f), plain(f, 0)) : MMU_OK;
    }
}

static mmu_status call_vm(fuzzer *f, uint64_t range, uint32_t space)
{
    switch (below(f, 24)) {
    case 0: return below(f, 8) == 0 ? make_vm(f) : MMU_OK;
    case 1: return make_vcpu(f);
    case 2: return add_slot(f);
    case 3: return below(f, 64) == 0 ? mmu_vm_destroy(any_vm(f)) : MMU_OK;
    case 4: return mmu_vm_table_memory(any_vm(f), block(f, 0, sizeof(mmu_table_memory)));
    case 5: return mmu_vm_zap_all(any_vm(f));
    case 6: return mmu_vm_reclaim_obsolete(any_vm(f), plain(f, 0));
    case 7: return mmu_vm_shrink(any_vm(f), (uint32_t)number(f), plain(f, 0));
    case 8: return below(f, 8) == 0 ? mmu_vm_remove_slot(any_vm(f), number(f), space) : MMU_OK;
    case 9: return mmu_vm_move_slot(any_vm(f), below(f, 2) * 0x100000, number(f), space);
    case 10:
        (void)mmu_vm_compare_exchange(any_vm(f), number(f), 1u << below(f, 5), below(f, 2), next(f), space, plain(f, 0));
        return mmu_vm_read(any_vm(f), number(f), plain(f, 0), below(f, 16) == 0 ? UINT64_MAX : below(f, 5000), space);
    case 11: return mmu_vm_write(any_vm(f), number(f), plain(f, 0), below(f, 16) == 0 ? UINT64_MAX : below(f, 5000), space);
    case 12: return mmu_vm_guest_wrote(any_vm(f), number(f), below(f, 16) == 0 ? UINT64_MAX : below(f, 5000), space);
    case 13: return mmu_vm_track_writes(any_vm(f), number(f), space);
    case 14: return mmu_vm_untrack_writes(any_vm(f), number(f), space);
    case 15: return mmu_vm_unmap_range(any_vm(f), number(f), range, space);
    case 16: return mmu_vm_zap_range(any_vm(f), number(f), range, space);
    case 17: return mmu_vm_write_protect(any_vm(f), number(f), range, space);
    case 18: return mmu_vm_zap_collapsible(any_vm(f), number(f), range, space);
    case 19: return mmu_vm_age(any_vm(f), number(f), range, space, plain(f, 0));
    case 20: return mmu_vm_test_age(any_vm(f), number(f), range, space, plain(f, 0));
    case 21: return mmu_vm_split_huge_pages(any_vm(f), number(f), range, space, plain(f, 0));
    default: return ask_all(f, range, space);
    }
}

/* With others about a vCPU must leave soon, or poll: they wait for it. */
static mmu_status enter(fuzzer *f)
{
    mmu_vcpu vcpu = any_vcpu(f);
    mmu_status status = mmu_vcpu_begin_run(vcpu, block(f, 0, sizeof(mmu_run_state)));
    if (!f->alone) {
        (void)mmu_vcpu_poll(vcpu, plain(f, 0));
        (void)mmu_translate(vcpu, number(f), MMU_ACCESS_READ, block(f, 0, sizeof(mmu_walk)));
        (void)mmu_vcpu_end_run(vcpu);
    }
    return status;
}

static mmu_status call_vcpu(fuzzer *f, uint64_t range)
{
    uint32_t access = (uint32_t)(below(f, 8) == 0 ? number(f) : below(f, 64));
    switch (below(f, 28)) {
    case 0: return set_state(f);
    case 1: return many(f);
    case 2: return explain(f);
    case 3: return below(f, 16) == 0 ? mmu_vcpu_destroy(any_vcpu(f)) : MMU_OK;
    case 4: return mmu_vcpu_number(any_vcpu(f), plain(f, 0));
    case 5: return mmu_vcpu_get_control_state(any_vcpu(f), block(f, 0, sizeof(mmu_control_state)));
    case 6: return mmu_vcpu_load_cr3(any_vcpu(f), number(f), plain(f, 0));
    case 7: return mmu_vcpu_set_protection_keys(any_vcpu(f), (uint32_t)number(f), (uint32_t)number(f));
    case 8: return mmu_vcpu_set_system_management(any_vcpu(f), (uint32_t)below(f, 2));
    case 9: return mmu_vcpu_invalidate_page(any_vcpu(f), number(f));
    case 10: return mmu_vcpu_invalidate_pcid(any_vcpu(f), below(f, 5), number(f), number(f), plain(f, 0));
    case 11:
    case 12: return enter(f);
    case 13:
    case 14:
    case 15:
    case 16: return mmu_vcpu_end_run(any_vcpu(f));
    case 17: return mmu_vcpu_poll(any_vcpu(f), plain(f, 0));
    case 18:
        return mmu_vcpu_handle_fault(any_vcpu(f), block(f, 0, sizeof(mmu_fault)), block(f, 1, sizeof(mmu_fault_result)), block(f, 2, sizeof(mmu_walk)));
    case 19: return mmu_vcpu_unprotect(any_vcpu(f), number(f), number(f), number(f), plain(f, 0));
    case 20: return mmu_vcpu_get_walk(any_vcpu(f), number(f), plain(f, 0), plain(f, 1));
    case 21: return mmu_translate(any_vcpu(f), number(f), access, block(f, 0, sizeof(mmu_walk)));
    case 22:
        (void)mmu_vcpu_compare_exchange(any_vcpu(f), number(f), 1u << below(f, 5), below(f, 2), next(f), access & 28, plain(f, 0), block(f, 1, sizeof(mmu_walk)));
        return mmu_peek(any_vcpu(f), number(f), access, block(f, 0, sizeof(mmu_walk)));
    case 23: return mmu_explain_text(any_vcpu(f), number(f), access, plain(f, 0), below(f, 4096), plain(f, 1));
    case 24: return mmu_vcpu_read(any_vcpu(f), number(f), plain(f, 0), below(f, 5000), access & 28, block(f, 1, sizeof(mmu_walk)));
    case 25: return mmu_vcpu_write(any_vcpu(f), number(f), plain(f, 0), below(f, 5000), access & 28, block(f, 1, sizeof(mmu_walk)));
    case 26: return below(f, 4) == 0 ? mmu_vcpu_soft_tlb(any_vcpu(f), plain(f, 0))
        : mmu_vcpu_soft_tlb_resolve(any_vcpu(f), number(f), access, plain(f, 0), block(f, 1, sizeof(mmu_walk)));
    default: return below(f, 2) == 0 ? mmu_vcpu_handle_violation(any_vcpu(f), block(f, 0, sizeof(mmu_violation)), block(f, 1, sizeof(mmu_fault_result)))
        : mmu_vcpu_prefault(any_vcpu(f), number(f), range, plain(f, 0), plain(f, 1));
    }
}

static void run(uint64_t seed, uint64_t calls, int alone)
{
    fuzzer *f = calloc(1, sizeof *f);
    f->state = seed;
    f->alone = alone;
    calling = f;
    for (uint64_t i = 0; i < calls; i++) {
        uint32_t space = (uint32_t)(below(f, 8) == 0 ? number(f) : below(f, 2));
        uint64_t range = below(f, 4) == 0 ? number(f) : below(f, 64) * 4096;
        uint64_t kind = below(f, 5);
        misled = 0;
        mmu_status status = kind < 2 ? call_vm(f, range, space) : kind < 4 ? call_vcpu(f, range) : call_log(f, space);
        if (status > 0 || status <= -STATUSES || status == MMU_ERROR_INTERNAL || (status == MMU_ERROR_HOST && !misled)) {
            char text[256];
            (void)mmu_last_error(text, sizeof text);
            fprintf(stderr, "call %" PRIu64 " of seed %" PRIu64 ": status %d: %s\n", i, seed, status, text);
            exit(1);
        }
        atomic_fetch_add(&counts[-status], 1);
    }
    /* No vCPU stays in guest on a thread that ends. */
    for (unsigned i = 0; i < KEPT; i++) {
        (void)mmu_vcpu_end_run((mmu_vcpu)(uintptr_t)vcpus[i]);
    }
    free(f);
}

static uint64_t calls = 200000;

static void *worker(void *seed)
{
    run((uint64_t)(uintptr_t)seed, calls / 4, 0);
    return NULL;
}

int main(int argc, char **argv)
{
    uint64_t seed = 1;
    if (argc > 1) {
        calls = strtoull(argv[1], NULL, 0);
    }
    if (argc > 2) {
        seed = strtoull(argv[2], NULL, 0);
    }
    ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (uint64_t i = 0; i < RAM_BYTES / 8; i++) {
        /* Everything is a table that leads on. */
        ((uint64_t *)(void *)ram)[i] = (((i * 2654435761u) % RAM_BYTES) & ~(uint64_t)0xFFF) | 0x27;
    }
    run(seed, calls, 1);
    pthread_t threads[2];
    for (uintptr_t i = 0; i < 2; i++) {
        (void)pthread_create(&threads[i], NULL, worker, (void *)(uintptr_t)(seed + 1000 + i));
    }
    for (unsigned i = 0; i < 2; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    uint64_t total = 0;
    for (unsigned i = 0; i < STATUSES; i++) {
        printf("%-28s %" PRIu64 "\n", mmu_strerror(-(mmu_status)i), (uint64_t)counts[i]);
        total += counts[i];
    }
    printf("%" PRIu64 " callbacks\n%" PRIu64 " calls, no crash\n", (uint64_t)callbacks, total);
    return 0;
}
