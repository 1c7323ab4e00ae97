/*
 * Makes VMs until memory runs out, the collected heap's, or the address space if its limit comes first: that is MMU_ERROR_NO_ROOM and no crash, and what is
 * there works on. Usage: no_memory [MEGABYTES of address space]
 */
#define _GNU_SOURCE
#include <mmu.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define MOST 400000u

static void expect(int condition, const char *what, mmu_status status)
{
    if (!condition) {
        char text[256];
        (void)mmu_last_error(text, sizeof text);
        fprintf(stderr, "unexpected: %s: %s %s\n", what, mmu_strerror(status), text);
        exit(1);
    }
}

static unsigned long mapped_bytes(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%lu", &pages) != 1) {
        exit(1);
    }
    (void)fclose(file);
    return pages * 4096;
}

int main(int argc, char **argv)
{
    expect(mmu_abi_version() == MMU_ABI_VERSION, "version", MMU_OK);
    if (argc > 1) {
        struct rlimit limit;
        limit.rlim_cur = limit.rlim_max = mapped_bytes() + (strtoul(argv[1], NULL, 0) << 20);
        expect(setrlimit(RLIMIT_AS, &limit) == 0, "setrlimit", MMU_OK);
    }
    static mmu_vm vms[MOST];
    static mmu_vcpu vcpus[MOST];
    mmu_vm_options options = {.struct_size = sizeof options, .table_pages = 16, .private_bytes = 1u << 20, .max_vcpus = 1024};
    mmu_status status = MMU_OK;
    unsigned made = 0;
    for (; status == MMU_OK && made < MOST; made++) {
        status = mmu_vm_create(&options, NULL, &vms[made]);
        if (status == MMU_OK) {
            status = mmu_vcpu_create(vms[made], &vcpus[made]);
        }
    }
    char text[256];
    (void)mmu_last_error(text, sizeof text);
    printf("%u VMs, then %s: %s\n", made, mmu_strerror(status), text);
    expect(status == MMU_ERROR_NO_ROOM, "another answer", status);

    /* Again and again: nothing is half-done. */
    for (unsigned i = 0; i < 1000; i++) {
        mmu_vm vm;
        status = mmu_vm_create(&options, NULL, &vm);
        expect(status == MMU_ERROR_NO_ROOM || (status == MMU_OK && mmu_vm_destroy(vm) == MMU_OK), "create", status);
    }
    for (unsigned i = 0; i + 1 < made; i++) {
        mmu_walk walk = {.struct_size = sizeof walk};
        status = i % 16 == 0 ? mmu_translate(vcpus[i], 0, MMU_ACCESS_READ, &walk) : MMU_OK;
        expect(status == MMU_OK, "translate", status);
        status = mmu_vm_destroy(vms[i]);
        expect(status == MMU_OK, "destroy", status);
    }
    status = mmu_vm_create(&options, NULL, &vms[0]);
    expect(status == MMU_OK, "create after destroy", status);
    printf("ok\n");
    return 0;
}
