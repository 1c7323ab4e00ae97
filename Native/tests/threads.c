/*
 * Whose a vCPU is: threads with small stacks that follow each other, one that has it in guest, a coroutine and a signal handler on stacks of their own. A call is
 * known by the stack that it comes from; on others it takes longer, and is answered alike.
 */
#define _GNU_SOURCE
#include "expect.h"

#include <mmu.h>

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#define STACK_BYTES (128u << 10)

static mmu_vcpu vcpu;
static sem_t entered, leave;
static ucontext_t outside, inside;
static volatile mmu_status found;

static mmu_status translate(void)
{
    mmu_walk walk = {.struct_size = sizeof walk};
    mmu_status status = mmu_translate(vcpu, 0x1234, MMU_ACCESS_READ, &walk);
    return status == MMU_OK && walk.gpa != 0x1234 ? MMU_ERROR_INTERNAL : status;
}

static void *translate_twice(void *unused)
{
    (void)unused;
    expect(translate() == MMU_OK && translate() == MMU_OK, "a thread after another");
    return NULL;
}

static void *stay_in_guest(void *unused)
{
    mmu_run_state run = {.struct_size = sizeof run};
    expect(mmu_vcpu_begin_run(vcpu, &run) == MMU_OK && run.status == MMU_ROOT_STATUS_LOADED, "begin_run");
    (void)sem_post(&entered);
    (void)sem_wait(&leave);
    expect(translate() == MMU_OK && mmu_vcpu_end_run(vcpu) == MMU_OK, "end_run");
    return unused;
}

static void coroutine(void)
{
    found = translate();
    (void)swapcontext(&inside, &outside);
    found = translate();
}

static void handler(int number)
{
    (void)number;
    found = translate();
}

static pthread_t start(void *(*work)(void *))
{
    pthread_attr_t attributes;
    pthread_t thread;
    expect(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0, "attributes");
    expect(pthread_create(&thread, &attributes, work, NULL) == 0, "thread");
    (void)pthread_attr_destroy(&attributes);
    return thread;
}

int main(void)
{
    mmu_vm vm;
    expect(mmu_vm_create(NULL, NULL, &vm) == MMU_OK && mmu_vcpu_create(vm, &vcpu) == MMU_OK, "create");
    for (unsigned i = 0; i < 256; i++) {
        (void)pthread_join(start(translate_twice), NULL);
        expect(translate() == MMU_OK, "back on this thread");
    }

    (void)sem_init(&entered, 0, 0);
    (void)sem_init(&leave, 0, 0);
    pthread_t guest = start(stay_in_guest);
    (void)sem_wait(&entered);
    expect(translate() == MMU_ERROR_THREAD && mmu_vcpu_end_run(vcpu) == MMU_ERROR_THREAD, "in guest on another thread");
    expect(mmu_vm_destroy(vm) == MMU_ERROR_THREAD || mmu_vm_destroy(vm) == MMU_ERROR_STATE, "destroyed under a vCPU in guest");
    (void)sem_post(&leave);
    (void)pthread_join(guest, NULL);
    expect(translate() == MMU_OK, "after it has left");

    /* A stack of the heap's: the thread is the same. */
    void *stack = malloc(STACK_BYTES);
    expect(stack != NULL && getcontext(&inside) == 0, "context");
    inside.uc_stack.ss_sp = stack;
    inside.uc_stack.ss_size = STACK_BYTES;
    inside.uc_link = &outside;
    makecontext(&inside, coroutine, 0);
    for (unsigned i = 0; i < 2; i++) {
        found = MMU_ERROR_INTERNAL;
        expect(swapcontext(&outside, &inside) == 0 && found == MMU_OK, "a coroutine");
        expect(translate() == MMU_OK, "after the coroutine");
    }

    stack_t alternate = {.ss_sp = stack, .ss_size = STACK_BYTES};
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    found = MMU_ERROR_INTERNAL;
    expect(sigaltstack(&alternate, NULL) == 0 && sigaction(SIGUSR1, &action, NULL) == 0 && raise(SIGUSR1) == 0 && found == MMU_OK, "a signal handler");
    expect(translate() == MMU_OK && mmu_vm_destroy(vm) == MMU_OK, "destroy");
    printf("ok\n");
    return 0;
}
