/*
 * A VMM on /dev/kvm that runs a guest on our shadow tables. The guest's page tables lie in guest memory; the processor never sees them. A window of
 * the monitor's (descriptor tables, a stub for page faults, a stack) is laid into a copy of each root; the stub tells of a fault by an OUT.
 * Exit code 0 if the guest did what it must, or if there is no /dev/kvm, which is said.
 */
#define _GNU_SOURCE
#include <mmu.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* The processor's physical memory: the monitor's pages, the tables, guest memory. */
#define MONITOR 0x0u
#define MONITOR_BYTES 0x100000u
#define TABLES 0x200000u
#define TABLE_PAGES 1024u
#define TABLES_BYTES (TABLE_PAGES * 4096u + 4096u) /* the copy of the root, then the arena */
#define GUEST 0x1000000u
#define GUEST_BYTES 0x1000000u

#define WINDOW_ENTRY 510u
#define WINDOW 0xFFFFFF0000000000u /* the linear address of entry 510 */
#define PORT_FAULT 0xE0u
#define PORT_DONE 0xE1u

static unsigned char *physical;
static int vm_fd, vcpu_fd;
static struct kvm_run *run;
static mmu_vm vm;
static mmu_vcpu vcpu;
static int must_flush;
static unsigned flushes;

static void die(const char *what)
{
    char text[256];
    (void)mmu_last_error(text, sizeof text);
    fprintf(stderr, "%s: %s %s\n", what, strerror(errno), text);
    exit(1);
}

static void check(mmu_status status, const char *what)
{
    if (status != MMU_OK) {
        die(what);
    }
}

static void control(int fd, unsigned long request, void *argument, const char *what)
{
    if (ioctl(fd, request, argument) < 0) {
        die(what);
    }
}

static void store(uint64_t address, uint64_t value) { memcpy(physical + address, &value, sizeof value); }

static void set_region(uint32_t slot, uint64_t address, uint64_t bytes)
{
    struct kvm_userspace_memory_region region = {
        .slot = slot, .guest_phys_addr = address, .memory_size = bytes, .userspace_addr = (uint64_t)(uintptr_t)(physical + address)};
    control(vm_fd, KVM_SET_USER_MEMORY_REGION, &region, "memory region");
}

static uint32_t flush(void *context, const uint32_t *vcpus, uint32_t count, mmu_flush_scope scope, uint64_t address)
{
    (void)context, (void)vcpus, (void)count, (void)scope, (void)address;
    must_flush = 1; /* One vCPU, which is not running now: before it does, its TLB is emptied. */
    return 1;
}

/* A KVM that itself shadows its guests keeps what it built from tables until the region they lie in goes away: right on every machine. */
static void flush_tables(void)
{
    set_region(1, TABLES, 0);
    set_region(1, TABLES, TABLES_BYTES);
    must_flush = 0;
    flushes++;
}

/* Page 1: GDT, TSS and IDT. Page 2: the stub. Page 3: the stack. Pages 4 to 6: tables that map pages 1 to 3 at WINDOW. */
static void make_window(void)
{
    const uint64_t tss = WINDOW + 0x80, idt = 0x1200, stub = WINDOW + 0x1000;
    const unsigned char code[] = {0xE6, PORT_FAULT, 0x48, 0x83, 0xC4, 0x08, 0x48, 0xCF}; /* out PORT_FAULT, al; add rsp, 8; iretq */
    store(0x1008, 0x00AF9B000000FFFF); /* selector 8: code */
    store(0x1010, 0x00CF93000000FFFF); /* selector 16: data */
    store(0x1018, 0x67 | (tss & 0xFFFFFF) << 16 | (uint64_t)0x89 << 40 | (tss >> 24 & 0xFF) << 56);
    store(0x1020, tss >> 32);
    store(0x1080 + 0x24, WINDOW + 0x3000); /* IST 1: the end of page 3 */
    store(idt + 14 * 16, (stub & 0xFFFF) | 8 << 16 | (uint64_t)1 << 32 | (uint64_t)0x8E << 40 | (stub >> 16 & 0xFFFF) << 48);
    store(idt + 14 * 16 + 8, stub >> 32);
    memcpy(physical + 0x2000, code, sizeof code);
    store(0x4000, 0x5003);
    store(0x5000, 0x6003);
    for (unsigned i = 0; i < 3; i++) {
        store(0x6000 + i * 8, (0x1000 + i * 0x1000) | 3);
    }
}

/* The root that the processor walks: ours with the window. An entry that was present and changes must be flushed. */
static void attach_window(uint64_t root)
{
    uint64_t *copy = (uint64_t *)(void *)(physical + TABLES);
    const uint64_t *ours = (const uint64_t *)(const void *)(physical + root);
    for (unsigned i = 0; i < 512; i++) {
        uint64_t entry = i == WINDOW_ENTRY ? 0x4003 : ours[i];
        must_flush |= (copy[i] & 1) != 0 && ((copy[i] ^ entry) & ~(uint64_t)0x20) != 0; /* but for the accessed bit */
        copy[i] = entry;
    }
}

/* The guest: tables at 0x1000, code at 0x10000, mapped one to one; 256 pages of data at 4 MiB, of which every second is mapped read-only. */
static void make_guest(void)
{
    const unsigned char code[] = {
        0xBF, 0x00, 0x00, 0x40, 0x00,             /* mov edi, 0x400000 */
        0xB9, 0x80, 0x00, 0x00, 0x00,             /* mov ecx, 128 */
        0x48, 0x89, 0x3F,                         /* again: mov [rdi], rdi */
        0x48, 0x03, 0x07,                         /* add rax, [rdi] */
        0x48, 0x03, 0x87, 0x00, 0x10, 0x00, 0x00, /* add rax, [rdi + 4096] */
        0x81, 0xC7, 0x00, 0x20, 0x00, 0x00,       /* add edi, 8192 */
        0xFF, 0xC9,                               /* dec ecx */
        0x75, 0xE9,                               /* jnz again */
        0xE6, PORT_DONE,                          /* out PORT_DONE, al */
        0xF4};
    store(GUEST + 0x1000, 0x2003);
    store(GUEST + 0x2000, 0x3003);
    store(GUEST + 0x3000, 0x4003);
    store(GUEST + 0x3000 + 2 * 8, 0x5003);
    store(GUEST + 0x4000 + 0x10 * 8, 0x10003);
    for (unsigned i = 0; i < 256; i++) {
        store(GUEST + 0x5000 + i * 8, (0x200000 + i * 4096) | (i % 2 == 0 ? 3 : 1));
        store(GUEST + 0x200000 + i * 4096, i);
    }
    memcpy(physical + GUEST + 0x10000, code, sizeof code);
}

static void start_mmu(void)
{
    mmu_vm_options options = {
        .struct_size = sizeof options,
        .physical_address_bits = 39,
        .lacking_features = MMU_FEATURE_LA57 | MMU_FEATURE_LAM | MMU_FEATURE_SHADOW_STACKS | MMU_FEATURE_PKS | MMU_FEATURE_PKU,
        .host_physical_address_bits = 39,
        .table_pages = TABLE_PAGES,
        .table_address = (uint64_t)(uintptr_t)(physical + TABLES + 4096),
        .first_table_frame = (TABLES + 4096) / 4096};
    mmu_host host = {.struct_size = sizeof host, .flush = flush};
    check(mmu_vm_create(&options, &host, &vm), "mmu_vm_create");
    mmu_slot slot = {
        .struct_size = sizeof slot,
        .flags = MMU_SLOT_FLAGS_HOST_FRAME,
        .size = GUEST_BYTES,
        .host_address = (uint64_t)(uintptr_t)(physical + GUEST),
        .host_frame = GUEST / 4096};
    check(mmu_vm_add_slot(vm, &slot), "mmu_vm_add_slot");
    check(mmu_vcpu_create(vm, &vcpu), "mmu_vcpu_create");
    mmu_control_state state = {.struct_size = sizeof state, .cr0 = 0x80010033, .cr3 = 0x1000, .cr4 = 0x20, .efer = 0xD00};
    mmu_control_state_status verdict;
    check(mmu_vcpu_set_control_state(vcpu, &state, &verdict), "mmu_vcpu_set_control_state");
    if (verdict != MMU_CONTROL_STATE_STATUS_LEGAL) {
        die("control state");
    }
}

static int start_kvm(void)
{
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (kvm < 0) {
        return 0;
    }
    vm_fd = ioctl(kvm, KVM_CREATE_VM, 0);
    if (vm_fd < 0) {
        die("KVM_CREATE_VM");
    }
    (void)ioctl(vm_fd, KVM_SET_TSS_ADDR, 0xFFFBD000);
    set_region(0, MONITOR, MONITOR_BYTES);
    set_region(1, TABLES, TABLES_BYTES);
    set_region(2, GUEST, GUEST_BYTES);
    vcpu_fd = ioctl(vm_fd, KVM_CREATE_VCPU, 0);
    if (vcpu_fd < 0) {
        die("KVM_CREATE_VCPU");
    }

    /* The processor as KVM offers it: long mode and NX are not there by themselves. */
    static union {
        struct kvm_cpuid2 header;
        unsigned char room[sizeof(struct kvm_cpuid2) + 256 * sizeof(struct kvm_cpuid_entry2)];
    } cpuid;
    cpuid.header.nent = 256;
    control(kvm, KVM_GET_SUPPORTED_CPUID, &cpuid, "KVM_GET_SUPPORTED_CPUID");
    control(vcpu_fd, KVM_SET_CPUID2, &cpuid, "KVM_SET_CPUID2");
    int bytes = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    run = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu_fd, 0);
    if (bytes < 0 || run == MAP_FAILED) {
        die("mmap of the vCPU");
    }
    struct kvm_regs registers = {.rip = 0x10000, .rflags = 2};
    control(vcpu_fd, KVM_SET_REGS, &registers, "KVM_SET_REGS");
    return 1;
}

static struct kvm_sregs special(uint64_t root)
{
    struct kvm_sregs s;
    control(vcpu_fd, KVM_GET_SREGS, &s, "KVM_GET_SREGS");
    struct kvm_segment data = {.limit = 0xFFFFFFFF, .selector = 16, .type = 3, .present = 1, .db = 1, .s = 1, .g = 1};
    s.cr0 = 0x80010033;
    s.cr3 = root;
    s.cr4 = 0x20;
    s.efer = 0xD00;
    s.cs = (struct kvm_segment){.limit = 0xFFFFFFFF, .selector = 8, .type = 11, .present = 1, .l = 1, .s = 1, .g = 1};
    s.ds = s.es = s.fs = s.gs = s.ss = data;
    s.tr = (struct kvm_segment){.base = WINDOW + 0x80, .limit = 0x67, .selector = 24, .type = 11, .present = 1};
    s.ldt = (struct kvm_segment){.unusable = 1};
    s.gdt = (struct kvm_dtable){.base = WINDOW, .limit = 0x37};
    s.idt = (struct kvm_dtable){.base = WINDOW + 0x200, .limit = 32 * 16 - 1};
    return s;
}

/* Runs the guest until it does an OUT; returns its port. */
static unsigned enter(void)
{
    mmu_run_state state = {.struct_size = sizeof state};
    check(mmu_vcpu_begin_run(vcpu, &state), "mmu_vcpu_begin_run");
    if (state.status != MMU_ROOT_STATUS_LOADED || state.levels != 4) {
        die("no root");
    }
    attach_window(state.root_address);
    if (must_flush) {
        flush_tables();
    }
    struct kvm_sregs s = special(TABLES);
    control(vcpu_fd, KVM_SET_SREGS, &s, "KVM_SET_SREGS");
    control(vcpu_fd, KVM_RUN, NULL, "KVM_RUN");
    check(mmu_vcpu_end_run(vcpu), "mmu_vcpu_end_run");
    if (run->exit_reason != KVM_EXIT_IO) {
        fprintf(stderr, "exit %u\n", run->exit_reason);
        die("not an OUT");
    }
    unsigned port = run->io.port;
    run->immediate_exit = 1; /* The OUT completes, and RIP moves on, when KVM is entered again. */
    (void)ioctl(vcpu_fd, KVM_RUN, 0);
    run->immediate_exit = 0;
    return port;
}

static void handle_fault(void)
{
    struct kvm_sregs s;
    control(vcpu_fd, KVM_GET_SREGS, &s, "KVM_GET_SREGS");
    uint64_t code;
    memcpy(&code, physical + 0x4000 - 6 * 8, sizeof code); /* the error code lies lowest in the frame on page 3 */
    mmu_fault fault = {.struct_size = sizeof fault, .address = s.cr2, .error_code = (mmu_page_fault)code};
    fault.access = code & MMU_PAGE_FAULT_FETCH ? MMU_ACCESS_FETCH : code & MMU_PAGE_FAULT_WRITE ? MMU_ACCESS_WRITE : MMU_ACCESS_READ;
    mmu_fault_result result = {.struct_size = sizeof result};
    check(mmu_vcpu_handle_fault(vcpu, &fault, &result, NULL), "mmu_vcpu_handle_fault");
    if (result.outcome != MMU_FAULT_OUTCOME_FIXED && result.outcome != MMU_FAULT_OUTCOME_SPURIOUS && result.outcome != MMU_FAULT_OUTCOME_RETRY) {
        fprintf(stderr, "fault at 0x%" PRIx64 ", code 0x%" PRIx64 ": outcome %u\n", fault.address, code, result.outcome);
        exit(1);
    }
}

int main(void)
{
    physical = mmap(NULL, GUEST + GUEST_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (physical == MAP_FAILED) {
        die("mmap");
    }
    if (!start_kvm()) {
        printf("SKIPPED, /dev/kvm cannot be opened: %s\n", strerror(errno));
        return 0;
    }
    make_window();
    make_guest();
    start_mmu();

    unsigned faults = 0;
    while (enter() == PORT_FAULT) {
        handle_fault();
        if (++faults > 100000) {
            die("the guest makes no progress");
        }
    }

    /* The guest added up what it wrote and what it read. */
    uint64_t expected = 0;
    for (uint64_t i = 0; i < 256; i++) {
        expected += i % 2 == 0 ? 0x400000 + i * 4096 : i;
    }
    struct kvm_regs registers;
    control(vcpu_fd, KVM_GET_REGS, &registers, "KVM_GET_REGS");
    mmu_statistics statistics = {.struct_size = sizeof statistics};
    check(mmu_vm_statistics(vm, &statistics), "mmu_vm_statistics");
    printf("guest ended: sum 0x%llx, %u faults, %u flushes, %" PRIu64 " tables, %" PRIu64 " pages mapped\n", registers.rax, faults, flushes,
        statistics.tables, statistics.pages4k);
    check(mmu_vm_destroy(vm), "mmu_vm_destroy");
    return registers.rax == expected ? 0 : 1;
}
