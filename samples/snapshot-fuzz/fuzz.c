/*
 * A snapshot fuzzer: the guest is brought to the point where it reads its input, a snapshot is taken, and then, again and again: an input is laid into
 * guest memory, the guest runs, what it wrote is put back. The guest is an interpreter's: it reaches its memory through the software TLB, and a page
 * fault is the crash that the fuzzer looks for. Usage: fuzz [RUNS [SEED]]
 */
#define _DEFAULT_SOURCE
#include <mmu.h>

#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define PAGE 4096u
#define RAM_BYTES (16u << 20)
#define INPUT 0x400000u       /* linear addresses: the input, */
#define INPUT_BYTES 16u
#define HEAP 0x401000u        /* 255 pages that the guest writes to, */
#define HEAP_PAGES 255u       /* and nothing after them */
#define INPUT_PHYSICAL 0x100000u
#define COVERED 8u

static unsigned char *ram;
static mmu_vm vm;
static mmu_vcpu vcpu;
static uint64_t tlb;
static jmp_buf crashed;
static uint64_t crash_address;
static unsigned covered; /* the furthest point that the guest came to in this run */

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

/* What the guest's loads and stores become: a probe, and a call only after a miss. */
static unsigned char *guest(uint64_t address, mmu_access access)
{
    unsigned char *byte = mmu_soft_tlb_probe(tlb, address, 1, access, MMU_SOFT_TLB_SUPERVISOR);
    if (byte == NULL) {
        mmu_soft_tlb_outcome outcome;
        mmu_walk walk = {.struct_size = sizeof walk};
        check(mmu_vcpu_soft_tlb_resolve(vcpu, address, access, &outcome, &walk), "resolve");
        if (outcome != MMU_SOFT_TLB_OUTCOME_MEMORY) {
            crash_address = walk.linear_address;
            longjmp(crashed, 1);
        }
        byte = (unsigned char *)(uintptr_t)walk.host_address;
    }
    return byte;
}

static unsigned char load(uint64_t address) { return *guest(address, MMU_ACCESS_READ); }
static void put(uint64_t address, unsigned char value) { *guest(address, MMU_ACCESS_WRITE) = value; }

/* The guest's program: a parser that trusts a length once it has seen the right magic number. */
static void run_guest(void)
{
    static const unsigned char magic[] = {'x', '8', '6', '!'};
    put(HEAP, (unsigned char)(load(HEAP) + 1)); /* how often it ran: once, as far as it can tell */
    expect(load(HEAP) == 1, "the guest remembers an earlier run");
    for (covered = 0; covered < sizeof magic; covered++) {
        if (load(INPUT + covered) != magic[covered]) {
            return;
        }
        put(HEAP + PAGE * (1 + covered), magic[covered]);
    }
    unsigned length = load(INPUT + 4) * 2u; /* pages: up to 510 */
    for (unsigned page = 0; page < length; page++) {
        put(HEAP + page * PAGE + 8, load(INPUT + 5));
        covered = 5 + (page >= 64) + (page >= 128);
    }
}

/* Returns 1 if the guest crashed. */
static int run(void)
{
    mmu_run_state state = {.struct_size = sizeof state};
    check(mmu_vcpu_begin_run(vcpu, &state), "begin_run");
    volatile int crash = 1;
    if (setjmp(crashed) == 0) {
        run_guest();
        crash = 0;
    }
    check(mmu_vcpu_end_run(vcpu), "end_run");
    return crash;
}

static uint64_t random_state;

static uint32_t next(void)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33);
}

static void start_guest(void)
{
    ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect(ram != MAP_FAILED, "mmap");
    mmu_vm_options options = {.struct_size = sizeof options, .table_pages = 64};
    check(mmu_vm_create(&options, NULL, &vm), "vm_create");
    mmu_slot slot = {.struct_size = sizeof slot, .size = RAM_BYTES, .host_address = (uint64_t)(uintptr_t)ram};
    check(mmu_vm_add_slot(vm, &slot), "add_slot");
    check(mmu_vcpu_create(vm, &vcpu), "vcpu_create");
    store(0x1000, 0x2003);
    store(0x2000, 0x3003);
    store(0x3000 + 2 * 8, 0x4003);
    for (unsigned i = 0; i <= HEAP_PAGES; i++) {
        store(0x4000 + i * 8, (INPUT_PHYSICAL + i * PAGE) | 3);
    }
    mmu_control_state control = {.struct_size = sizeof control, .cr0 = 0x80010001, .cr3 = 0x1000, .cr4 = 0x20, .efer = 0xD00};
    mmu_control_state_status verdict;
    check(mmu_vcpu_set_control_state(vcpu, &control, &verdict), "set_control_state");
    check(mmu_vcpu_soft_tlb(vcpu, &tlb), "soft_tlb");
}

int main(int argc, char **argv)
{
    uint64_t runs = argc > 1 ? strtoull(argv[1], NULL, 0) : 20000;
    random_state = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    start_guest();
    mmu_snapshot snapshot;
    check(mmu_snapshot_take(vm, &snapshot), "snapshot_take");
    unsigned char *before = malloc(RAM_BYTES);
    expect(before != NULL, "malloc");
    memcpy(before, ram, RAM_BYTES);

    /* One input for each point that was reached; the next one is changed a little. */
    unsigned char corpus[COVERED][INPUT_BYTES] = {{0}}, crash_input[INPUT_BYTES] = {0};
    unsigned known = 1, crashes = 0;
    uint64_t restored = 0, done, first = 0;
    struct timespec start, end;
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    for (done = 0; done < runs; done++) {
        unsigned char input[INPUT_BYTES];
        memcpy(input, corpus[next() % 4 == 0 ? next() % known : known - 1], sizeof input);
        input[next() % 6] = (unsigned char)next();
        check(mmu_vm_write(vm, INPUT_PHYSICAL, input, sizeof input, 0), "write");

        if (run() && crashes++ == 0) {
            first = done;
            memcpy(crash_input, input, sizeof input);
        }
        if (covered >= known && covered < COVERED) {
            known = covered + 1;
            memcpy(corpus[covered], input, sizeof input);
        }

        uint64_t pages;
        check(mmu_snapshot_restore(snapshot, &pages), "restore");
        restored += pages;
        if (done < 64 || crashes == 1) {
            expect(memcmp(before, ram, RAM_BYTES) == 0, "memory is not as it was");
        }
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    printf("%" PRIu64 " runs, %.0f a second, %.1f pages restored a run\n", done, (double)done / seconds, (double)restored / (double)done);
    expect(crashes != 0, "no crash was found");
    printf("%u crashes, the first in run %" PRIu64 ": a write to 0x%" PRIx64 " after \"%.4s\" and 0x%02x\n", crashes, first, crash_address,
        (const char *)crash_input, crash_input[4]);
    expect(crash_address == HEAP + HEAP_PAGES * PAGE + 8, "another crash");
    check(mmu_snapshot_destroy(snapshot), "snapshot_destroy");
    check(mmu_vm_destroy(vm), "vm_destroy");
    free(before);
    printf("ok\n");
    return 0;
}
