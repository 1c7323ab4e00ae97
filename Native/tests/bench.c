/* Start-up, a translation through the ABI, and the inline software TLB against one written by hand. Prints nanoseconds. */
#define _DEFAULT_SOURCE
#include <mmu.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define RAM_BYTES (16u << 20)
#define ROUNDS 9
#define PAGES 512u

static unsigned char *ram;

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void check(mmu_status status)
{
    if (status != MMU_OK) {
        fprintf(stderr, "%s\n", mmu_strerror(status));
        exit(1);
    }
}

static void store(uint64_t gpa, uint64_t value) { memcpy(ram + gpa, &value, sizeof value); }

/* What one would write for oneself: one array of tags and biases, no generation, 4-KiB pages only. */
static struct entry { uint64_t tag, bias; } hand[1024];

static inline unsigned char *hand_probe(uint64_t address, uint32_t bytes)
{
    const struct entry *e = &hand[(address >> 12) & 1023];
    return e->tag == ((address + bytes - 1) & ~(uint64_t)0xFFF) ? (unsigned char *)(uintptr_t)(address + e->bias) : NULL;
}

static int compare(const void *a, const void *b) { return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b); }

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, compare);
    return values[ROUNDS / 2];
}

int main(void)
{
    double start = now();
    (void)mmu_abi_version();
    printf("first call of the library     %8.2f ms\n", (now() - start) / 1e6);

    ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    start = now();
    mmu_vm vm;
    mmu_vcpu vcpu;
    check(mmu_vm_create(NULL, NULL, &vm));
    mmu_slot slot = {.struct_size = sizeof slot, .size = RAM_BYTES, .host_address = (uint64_t)(uintptr_t)ram};
    check(mmu_vm_add_slot(vm, &slot));
    check(mmu_vcpu_create(vm, &vcpu));
    printf("VM, slot and vCPU             %8.2f ms\n", (now() - start) / 1e6);

    store(0x1000, 0x2003);
    store(0x2000, 0x3003);
    store(0x3010, 0x4003);
    for (unsigned i = 0; i < PAGES; i++) {
        store(0x4000 + i * 8, (0x100000 + i * 4096) | 0x63);
    }
    mmu_control_state state = {.struct_size = sizeof state, .cr0 = 0x80010001, .cr3 = 0x1000, .cr4 = 0x20, .efer = 0xD00};
    mmu_control_state_status verdict;
    check(mmu_vcpu_set_control_state(vcpu, &state, &verdict));

    const unsigned walks = 1000000, probes = 20000000;
    double call[ROUNDS], empty[ROUNDS], entry[ROUNDS], ours[ROUNDS], theirs[ROUNDS];
    uint64_t sum = 0, tlb;
    check(mmu_vcpu_soft_tlb(vcpu, &tlb));
    mmu_run_state run = {.struct_size = sizeof run};
    check(mmu_vcpu_begin_run(vcpu, &run));
    for (unsigned i = 0; i < PAGES; i++) {
        mmu_walk walk = {.struct_size = sizeof walk};
        mmu_soft_tlb_outcome outcome;
        uint64_t address = 0x400000 + i * 4096;
        check(mmu_vcpu_soft_tlb_resolve(vcpu, address, MMU_ACCESS_READ, &outcome, &walk));
        check(mmu_vcpu_soft_tlb_resolve(vcpu, address, MMU_ACCESS_READ, &outcome, &walk));
        hand[(address >> 12) & 1023] = (struct entry){address, walk.host_address - address};
    }
    for (int round = 0; round < ROUNDS; round++) {
        mmu_walk walk = {.struct_size = sizeof walk};
        start = now();
        for (unsigned i = 0; i < walks; i++) {
            check(mmu_translate(vcpu, 0x400000 + (i * 7 % PAGES) * 4096 + 8, MMU_ACCESS_READ, &walk));
            sum += walk.gpa;
        }
        call[round] = (now() - start) / walks;

        start = now();
        for (unsigned i = 0; i < walks; i++) {
            uint32_t stay;
            check(mmu_vcpu_poll(vcpu, &stay));
            sum += stay;
        }
        empty[round] = (now() - start) / walks;

        start = now();
        for (unsigned i = 0; i < walks; i++) {
            sum += mmu_abi_version();
        }
        entry[round] = (now() - start) / walks;

        start = now();
        for (unsigned i = 0; i < probes; i++) {
            const unsigned char *p = mmu_soft_tlb_probe(tlb, 0x400000 + (i * 7 % PAGES) * 4096 + 8, 8, MMU_ACCESS_READ, MMU_SOFT_TLB_SUPERVISOR);
            sum += p == NULL ? 1000000 : *p;
        }
        ours[round] = (now() - start) / probes;

        start = now();
        for (unsigned i = 0; i < probes; i++) {
            const unsigned char *p = hand_probe(0x400000 + (i * 7 % PAGES) * 4096 + 8, 8);
            sum += p == NULL ? 1000000 : *p;
        }
        theirs[round] = (now() - start) / probes;
    }
    check(mmu_vcpu_end_run(vcpu));
    check(mmu_vm_destroy(vm));
    double mine = median(ours), hands = median(theirs);
    printf("mmu_translate, four levels    %8.2f ns\n", median(call));
    printf("mmu_vcpu_poll                 %8.2f ns\n", median(empty));
    printf("mmu_abi_version (entry alone) %8.2f ns\n", median(entry));
    printf("inline software TLB, a hit    %8.2f ns\n", mine);
    printf("written by hand, a hit        %8.2f ns\n", hands);
    printf("ratio                         %8.2f\n", mine / hands);
    return sum == 0;
}
