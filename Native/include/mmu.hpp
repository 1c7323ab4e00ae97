/*
 * mmu.hpp: mmu.h for C++17 and later. Header-only, and nothing but the C ABI below it: an object holds a handle, get() gives it for what is not wrapped.
 *
 *   mmu::Vm vm;                                          // options and callbacks, or the defaults
 *   vm.add_slot(0, size, memory);
 *   mmu::Vcpu vcpu(vm);
 *   vcpu.set_control_state(state);
 *   mmu_walk walk = vcpu.translate(address, MMU_ACCESS_READ);
 *
 * A status that is not MMU_OK is thrown as mmu::Error: a mistake in the call, never what a guest does. Objects can be moved, not copied; a VM takes what
 * belongs to it along, so that the order in which objects die does not matter. Thread rules are those of the functions in mmu.h.
 * Structs of mmu.h are made by mmu::make, which sets struct_size: auto fault = mmu::make<mmu_fault>();
 * SPDX-License-Identifier: MIT
 */
#ifndef MMU_HPP
#define MMU_HPP

#include <mmu.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace mmu {

/* A status that is not MMU_OK; what() is the library's explanation. */
class Error : public std::runtime_error {
public:
    explicit Error(mmu_status status) : std::runtime_error(text_of(status)), status_(status) {}
    mmu_status status() const noexcept { return status_; }

private:
    static std::string text_of(mmu_status status)
    {
        std::string text(mmu_last_error(nullptr, 0) + 1, '\0');
        text.resize(mmu_last_error(text.data(), text.size()));
        return std::string(mmu_strerror(status)) + ": " + text;
    }

    mmu_status status_;
};

inline void check(mmu_status status)
{
    if (status != MMU_OK) {
        throw Error(status);
    }
}

/* A struct of mmu.h, all zero but for its struct_size. */
template <typename T> T make()
{
    T value{};
    value.struct_size = sizeof(T);
    return value;
}

/* A text of any length: get is asked for the length first. */
template <typename Get> std::string text(Get get)
{
    uint64_t length;
    check(get(nullptr, 0, &length));
    std::string found(static_cast<size_t>(length) + 1, '\0');
    check(get(found.data(), found.size(), &length));
    found.resize(length < found.size() ? static_cast<size_t>(length) : found.size() - 1);
    return found;
}

/* A handle and whose it is. What its VM took along is stale, and destroying it does nothing. */
template <typename Handle, mmu_status (*Destroy)(Handle)> class Owner {
public:
    Owner() noexcept = default;
    explicit Owner(Handle handle) noexcept : handle_(handle) {}
    Owner(Owner &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Owner &operator=(Owner &&other) noexcept
    {
        std::swap(handle_, other.handle_);
        return *this;
    }
    Owner(const Owner &) = delete;
    Owner &operator=(const Owner &) = delete;
    ~Owner()
    {
        if (handle_ != nullptr) {
            (void)Destroy(handle_);
        }
    }

    Handle get() const noexcept { return handle_; }

    /* Destroys it now, and says if that is refused. */
    void reset()
    {
        if (handle_ != nullptr) {
            check(Destroy(handle_));
            handle_ = nullptr;
        }
    }

private:
    Handle handle_ = nullptr;
};

/* Callbacks. Outlives the VM. They must not throw, nor call the VM. */
class Host {
public:
    virtual ~Host() = default;
    /* False: not reached from here; the library kicks these vCPUs and waits. */
    virtual bool flush(const uint32_t *, uint32_t, mmu_flush_scope, uint64_t) noexcept { return true; }
    virtual void kick(const uint32_t *, uint32_t) noexcept {}
    /* Of slots with MMU_SLOT_FLAGS_RESOLVED. */
    virtual void resolve(uint64_t, bool, mmu_resolved_frame &frame) noexcept { frame.kind = MMU_RESOLVED_KIND_MMIO; }

    mmu_host callbacks() noexcept
    {
        mmu_host host = make<mmu_host>();
        host.context = this;
        host.flush = [](void *self, const uint32_t *vcpus, uint32_t count, mmu_flush_scope scope, uint64_t address) -> uint32_t {
            return static_cast<Host *>(self)->flush(vcpus, count, scope, address);
        };
        host.kick = [](void *self, const uint32_t *vcpus, uint32_t count) { static_cast<Host *>(self)->kick(vcpus, count); };
        host.resolve = [](void *self, uint64_t gfn, uint32_t write, mmu_resolved_frame *frame) {
            static_cast<Host *>(self)->resolve(gfn, write != 0, *frame);
        };
        return host;
    }
};

/* Guest memory as it was when the snapshot was taken. */
class Snapshot : public Owner<mmu_snapshot, mmu_snapshot_destroy> {
public:
    using Owner::Owner;

    /* Puts back what was written since; returns how many pages that were. */
    uint64_t restore()
    {
        uint64_t pages;
        check(mmu_snapshot_restore(get(), &pages));
        return pages;
    }
};

/* One consumer of the pages written in a slot. */
class DirtyLog : public Owner<mmu_dirty_log, mmu_dirty_log_end> {
public:
    using Owner::Owner;

    mmu_dirty_log_info info() const
    {
        auto info = make<mmu_dirty_log_info>();
        check(mmu_dirty_log_get_info(get(), &info));
        return info;
    }

    /* Takes the dirty pages of the whole slot: bit n of word m is page 64 m + n. */
    std::vector<uint64_t> harvest()
    {
        std::vector<uint64_t> bitmap(info().words);
        uint64_t pages;
        check(mmu_dirty_log_harvest(get(), 0, bitmap.data(), static_cast<uint32_t>(bitmap.size()), &pages));
        return bitmap;
    }

    /* Takes them as ranges. */
    std::vector<mmu_dirty_range> harvest_ranges()
    {
        std::vector<mmu_dirty_range> all;
        mmu_dirty_range part[64];
        uint32_t count;
        do {
            part[0].struct_size = sizeof *part;
            check(mmu_dirty_log_harvest_ranges(get(), part, 64, &count));
            all.insert(all.end(), part, part + count);
        } while (count == 64);
        return all;
    }
};

class Vm : public Owner<mmu_vm, mmu_vm_destroy> {
public:
    explicit Vm(const mmu_vm_options &options = make<mmu_vm_options>()) : Owner(create(options, nullptr)) {}
    Vm(const mmu_vm_options &options, Host &host) : Owner(create(options, &host)) {}

    void add_slot(const mmu_slot &slot) { check(mmu_vm_add_slot(get(), &slot)); }
    void add_slot(uint64_t base, uint64_t size, void *memory, mmu_slot_flags flags = MMU_SLOT_FLAGS_NONE)
    {
        auto slot = make<mmu_slot>();
        slot.base = base;
        slot.size = size;
        slot.host_address = reinterpret_cast<uintptr_t>(memory);
        slot.flags = flags;
        add_slot(slot);
    }
    void remove_slot(uint64_t base, uint32_t space = 0) { check(mmu_vm_remove_slot(get(), base, space)); }
    void move_slot(uint64_t from, uint64_t to, uint32_t space = 0) { check(mmu_vm_move_slot(get(), from, to, space)); }

    void read(uint64_t gpa, void *buffer, size_t size, uint32_t space = 0) const { check(mmu_vm_read(get(), gpa, buffer, size, space)); }
    void write(uint64_t gpa, const void *buffer, size_t size, uint32_t space = 0) { check(mmu_vm_write(get(), gpa, buffer, size, space)); }
    void guest_wrote(uint64_t gpa, uint64_t size, uint32_t space = 0) { check(mmu_vm_guest_wrote(get(), gpa, size, space)); }
    void mark_dirty(uint64_t gpa, uint64_t size, uint32_t space = 0) { check(mmu_vm_mark_dirty(get(), gpa, size, space)); }

    void unmap_range(uint64_t start, uint64_t bytes, uint32_t space = 0) { check(mmu_vm_unmap_range(get(), start, bytes, space)); }
    void write_protect(uint64_t start, uint64_t bytes, uint32_t space = 0) { check(mmu_vm_write_protect(get(), start, bytes, space)); }
    void zap_all() { check(mmu_vm_zap_all(get())); }
    bool age(uint64_t start, uint64_t bytes, uint32_t space = 0)
    {
        uint32_t accessed;
        check(mmu_vm_age(get(), start, bytes, space, &accessed));
        return accessed != 0;
    }

    DirtyLog start_dirty_log(uint64_t slot_base, mmu_dirty_log_flags flags = MMU_DIRTY_LOG_FLAGS_NONE, uint32_t space = 0)
    {
        auto options = make<mmu_dirty_log_options>();
        options.flags = flags;
        mmu_dirty_log log;
        check(mmu_dirty_log_start(get(), slot_base, space, &options, &log));
        return DirtyLog(log);
    }
    Snapshot take_snapshot()
    {
        mmu_snapshot snapshot;
        check(mmu_snapshot_take(get(), &snapshot));
        return Snapshot(snapshot);
    }

    mmu_statistics statistics() const
    {
        auto found = make<mmu_statistics>();
        check(mmu_vm_statistics(get(), &found));
        return found;
    }
    /* What is broken in the tables; empty if nothing is. */
    std::string audit() const
    {
        return text([this](char *buffer, uint64_t size, uint64_t *length) { return mmu_vm_audit(get(), buffer, size, length); });
    }
    /* The VM in words. */
    std::string dump(uint32_t most_lines = 4096) const
    {
        return text([this, most_lines](char *buffer, uint64_t size, uint64_t *length) { return mmu_vm_dump(get(), most_lines, buffer, size, length); });
    }

private:
    static mmu_vm create(const mmu_vm_options &options, Host *host)
    {
        mmu_host callbacks = host != nullptr ? host->callbacks() : make<mmu_host>();
        mmu_vm vm;
        check(mmu_vm_create(&options, &callbacks, &vm));
        return vm;
    }
};

class Vcpu : public Owner<mmu_vcpu, mmu_vcpu_destroy> {
public:
    explicit Vcpu(Vm &vm) : Owner(create(vm)) {}

    uint32_t number() const
    {
        uint32_t number;
        check(mmu_vcpu_number(get(), &number));
        return number;
    }

    mmu_control_state_status set_control_state(const mmu_control_state &state)
    {
        mmu_control_state_status verdict;
        check(mmu_vcpu_set_control_state(get(), &state, &verdict));
        return verdict;
    }
    mmu_control_state_status load_cr3(uint64_t value)
    {
        mmu_control_state_status verdict;
        check(mmu_vcpu_load_cr3(get(), value, &verdict));
        return verdict;
    }
    void invalidate_page(uint64_t address) { check(mmu_vcpu_invalidate_page(get(), address)); }

    mmu_run_state begin_run()
    {
        auto state = make<mmu_run_state>();
        check(mmu_vcpu_begin_run(get(), &state));
        return state;
    }
    void end_run() { check(mmu_vcpu_end_run(get())); }
    /* False if the vCPU has to leave and enter anew. */
    bool poll()
    {
        uint32_t stay;
        check(mmu_vcpu_poll(get(), &stay));
        return stay != 0;
    }
    mmu_fault_result handle_fault(const mmu_fault &fault, mmu_walk *walk = nullptr)
    {
        auto result = make<mmu_fault_result>();
        check(mmu_vcpu_handle_fault(get(), &fault, &result, walk));
        return result;
    }
    mmu_fault_result handle_violation(const mmu_violation &violation)
    {
        auto result = make<mmu_fault_result>();
        check(mmu_vcpu_handle_violation(get(), &violation, &result));
        return result;
    }

    mmu_walk translate(uint64_t address, mmu_access access)
    {
        auto walk = make<mmu_walk>();
        check(mmu_translate(get(), address, access, &walk));
        return walk;
    }
    mmu_walk peek(uint64_t address, mmu_access access) const
    {
        auto walk = make<mmu_walk>();
        check(mmu_peek(get(), address, access, &walk));
        return walk;
    }
    std::vector<mmu_walk> translate(const std::vector<uint64_t> &addresses, mmu_access access)
    {
        std::vector<mmu_walk> walks(addresses.size(), make<mmu_walk>());
        if (!addresses.empty()) {
            uint32_t translated;
            check(mmu_translate_many(get(), addresses.data(), static_cast<uint32_t>(addresses.size()), access, walks.data(), &translated));
        }
        return walks;
    }
    std::string explain(uint64_t address, mmu_access access) const
    {
        return text([this, address, access](char *buffer, uint64_t size, uint64_t *length) { return mmu_explain_text(get(), address, access, buffer, size, length); });
    }

    /* The software TLB, for mmu_soft_tlb_probe. */
    uint64_t soft_tlb()
    {
        uint64_t tlb;
        check(mmu_vcpu_soft_tlb(get(), &tlb));
        return tlb;
    }
    mmu_walk resolve(uint64_t address, mmu_access access, mmu_soft_tlb_outcome &outcome)
    {
        auto walk = make<mmu_walk>();
        check(mmu_vcpu_soft_tlb_resolve(get(), address, access, &outcome, &walk));
        return walk;
    }

private:
    static mmu_vcpu create(Vm &vm)
    {
        mmu_vcpu vcpu;
        check(mmu_vcpu_create(vm.get(), &vcpu));
        return vcpu;
    }
};

} // namespace mmu

#endif
