/*
 * Two copies of the library in one process, each with its runtime: both work, each refuses the other's handles, their address space is bounded, and dlclose
 * leaves them where they are.
 * Usage: two_libraries FIRST SECOND (paths of two files)
 */
#define _GNU_SOURCE
#include <mmu.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define RAM_BYTES (1u << 20)
#define FIND(library, name) ((__typeof__(&name))find(library, #name))

typedef struct user {
    void *library;
    mmu_vm vm;
    mmu_vcpu vcpu;
    __typeof__(&mmu_translate) translate;
    __typeof__(&mmu_explain_text) explain;
    __typeof__(&mmu_vm_destroy) destroy;
} user;

static void *find(void *library, const char *name)
{
    void *found = dlsym(library, name);
    if (found == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    return found;
}

static void expect(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "unexpected: %s\n", what);
        exit(1);
    }
}

static double milliseconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static unsigned long mapped_megabytes(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    expect(file != NULL && fscanf(file, "%lu", &pages) == 1, "statm");
    (void)fclose(file);
    return pages / 256;
}

static user start(const char *path, unsigned char *ram)
{
    unsigned long before = mapped_megabytes();
    double began = milliseconds();
    user u = {.library = dlopen(path, RTLD_NOW | RTLD_LOCAL)};
    expect(u.library != NULL, path);
    expect(FIND(u.library, mmu_abi_version)() == MMU_ABI_VERSION, "version");
    printf("load and start: %.1f ms, %lu MiB of address space\n", milliseconds() - began, mapped_megabytes() - before);
    u.translate = FIND(u.library, mmu_translate);
    u.explain = FIND(u.library, mmu_explain_text);
    u.destroy = FIND(u.library, mmu_vm_destroy);
    expect(FIND(u.library, mmu_vm_create)(NULL, NULL, &u.vm) == MMU_OK, "create");
    mmu_slot slot = {.struct_size = sizeof slot, .size = RAM_BYTES, .host_address = (uint64_t)(uintptr_t)ram};
    expect(FIND(u.library, mmu_vm_add_slot)(u.vm, &slot) == MMU_OK, "slot");
    expect(FIND(u.library, mmu_vcpu_create)(u.vm, &u.vcpu) == MMU_OK, "vCPU");
    return u;
}

/* Paging is off: addresses stay as they are. Text is made in the collected heap, many times its size of it. */
static void use(const user *u)
{
    mmu_walk walk = {.struct_size = sizeof walk};
    char text[256];
    uint64_t length;
    expect(u->translate(u->vcpu, 0x1234, MMU_ACCESS_READ, &walk) == MMU_OK && walk.gpa == 0x1234, "translation");
    expect(u->explain(u->vcpu, 0x1234, MMU_ACCESS_READ, text, sizeof text, &length) == MMU_OK && length != 0, "explanation");
}

int main(int argc, char **argv)
{
    expect(argc == 3, "usage: two_libraries FIRST SECOND");
    unsigned char *ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    user users[2] = {start(argv[1], ram), start(argv[2], ram)};
    expect(users[0].library != users[1].library, "the same library twice");
    for (unsigned i = 0; i < 400000; i++) {
        use(&users[i % 2]);
    }
    mmu_walk walk = {.struct_size = sizeof walk};
    expect(users[0].translate(users[1].vcpu, 0, MMU_ACCESS_READ, &walk) == MMU_ERROR_HANDLE, "a handle of the other library was taken");
    expect(users[1].destroy(users[0].vm) == MMU_ERROR_HANDLE, "a handle of the other library was taken");
    expect(users[0].destroy(users[0].vm) == MMU_OK && users[1].destroy(users[1].vm) == MMU_OK, "destroy");
    for (int i = 0; i < 2; i++) {
        expect(dlclose(users[i].library) == 0 && dlopen(argv[1 + i], RTLD_NOW | RTLD_NOLOAD) != NULL, "unloaded under its runtime");
    }
    printf("ok\n");
    return 0;
}
