/* What a VM tells of itself: a trace by KVM's names, statistics, a dump. */
#include "expect.h"

#include <mmu.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES 64u

int main(void)
{
    unsigned char *ram = aligned_alloc(4096, 1u << 20);
    uint64_t *memory = calloc(ENTRIES, 64);
    mmu_vm vm;
    mmu_vcpu vcpu;
    mmu_slot slot = {.struct_size = sizeof slot, .size = 1u << 20, .host_address = (uint64_t)(uintptr_t)ram};
    expect(ram != NULL && memory != NULL, "memory");
    expect(mmu_vm_create(NULL, NULL, &vm) == MMU_OK && mmu_vm_add_slot(vm, &slot) == MMU_OK && mmu_vcpu_create(vm, &vcpu) == MMU_OK, "VM");

    uint64_t next = 0;
    uint32_t count;
    mmu_trace_event events[8] = {{.struct_size = sizeof *events}};
    expect(mmu_vm_read_trace(vm, &next, events, 8, &count) == MMU_ERROR_STATE, "a trace that was not begun");
    expect(mmu_vm_set_trace(vm, memory, 3) == MMU_ERROR_ARGUMENT, "three entries");
    expect(mmu_vm_set_trace(vm, memory, ENTRIES) == MMU_OK, "set_trace");
    for (unsigned page = 0; page < 16; page++) {
        mmu_run_state run = {.struct_size = sizeof run};
        mmu_fault fault = {.struct_size = sizeof fault, .access = MMU_ACCESS_WRITE, .address = page * 4096u, .error_code = MMU_PAGE_FAULT_WRITE};
        mmu_fault_result result = {.struct_size = sizeof result};
        expect(mmu_vcpu_begin_run(vcpu, &run) == MMU_OK && run.status == MMU_ROOT_STATUS_LOADED && mmu_vcpu_end_run(vcpu) == MMU_OK, "run");
        expect(mmu_vcpu_handle_fault(vcpu, &fault, &result, NULL) == MMU_OK && result.outcome == MMU_FAULT_OUTCOME_FIXED, "fault");
    }

    unsigned read = 0, faults = 0;
    do {
        expect(mmu_vm_read_trace(vm, &next, events, 8, &count) == MMU_OK, "read_trace");
        for (uint32_t i = 0; i < count; i++) {
            const mmu_trace_event *event = &events[i];
            if (event->point == MMU_TRACE_POINT_PAGE_FAULT) {
                expect(strcmp(mmu_trace_point_name(event->point), "kvm_page_fault") == 0, "name");
                expect(event->field_count == 2 && strcmp(mmu_trace_field_name(event->point, 0), "fault_address") == 0, "field");
                expect(event->vcpu == 0 && event->fields[1] == MMU_PAGE_FAULT_WRITE, "fault");
                faults++;
            }
        }
        read += count;
    } while (count != 0);
    expect(read != 0 && read <= ENTRIES && faults != 0 && faults <= 16, "events");
    expect(mmu_trace_point_name(999) == NULL && mmu_trace_field_name(MMU_TRACE_POINT_PAGE_FAULT, 2) == NULL, "names of nothing");
    expect(mmu_vm_set_trace(vm, NULL, 0) == MMU_OK, "end of the trace");

    mmu_statistics statistics = {.struct_size = sizeof statistics};
    expect(mmu_vm_statistics(vm, &statistics) == MMU_OK && statistics.faults == 16 && statistics.pages4k >= 16, "statistics");
    char text[8192];
    uint64_t length;
    expect(mmu_vm_dump(vm, 16, text, sizeof text, &length) == MMU_OK && length < sizeof text && strstr(text, " level 1: leaf ") != NULL, "dump");
    expect(mmu_vm_destroy(vm) == MMU_OK, "destroy");
    free(memory);
    free(ram);
    printf("%u events, %u faults among them\nok\n", read, faults);
    return 0;
}
