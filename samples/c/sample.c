/*
 * A VMM in C, as small as it can be: guest RAM, guest tables, translations, faults on our tables, dirty pages, the software TLB.
 * Build: cc -std=c11 sample.c $(pkg-config --cflags --libs mmu) -o sample
 */
#define _DEFAULT_SOURCE
#include <mmu.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define RAM_BYTES (16u << 20)
#define GUEST_BASE 0x400000u /* linear addresses 4 MiB to 6 MiB are mapped to physical addresses 1 MiB to 3 MiB */
#define PAGE 4096u

static unsigned char *ram;
static mmu_vm vm;
static mmu_vcpu vcpu;

static void check(mmu_status status, const char *what)
{
    if (status != MMU_OK) {
        char text[256];
        (void)mmu_last_error(text, sizeof text);
        fprintf(stderr, "%s: %s: %s\n", what, mmu_strerror(status), text);
        exit(1);
    }
}

static void expect(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "unexpected: %s\n", what);
        exit(1);
    }
}

static void store(uint64_t gpa, uint64_t value) { memcpy(ram + gpa, &value, sizeof value); }

/* There is no processor but this one: it walks our tables, where frames are addresses in this process. NULL is a page fault. */
static unsigned char *walk_tables(uint64_t root, uint64_t address, int write)
{
    uint64_t entry = root;
    for (int shift = 39; shift >= 12; shift -= 9) {
        entry = ((const uint64_t *)(uintptr_t)(entry & 0xFFFFFFFFFF000))[(address >> shift) & 511];
        if ((entry & 1) == 0 || (write && (entry & 2) == 0)) {
            return NULL;
        }
        if (shift > 12 && (entry & 0x80) != 0) {
            uint64_t mask = ((uint64_t)1 << shift) - 1;
            return (unsigned char *)(uintptr_t)((entry & 0xFFFFFFFFFF000 & ~mask) | (address & mask));
        }
    }
    return (unsigned char *)(uintptr_t)((entry & 0xFFFFFFFFFF000) | (address & 0xFFF));
}

/* One access of the guest: entry, walk, exit; a fault goes to the library. Returns how many faults it took. */
static unsigned guest_access(uint64_t address, int write, unsigned char value)
{
    for (unsigned faults = 0;; faults++) {
        mmu_run_state run = {.struct_size = sizeof run};
        check(mmu_vcpu_begin_run(vcpu, &run), "begin_run");
        expect(run.status == MMU_ROOT_STATUS_LOADED, "no root");
        unsigned char *byte = walk_tables(run.root_address, address, write);
        if (byte != NULL && write) {
            *byte = value;
        }
        check(mmu_vcpu_end_run(vcpu), "end_run");
        if (byte != NULL) {
            return faults;
        }

        mmu_fault fault = {.struct_size = sizeof fault, .access = write ? MMU_ACCESS_WRITE : MMU_ACCESS_READ, .address = address};
        mmu_fault_result result = {.struct_size = sizeof result};
        fault.error_code = write ? MMU_PAGE_FAULT_WRITE : MMU_PAGE_FAULT_NONE;
        check(mmu_vcpu_handle_fault(vcpu, &fault, &result, NULL), "handle_fault");
        expect(result.outcome == MMU_FAULT_OUTCOME_FIXED || result.outcome == MMU_FAULT_OUTCOME_RETRY, "fault not fixed");
    }
}

static void translate(void)
{
    mmu_walk walk = {.struct_size = sizeof walk};
    check(mmu_translate(vcpu, GUEST_BASE + 0x123, MMU_ACCESS_WRITE, &walk), "translate");
    expect(walk.outcome == MMU_WALK_OUTCOME_TRANSLATED && walk.gpa == 0x100123, "translation");
    printf("kernel write to 0x%x: gpa 0x%" PRIx64 "\n", GUEST_BASE + 0x123, walk.gpa);

    check(mmu_translate(vcpu, GUEST_BASE, MMU_ACCESS_READ | MMU_ACCESS_USER, &walk), "translate");
    expect(walk.outcome == MMU_WALK_OUTCOME_PAGE_FAULT && walk.cause == MMU_FAULT_CAUSE_NOT_USER, "user read");
    printf("user read: #PF error code 0x%" PRIx64 ", CR2 0x%" PRIx64 "\n", walk.code, walk.linear_address);

    char text[2048];
    uint64_t length;
    check(mmu_explain_text(vcpu, GUEST_BASE, MMU_ACCESS_READ | MMU_ACCESS_USER, text, sizeof text, &length), "explain");
    printf("%s\n", text);
}

static void log_dirty_pages(void)
{
    unsigned faults = 0;
    for (unsigned page = 0; page < 16; page++) {
        faults += guest_access(GUEST_BASE + page * PAGE, 1, (unsigned char)page);
    }
    printf("16 pages written, %u faults\n", faults);

    /* From here on the first write to each page faults, and is noted; what is harvested is noted anew. */
    mmu_dirty_log log;
    check(mmu_dirty_log_start(vm, 0, 0, NULL, &log), "dirty_log_start");
    for (unsigned page = 0; page < 16; page++) {
        (void)guest_access(GUEST_BASE + page * PAGE, page % 5 == 0, 0xAA);
    }
    uint64_t bitmap[RAM_BYTES / PAGE / 64], pages;
    check(mmu_dirty_log_harvest(log, 0, bitmap, sizeof bitmap / sizeof *bitmap, &pages), "harvest");
    printf("dirty pages:");
    for (unsigned page = 0; page < RAM_BYTES / PAGE; page++) {
        if (bitmap[page / 64] >> page % 64 & 1) {
            printf(" 0x%x", page * PAGE);
        }
    }
    printf("\n");
    expect(pages == 4 && bitmap[0x100 / 64] == 0x8421, "dirty pages");
    check(mmu_dirty_log_harvest(log, 0, bitmap, sizeof bitmap / sizeof *bitmap, &pages), "harvest");
    expect(pages == 0, "pages were reported twice");
    check(mmu_dirty_log_end(log), "dirty_log_end");
    expect(ram[0x100000 + 5 * PAGE] == 0xAA && ram[0x100000 + 4 * PAGE] == 4, "guest memory");
}

static void use_soft_tlb(void)
{
    uint64_t tlb;
    check(mmu_vcpu_soft_tlb(vcpu, &tlb), "soft_tlb");
    mmu_run_state run = {.struct_size = sizeof run};
    check(mmu_vcpu_begin_run(vcpu, &run), "begin_run");
    unsigned misses = 0;
    for (unsigned i = 0; i < 100000; i++) {
        uint64_t address = GUEST_BASE + (i % 64) * PAGE + 8;
        unsigned char *byte = mmu_soft_tlb_probe(tlb, address, 1, MMU_ACCESS_WRITE, MMU_SOFT_TLB_SUPERVISOR);
        if (byte == NULL) {
            mmu_soft_tlb_outcome outcome;
            mmu_walk walk = {.struct_size = sizeof walk};
            misses++;
            check(mmu_vcpu_soft_tlb_resolve(vcpu, address, MMU_ACCESS_WRITE, &outcome, &walk), "resolve");
            expect(outcome == MMU_SOFT_TLB_OUTCOME_MEMORY, "not memory");
            byte = (unsigned char *)(uintptr_t)walk.host_address;
        }
        ++*byte;
    }
    check(mmu_vcpu_end_run(vcpu), "end_run");
    printf("software TLB: 100000 writes, %u misses\n", misses);
}

int main(void)
{
    expect(mmu_abi_version() == MMU_ABI_VERSION, "another version of the library");
    ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect(ram != MAP_FAILED, "mmap");

    mmu_vm_options options = {.struct_size = sizeof options, .table_pages = 1024};
    check(mmu_vm_create(&options, NULL, &vm), "vm_create");
    mmu_slot slot = {.struct_size = sizeof slot, .size = RAM_BYTES, .host_address = (uint64_t)(uintptr_t)ram};
    check(mmu_vm_add_slot(vm, &slot), "add_slot");
    check(mmu_vcpu_create(vm, &vcpu), "vcpu_create");

    /* The guest's tables: four levels at 0x1000, pages of the kernel at GUEST_BASE. */
    store(0x1000, 0x2003);
    store(0x2000, 0x3003);
    store(0x3000 + 2 * 8, 0x4003);
    for (unsigned i = 0; i < 512; i++) {
        store(0x4000 + i * 8, (0x100000 + i * PAGE) | 3);
    }
    mmu_control_state state = {.struct_size = sizeof state, .cr0 = 0x80010001, .cr3 = 0x1000, .cr4 = 0x20, .efer = 0xD00};
    mmu_control_state_status verdict;
    check(mmu_vcpu_set_control_state(vcpu, &state, &verdict), "set_control_state");
    expect(verdict == MMU_CONTROL_STATE_STATUS_LEGAL, "illegal state");

    translate();
    log_dirty_pages();
    use_soft_tlb();

    mmu_statistics statistics = {.struct_size = sizeof statistics};
    check(mmu_vm_statistics(vm, &statistics), "statistics");
    printf("%" PRIu64 " faults, %" PRIu64 " tables, %" PRIu64 " pages mapped\n", statistics.faults, statistics.tables, statistics.pages4k);
    char broken[256];
    uint64_t length;
    check(mmu_vm_audit(vm, broken, sizeof broken, &length), "audit");
    expect(length == 0, broken);
    check(mmu_vm_destroy(vm), "vm_destroy");
    expect(mmu_vcpu_end_run(vcpu) == MMU_ERROR_HANDLE, "a stale handle was taken");
    (void)munmap(ram, RAM_BYTES);
    printf("ok\n");
    return 0;
}
