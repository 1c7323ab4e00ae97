/*
 * samples/c in C++, with mmu.hpp: guest RAM, guest tables, translations, a crash of the guest's, dirty pages, a snapshot.
 * Build: c++ -std=c++17 sample.cpp $(pkg-config --cflags --libs mmu) -o sample
 */
#include <mmu.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace {

constexpr uint64_t page = 4096;
constexpr uint64_t ram_bytes = 16 << 20;
constexpr uint64_t guest_base = 0x400000; // linear addresses 4 MiB to 6 MiB are mapped to physical addresses 1 MiB to 3 MiB

void expect(bool condition, const char *what)
{
    if (!condition) {
        std::fprintf(stderr, "unexpected: %s\n", what);
        std::exit(1);
    }
}

struct CountingHost : mmu::Host {
    unsigned flushes = 0;

    bool flush(const uint32_t *, uint32_t, mmu_flush_scope, uint64_t) noexcept override
    {
        flushes++;
        return true;
    }
};

// The guest stores a byte, as an interpreter would: a probe, and a call only after a miss.
void guest_store(mmu::Vcpu &vcpu, uint64_t tlb, uint64_t address, unsigned char value)
{
    void *byte = mmu_soft_tlb_probe(tlb, address, 1, MMU_ACCESS_WRITE, MMU_SOFT_TLB_SUPERVISOR);
    if (byte == nullptr) {
        mmu_soft_tlb_outcome outcome;
        mmu_walk walk = vcpu.resolve(address, MMU_ACCESS_WRITE, outcome);
        expect(outcome == MMU_SOFT_TLB_OUTCOME_MEMORY, "not memory");
        byte = reinterpret_cast<void *>(walk.host_address);
    }
    *static_cast<unsigned char *>(byte) = value;
}

void run()
{
    std::unique_ptr<unsigned char, decltype(&std::free)> ram(static_cast<unsigned char *>(std::aligned_alloc(page, ram_bytes)), &std::free);
    std::memset(ram.get(), 0, ram_bytes);
    CountingHost host;
    auto options = mmu::make<mmu_vm_options>();
    options.table_pages = 1024;
    mmu::Vm vm(options, host);
    vm.add_slot(0, ram_bytes, ram.get());
    mmu::Vcpu vcpu(vm);

    auto store = [&vm](uint64_t gpa, uint64_t value) { vm.write(gpa, &value, sizeof value); };
    store(0x1000, 0x2003);
    store(0x2000, 0x3003);
    store(0x3000 + 2 * 8, 0x4003);
    for (uint64_t i = 0; i < 512; i++) {
        store(0x4000 + i * 8, (0x100000 + i * page) | 3);
    }
    auto state = mmu::make<mmu_control_state>();
    state.cr0 = 0x80010001;
    state.cr3 = 0x1000;
    state.cr4 = 0x20;
    state.efer = 0xD00;
    expect(vcpu.set_control_state(state) == MMU_CONTROL_STATE_STATUS_LEGAL, "illegal state");

    mmu_walk walk = vcpu.translate(guest_base + 0x123, MMU_ACCESS_WRITE);
    expect(walk.outcome == MMU_WALK_OUTCOME_TRANSLATED && walk.gpa == 0x100123, "translation");
    std::vector<mmu_walk> walks = vcpu.translate(std::vector<uint64_t>{guest_base, 0x800000}, MMU_ACCESS_READ);
    expect(walks[0].gpa == 0x100000 && walks[1].cause == MMU_FAULT_CAUSE_NOT_PRESENT, "translations");
    expect(vcpu.translate(std::vector<uint64_t>{}, MMU_ACCESS_READ).empty(), "translations of nothing");
    std::printf("%s\n", vcpu.explain(guest_base, MMU_ACCESS_READ | MMU_ACCESS_USER).c_str());

    uint64_t tlb = vcpu.soft_tlb();
    mmu::Snapshot snapshot = vm.take_snapshot();
    mmu::DirtyLog log = vm.start_dirty_log(0);
    expect(vcpu.begin_run().status == MMU_ROOT_STATUS_LOADED, "no root");
    for (uint64_t i = 0; i < 16; i += 5) {
        guest_store(vcpu, tlb, guest_base + i * page, 0xAA);
    }
    vcpu.end_run();
    std::vector<mmu_dirty_range> ranges = log.harvest_ranges();
    expect(ranges.size() == 5 && ranges[0].start == 0x4000 && ranges[1].start == 0x100000, "dirty ranges: the table with its new bits, and four pages");
    expect(snapshot.restore() == 5 && ram.get()[0x100000] == 0, "the snapshot");
    expect(log.harvest()[0x100 / 64] == 0x8421, "what the snapshot wrote is dirty too");

    try {
        vm.add_slot(1, page, ram.get());
        expect(false, "a misaligned slot was taken");
    } catch (const mmu::Error &error) {
        expect(error.status() == MMU_ERROR_ARGUMENT, "another status");
        std::printf("%s\n", error.what());
    }
    expect(vm.audit().empty() && vm.dump().find("slot ") != std::string::npos, "audit and dump");
    mmu::Vm moved = std::move(vm);
    std::printf("%llu faults, %u flushes\n", static_cast<unsigned long long>(moved.statistics().faults), host.flushes);
    moved.reset();
    expect(mmu_vcpu_end_run(vcpu.get()) == MMU_ERROR_HANDLE, "a stale handle was taken");
}

} // namespace

int main()
{
    run();
    std::printf("ok\n");
    return 0;
}
