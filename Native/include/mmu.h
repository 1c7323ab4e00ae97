/*
 * mmu.h: the C ABI of Mmu, an embeddable x86 memory-management unit. See docs/c-abi.md.
 * Generated from the C# declarations by Native.Header; do not edit.
 * SPDX-License-Identifier: MIT
 */
#ifndef MMU_H
#define MMU_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MMU_ABI_VERSION 1u

/* A VM. Not a pointer to anything: a number that every function checks. */
typedef struct mmu_vm_opaque *mmu_vm;

/* A vCPU. Not a pointer to anything: a number that every function checks. */
typedef struct mmu_vcpu_opaque *mmu_vcpu;

/*
 * A dirty log: one consumer of the pages written in a slot. Not a pointer to anything: a number that every
 * function checks.
 */
typedef struct mmu_dirty_log_opaque *mmu_dirty_log;

/* Guest memory at one moment. Not a pointer to anything: a number that every function checks. */
typedef struct mmu_snapshot_opaque *mmu_snapshot;

/* What a function returns: 0, or a negative number that says why nothing was done. mmu_last_error has the details. */
typedef int32_t mmu_status;
enum {
    /* Done. */
    MMU_OK = 0,
    /* The handle is null, stale, of another kind, or not of this library. */
    MMU_ERROR_HANDLE = -1,
    /* A pointer that must not be null is null. */
    MMU_ERROR_NULL = -2,
    /* struct_size is not set, or says that fields are set that this version of the library does not know. */
    MMU_ERROR_STRUCT_SIZE = -3,
    /* An argument is outside its limits. */
    MMU_ERROR_ARGUMENT = -4,
    /* The vCPU is in guest but must not be, or is not but must be. */
    MMU_ERROR_STATE = -5,
    /* The object is in use: by another thread, or by a call that this one was made in. */
    MMU_ERROR_BUSY = -6,
    /* The vCPU entered the guest on another thread. */
    MMU_ERROR_THREAD = -7,
    /* The function was called by a callback of the same VM. */
    MMU_ERROR_CALLBACK = -8,
    /* Memory, the private arena, or the room for slots or vCPUs is exhausted. */
    MMU_ERROR_NO_ROOM = -9,
    /* The library was built without what this needs. */
    MMU_ERROR_UNSUPPORTED = -10,
    /* A byte of the range lies outside every slot, or outside every writable one. Nothing was moved. */
    MMU_ERROR_OUTSIDE_MEMORY = -11,
    /* A callback answered what it must not. */
    MMU_ERROR_HOST = -12,
    /* A mistake of the library; please report it. */
    MMU_ERROR_INTERNAL = -13
};

/* A memory access: one of READ, WRITE and FETCH, and how it is made. */
typedef uint32_t mmu_access;
enum {
    /* A data read. */
    MMU_ACCESS_READ = 0,
    /* A data write; a read-modify-write is one. */
    MMU_ACCESS_WRITE = 1,
    /* An instruction fetch. */
    MMU_ACCESS_FETCH = 2,
    /* Made with CPL 3. */
    MMU_ACCESS_USER = 4,
    /* An implicit supervisor access, to a descriptor table for instance. Overrides USER. */
    MMU_ACCESS_IMPLICIT = 8,
    /* EFLAGS.AC is set. */
    MMU_ACCESS_ALIGNMENT_CHECK = 16,
    /* A shadow-stack access. */
    MMU_ACCESS_SHADOW_STACK = 32
};

/* Options of a VM that are on or off. */
typedef uint32_t mmu_vm_flags;
enum {
    /* None. */
    MMU_VM_FLAGS_NONE = 0,
    /* Keeps what entries that are not present name out of the cache: for processors with L1 Terminal Fault. */
    MMU_VM_FLAGS_L1TF = 1,
    /* The tables live in the file table_fd, from table_offset on: a memfd that the VMM maps too. */
    MMU_VM_FLAGS_TABLES_IN_FILE = 2,
    /* A processor walks the guest's tables itself and ours after them: EPT or NPT, by the nested_ fields. */
    MMU_VM_FLAGS_NESTED = 4,
    /* Of nested paging with EPT: leaves the memory type of guest memory to the guest's PAT. */
    MMU_VM_FLAGS_HONOURS_GUEST_PAT = 8,
    /* Of nested paging with EPT: the processor knows pages that can be executed only. */
    MMU_VM_FLAGS_EXECUTE_ONLY = 16,
    /* Huge pages are never executable: a fetch maps 4 KiB. For processors with the iTLB multihit erratum. */
    MMU_VM_FLAGS_NX_HUGE_PAGES = 32,
    /*
     * Of nested paging with accessed and dirty bits: the processor notes the pages it writes (PML), and the VMM
     * hands them to mmu_vcpu_drain_dirty_pages.
     */
    MMU_VM_FLAGS_PAGE_MODIFICATION_LOG = 64
};

/* Paging features that the guest's CPUID does not show. 0 is a recent processor with everything. */
typedef uint32_t mmu_feature;
enum {
    /* Nothing is missing. */
    MMU_FEATURE_NONE = 0,
    /* No PSE: no 4-MiB pages. */
    MMU_FEATURE_PSE = 1,
    /* No PSE-36: no 4-MiB pages above 4 GiB. */
    MMU_FEATURE_PSE36 = 2,
    /* No 1-GiB pages. */
    MMU_FEATURE_PAGES1G = 4,
    /* No NX. */
    MMU_FEATURE_NO_EXECUTE = 8,
    /* No global pages. */
    MMU_FEATURE_GLOBAL_PAGES = 16,
    /* No PCIDs. */
    MMU_FEATURE_PCID = 32,
    /* No SMEP. */
    MMU_FEATURE_SMEP = 64,
    /* No SMAP. */
    MMU_FEATURE_SMAP = 128,
    /* No protection keys for user pages. */
    MMU_FEATURE_PKU = 256,
    /* No protection keys for supervisor pages. */
    MMU_FEATURE_PKS = 512,
    /* No shadow stacks. */
    MMU_FEATURE_SHADOW_STACKS = 1024,
    /* No 5-level paging. */
    MMU_FEATURE_LA57 = 2048,
    /* No linear-address masking. */
    MMU_FEATURE_LAM = 4096
};

/* Properties of a memory slot. */
typedef uint32_t mmu_slot_flags;
enum {
    /* Ordinary memory. */
    MMU_SLOT_FLAGS_NONE = 0,
    /* The guest cannot write to it. */
    MMU_SLOT_FLAGS_READ_ONLY = 1,
    /* Host frames are found page by page, by the host's resolve callback. */
    MMU_SLOT_FLAGS_RESOLVED = 2,
    /* A device's memory, passed through: not cached, not encrypted. For VMs on nested paging. */
    MMU_SLOT_FLAGS_DEVICE = 4,
    /* The guest may fetch and nothing else. For VMs on nested paging with MMU_VM_FLAGS_EXECUTE_ONLY. */
    MMU_SLOT_FLAGS_EXECUTE_ONLY = 8,
    /*
     * host_frame is given. Without it the frame is host_address / 4096, which is right where no processor walks
     * the tables.
     */
    MMU_SLOT_FLAGS_HOST_FRAME = 65536
};

/* How a dirty log works. */
typedef uint32_t mmu_dirty_log_flags;
enum {
    /* A bitmap that starts empty. */
    MMU_DIRTY_LOG_FLAGS_NONE = 0,
    /*
     * Every page counts as written at first, and nothing is write-protected before it is harvested: for consumers
     * that copy everything once anyway. Not with MMU_DIRTY_LOG_FLAGS_USE_RINGS.
     */
    MMU_DIRTY_LOG_FLAGS_INITIALLY_ALL_SET = 1,
    /* Huge pages are split when the log starts; else the first write to each splits it. */
    MMU_DIRTY_LOG_FLAGS_SPLIT_EAGERLY = 2,
    /* When the slot's last log ends, small mappings stay where huge ones could be. */
    MMU_DIRTY_LOG_FLAGS_KEEP_SMALL_PAGES = 4,
    /*
     * What a vCPU writes is reported in its ring, everything else in this log's bitmap. Needs
     * mmu_vm_options.dirty_ring_entries.
     */
    MMU_DIRTY_LOG_FLAGS_USE_RINGS = 8,
    /* Keeps a hash of each page for mmu_dirty_log_find_missed. Reads every page when the log starts: for tests. */
    MMU_DIRTY_LOG_FLAGS_VERIFY = 16
};

/* What is true of a walk. */
typedef uint32_t mmu_walk_flags;
enum {
    /* Nothing. */
    MMU_WALK_FLAGS_NONE = 0,
    /* The translation is global: it outlives a CR3 write. */
    MMU_WALK_FLAGS_GLOBAL = 1,
    /* The second dimension of a nested walk refused. */
    MMU_WALK_FLAGS_SECOND_DIMENSION = 2,
    /* It refused the access itself, not one to a guest table. */
    MMU_WALK_FLAGS_FINAL_ACCESS = 4
};

/* Whose rules apply where Intel's and AMD's differ. */
typedef uint32_t mmu_vendor;
enum {
    /* Intel. */
    MMU_VENDOR_INTEL = 0,
    /* AMD. */
    MMU_VENDOR_AMD = 1
};

/*
 * Whether control state is legal; anything but Legal is #GP for the guest's write, or a failed VM entry, and
 * changes nothing.
 */
typedef uint32_t mmu_control_state_status;
enum {
    /* Legal: it is in force. */
    MMU_CONTROL_STATE_STATUS_LEGAL = 0,
    /* CR0, CR4 or EFER has a bit whose feature the CPU lacks. */
    MMU_CONTROL_STATE_STATUS_UNSUPPORTED_FEATURE = 1,
    /*
     * A combination that a CPU cannot be in: long mode without PAE, CR4.CET without CR0.WP, CR4.PCIDE outside long
     * mode.
     */
    MMU_CONTROL_STATE_STATUS_ILLEGAL_COMBINATION = 2,
    /* CR3 has a reserved bit. */
    MMU_CONTROL_STATE_STATUS_CR3RESERVED = 3,
    /* A PDPTE has a reserved bit. */
    MMU_CONTROL_STATE_STATUS_PDPTE_RESERVED = 4,
    /* The PDPTEs lie outside memory, or behind a second dimension that does not map them. */
    MMU_CONTROL_STATE_STATUS_PDPTES_UNREACHABLE = 5,
    /*
     * The EPT pointer is malformed or asks for something that is not supported, or its log (log_address) is not a
     * page that the CPU can address.
     */
    MMU_CONTROL_STATE_STATUS_EPT_POINTER_INVALID = 6,
    /* The nested CR3 has a reserved bit, or its host is in no paging mode. */
    MMU_CONTROL_STATE_STATUS_NESTED_CR3INVALID = 7,
    /*
     * CR4.CET is set, and the engine that builds the vCPU's tables, the Shadow MMU, does not support shadow
     * stacks.
     */
    MMU_CONTROL_STATE_STATUS_SHADOW_STACKS_UNSUPPORTED = 8
};

/* Whether a vCPU has a root to run on. */
typedef uint32_t mmu_root_status;
enum {
    /* It has. */
    MMU_ROOT_STATUS_LOADED = 0,
    /* The table arena is full and nothing could be reclaimed. */
    MMU_ROOT_STATUS_OUT_OF_PAGES = 1,
    /*
     * 32-bit, PAE and unpaged guests need a root below 4 GiB, and the arena has none: place its first frames
     * there.
     */
    MMU_ROOT_STATUS_NO_ROOT_BELOW4GIB = 2,
    /* The VM was stopped after its tables were found corrupt. */
    MMU_ROOT_STATUS_VM_DEAD = 3,
    /* The vCPU's dirty ring is nearly full: take what it holds and call mmu_vm_reset_dirty_rings, then enter. */
    MMU_ROOT_STATUS_DIRTY_RING_FULL = 4
};

/* How a walk ended, and so what the caller has to do. */
typedef uint32_t mmu_walk_outcome;
enum {
    /* No walk was made. */
    MMU_WALK_OUTCOME_NONE = 0,
    /* The access is allowed and the address translated. */
    MMU_WALK_OUTCOME_TRANSLATED = 1,
    /* Inject #PF with code and CR2 = linear_address. */
    MMU_WALK_OUTCOME_PAGE_FAULT = 2,
    /* The address is not canonical: inject #GP, or #SS for a stack access. */
    MMU_WALK_OUTCOME_NON_CANONICAL = 3,
    /* Reflect an EPT violation with code. */
    MMU_WALK_OUTCOME_EPT_VIOLATION = 4,
    /* Reflect an EPT misconfiguration. */
    MMU_WALK_OUTCOME_EPT_MISCONFIGURATION = 5,
    /* Reflect a nested page fault with code. */
    MMU_WALK_OUTCOME_NESTED_PAGE_FAULT = 6,
    /* Nothing was decided because other processors kept changing the tables: run the access again. */
    MMU_WALK_OUTCOME_RETRY = 7,
    /* Reflect that the log of modified pages is full (log_address): nothing was marked. */
    MMU_WALK_OUTCOME_MODIFICATION_LOG_FULL = 8
};

/* The rule that refused an access. */
typedef uint32_t mmu_fault_cause;
enum {
    /* None did. */
    MMU_FAULT_CAUSE_NONE = 0,
    /* The linear address is not canonical. */
    MMU_FAULT_CAUSE_NON_CANONICAL = 1,
    /* The second dimension does not translate addresses that wide. */
    MMU_FAULT_CAUSE_ADDRESS_TOO_WIDE = 2,
    /* An entry is not present. */
    MMU_FAULT_CAUSE_NOT_PRESENT = 3,
    /* A table lies outside every memory slot. */
    MMU_FAULT_CAUSE_TABLE_OUTSIDE_MEMORY = 4,
    /* A reserved bit is set. */
    MMU_FAULT_CAUSE_RESERVED_BIT = 5,
    /* An EPT entry has a combination of rights that does not exist. */
    MMU_FAULT_CAUSE_BAD_RIGHTS = 6,
    /* An EPT leaf has a reserved memory type. */
    MMU_FAULT_CAUSE_BAD_MEMORY_TYPE = 7,
    /* An EPT entry does not allow reads. */
    MMU_FAULT_CAUSE_NOT_READABLE = 8,
    /* A write to a read-only page. */
    MMU_FAULT_CAUSE_NOT_WRITABLE = 9,
    /* A user access to a supervisor page. */
    MMU_FAULT_CAUSE_NOT_USER = 10,
    /* A fetch from a no-execute page. */
    MMU_FAULT_CAUSE_NOT_EXECUTABLE = 11,
    /* SMEP: a supervisor fetch from a user page. */
    MMU_FAULT_CAUSE_SMEP = 12,
    /* SMAP: a supervisor access to a user page. */
    MMU_FAULT_CAUSE_SMAP = 13,
    /* A protection key refused. */
    MMU_FAULT_CAUSE_PROTECTION_KEY = 14,
    /* A shadow-stack access to a page that is no shadow-stack page of its privilege. */
    MMU_FAULT_CAUSE_SHADOW_STACK = 15,
    /* Other processors kept changing the entries that had to be marked. */
    MMU_FAULT_CAUSE_LOST_EXCHANGES = 16
};

/*
 * Error code of a page fault. Intel SDM "Page-Fault Exceptions". The low half of a nested page fault's EXITINFO1
 * has the same bits.
 */
typedef uint32_t mmu_page_fault;
enum {
    /* A read by the supervisor of a page that is not present. */
    MMU_PAGE_FAULT_NONE = 0,
    /* P: the page was present. */
    MMU_PAGE_FAULT_PRESENT = 1,
    /* W/R: a write. */
    MMU_PAGE_FAULT_WRITE = 2,
    /* U/S: a user access. */
    MMU_PAGE_FAULT_USER = 4,
    /* RSVD: a reserved bit was set. */
    MMU_PAGE_FAULT_RESERVED = 8,
    /* I/D: a fetch. */
    MMU_PAGE_FAULT_FETCH = 16,
    /* PK: a protection key refused. */
    MMU_PAGE_FAULT_PROTECTION_KEY = 32,
    /* SS: a shadow-stack access. */
    MMU_PAGE_FAULT_SHADOW_STACK = 64
};

/* What the entries of a path allow, all levels taken together. */
typedef uint32_t mmu_rights;
enum {
    /* Nothing. */
    MMU_RIGHTS_NONE = 0,
    /* Reads. */
    MMU_RIGHTS_READ = 1,
    /* Writes. */
    MMU_RIGHTS_WRITE = 2,
    /* User accesses; in EPT with mode-based execute control, fetches from user-mode addresses. */
    MMU_RIGHTS_USER = 4,
    /* Fetches. */
    MMU_RIGHTS_EXECUTE = 8
};

/* A memory type, with the encoding of PAT entries and EPT leaves. Intel SDM "Memory Types". */
typedef uint32_t mmu_memory_type;
enum {
    /* UC: uncacheable. */
    MMU_MEMORY_TYPE_UNCACHEABLE = 0,
    /* WC: write combining. */
    MMU_MEMORY_TYPE_WRITE_COMBINING = 1,
    /* WT: write through. */
    MMU_MEMORY_TYPE_WRITE_THROUGH = 4,
    /* WP: write protected. */
    MMU_MEMORY_TYPE_WRITE_PROTECTED = 5,
    /* WB: write back. */
    MMU_MEMORY_TYPE_WRITE_BACK = 6,
    /* UC−: uncacheable unless an MTRR says write combining. */
    MMU_MEMORY_TYPE_UNCACHEABLE_MINUS = 7
};

/* The answer to a fault, and so what the VMM has to do. */
typedef uint32_t mmu_fault_outcome;
enum {
    /* No fault was handled. */
    MMU_FAULT_OUTCOME_NONE = 0,
    /* The tables now allow the access: run the guest again. */
    MMU_FAULT_OUTCOME_FIXED = 1,
    /* They allowed it already, the processor had an older translation: run the guest again. */
    MMU_FAULT_OUTCOME_SPURIOUS = 2,
    /* Something changed meanwhile, or the vCPU has to enter the guest anew first: run the guest again. */
    MMU_FAULT_OUTCOME_RETRY = 3,
    /* The guest's own tables refuse: inject the fault in Walk. */
    MMU_FAULT_OUTCOME_INJECT = 4,
    /* The access is allowed but no mapping can allow just it: emulate the instruction. */
    MMU_FAULT_OUTCOME_EMULATE = 5,
    /*
     * A write to a guest table that is shadowed, or to a tracked frame: emulate the instruction and announce its
     * store, or ask to unprotect the frame.
     */
    MMU_FAULT_OUTCOME_WRITE_PROTECTED = 6,
    /* No slot holds Gpa, or a write found a read-only slot: emulate the access to the device or ROM there. */
    MMU_FAULT_OUTCOME_MMIO = 7,
    /* The table arena is full and nothing could be reclaimed: free vCPUs or enlarge the arena. */
    MMU_FAULT_OUTCOME_OUT_OF_PAGES = 8,
    /* The VMM has no frame yet: wait for Token, then run the guest again. */
    MMU_FAULT_OUTCOME_NOT_YET = 9,
    /* The frame's memory is lost to a hardware error: tell the guest (machine check) or stop it. */
    MMU_FAULT_OUTCOME_POISONED = 10,
    /*
     * The memory is not to be accessed like this: as private memory while it is shared or the other way round, or
     * otherwise than by fetches in a slot for these alone. IsPrivate tells how it was accessed.
     */
    MMU_FAULT_OUTCOME_MEMORY_FAULT = 11,
    /* The VM was stopped after its tables were found corrupt. */
    MMU_FAULT_OUTCOME_VM_DEAD = 12
};

/* How an INVPCID, INVEPT or INVVPID instruction ended. */
typedef uint32_t mmu_invalidate_status;
enum {
    /* Done: the instruction completes. */
    MMU_INVALIDATE_STATUS_DONE = 0,
    /* Its operands are illegal: inject #GP(0). Nothing has changed. */
    MMU_INVALIDATE_STATUS_GENERAL_PROTECTION = 1,
    /* Its operands are illegal: VMfail with error 28, "Invalid operand to INVEPT/INVVPID". Nothing has changed. */
    MMU_INVALIDATE_STATUS_INVALID_OPERAND = 2
};

/* What mmu_vcpu_soft_tlb_resolve found, and so what the client does. */
typedef uint32_t mmu_soft_tlb_outcome;
enum {
    /* Nothing was resolved. */
    MMU_SOFT_TLB_OUTCOME_NONE = 0,
    /* Make the access through host_address, up to the end of its 4-KiB page. It is cached where it may be. */
    MMU_SOFT_TLB_OUTCOME_MEMORY = 1,
    /* No slot holds gpa, or a write found a read-only slot: emulate the device or ROM there. */
    MMU_SOFT_TLB_OUTCOME_MMIO = 2,
    /*
     * Somebody wants to know of the store: the frame's writes are tracked, or it holds a table that is shadowed.
     * Leave the guest and make the store through mmu_vm_write, or announce it with mmu_vm_guest_wrote.
     */
    MMU_SOFT_TLB_OUTCOME_ANNOUNCE = 3,
    /* The guest's tables refuse the access: inject the fault in the result. */
    MMU_SOFT_TLB_OUTCOME_FAULT = 4,
    /* Other processors, or the host, keep changing things: poll, then make the access again. */
    MMU_SOFT_TLB_OUTCOME_RETRY = 5
};

/* Which translations a flush concerns. */
typedef uint32_t mmu_flush_scope;
enum {
    /* Every translation made from this VM's tables. */
    MMU_FLUSH_SCOPE_ALL = 0,
    /* Every translation of the vCPU's current root. */
    MMU_FLUSH_SCOPE_CURRENT_ROOT = 1,
    /* Translations of one linear address, global ones and those of other roots included. */
    MMU_FLUSH_SCOPE_PAGE = 2
};

/* What a root translates, and so where a processor is to be given it. */
typedef uint32_t mmu_root_kind;
enum {
    /* Linear addresses, in the guest's stead: CR3. */
    MMU_ROOT_KIND_LINEAR = 0,
    /* Guest physical addresses, after the guest's own tables: EPTP, or nCR3. */
    MMU_ROOT_KIND_NESTED = 1
};

/* Formats of the tables that translate guest physical addresses. */
typedef uint32_t mmu_nested_format;
enum {
    /*
     * Extended page tables whose accessed and dirty bits the processor sets: EPTP bit 6 is to be set. Intel SDM
     * "Accessed and Dirty Flags for EPT".
     */
    MMU_NESTED_FORMAT_EPT = 0,
    /* Extended page tables of a processor that sets no accessed and dirty bits, or is not to: EPTP bit 6 clear. */
    MMU_NESTED_FORMAT_EPT_NO_ACCESSED_DIRTY = 1,
    /* Nested page tables. AMD APM "Nested Paging". */
    MMU_NESTED_FORMAT_NPT = 2
};

/* How the processor reported a fault of the second dimension. */
typedef uint32_t mmu_violation_source;
enum {
    /* It did not: access and flags say what happened. */
    MMU_VIOLATION_SOURCE_GIVEN = 0,
    /* An EPT violation; code is its exit qualification. */
    MMU_VIOLATION_SOURCE_EPT_VIOLATION = 1,
    /* An EPT misconfiguration. */
    MMU_VIOLATION_SOURCE_EPT_MISCONFIGURATION = 2,
    /* A nested page fault; code is EXITINFO1. */
    MMU_VIOLATION_SOURCE_NESTED_PAGE_FAULT = 3
};

/* What a processor says of an access that the second dimension refused. */
typedef uint32_t mmu_violation_flags;
enum {
    /* Nothing was mapped. */
    MMU_VIOLATION_FLAGS_NONE = 0,
    /* Something was mapped, but not for this access. */
    MMU_VIOLATION_FLAGS_PRESENT = 1,
    /*
     * An entry was met that no processor accepts: EPT misconfiguration, or a nested page fault for a reserved bit.
     * So MMIO is marked.
     */
    MMU_VIOLATION_FLAGS_MISCONFIGURED = 2,
    /* The guest accessed the address as private memory. */
    MMU_VIOLATION_FLAGS_PRIVATE = 4,
    /* The processor made the access while it walked the guest's own tables. */
    MMU_VIOLATION_FLAGS_PAGE_WALK = 8,
    /* No linear address belongs to it: the load of the PDPTEs by a MOV to CR3, for instance. */
    MMU_VIOLATION_FLAGS_NO_LINEAR_ADDRESS = 16
};

/* What the VMM found for a guest frame. */
typedef uint32_t mmu_resolved_kind;
enum {
    /* A frame that may be read and written. */
    MMU_RESOLVED_KIND_PRESENT = 0,
    /* A frame that may only be read for now: copy-on-write. */
    MMU_RESOLVED_KIND_READ_ONLY = 1,
    /* Nothing yet; the access is to be tried again later. */
    MMU_RESOLVED_KIND_NOT_YET = 2,
    /* The memory is lost. */
    MMU_RESOLVED_KIND_POISONED = 3,
    /* There is no memory: a device answers. */
    MMU_RESOLVED_KIND_MMIO = 4
};

/* A moment that a trace tells of. Names and fields are those of KVM's tracepoints: TracePoints. */
typedef uint32_t mmu_trace_point;
enum {
    /* None. */
    MMU_TRACE_POINT_NONE = 0,
    /* A processor raised a fault on our tables. */
    MMU_TRACE_POINT_PAGE_FAULT = 1,
    /* The guest's tables are about to be walked. */
    MMU_TRACE_POINT_PAGETABLE_WALK = 2,
    /* The entry at which the walk ended. */
    MMU_TRACE_POINT_PAGING_ELEMENT = 3,
    /* A walk set the accessed bit of a guest's entry. */
    MMU_TRACE_POINT_SET_ACCESSED_BIT = 4,
    /* A walk set the dirty bit of a guest's entry. */
    MMU_TRACE_POINT_SET_DIRTY_BIT = 5,
    /* The guest's tables refuse the access. */
    MMU_TRACE_POINT_WALKER_ERROR = 6,
    /* A table was found or made. */
    MMU_TRACE_POINT_GET_PAGE = 7,
    /* A table is being brought in step with the guest's. */
    MMU_TRACE_POINT_SYNC_PAGE = 8,
    /* The guest may write a shadowed table at will from now on. */
    MMU_TRACE_POINT_UNSYNC_PAGE = 9,
    /* A table is being taken apart. */
    MMU_TRACE_POINT_PREPARE_ZAP_PAGE = 10,
    /* An entry now says that there is no memory. */
    MMU_TRACE_POINT_MARK_MMIO_SPTE = 11,
    /* An entry that says so answered a fault. */
    MMU_TRACE_POINT_HANDLE_MMIO_PAGE_FAULT = 12,
    /* An entry that says so was looked at. */
    MMU_TRACE_POINT_CHECK_MMIO_SPTE = 13,
    /* A fault was answered without the lock. */
    MMU_TRACE_POINT_FAST_PAGE_FAULT = 14,
    /* All tables became obsolete. */
    MMU_TRACE_POINT_ZAP_ALL_FAST = 15,
    /* A page is to be mapped. */
    MMU_TRACE_POINT_SPTE_REQUESTED = 16,
    /* A leaf was set for a fault. */
    MMU_TRACE_POINT_SET_SPTE = 17,
    /* An entry of the TDP MMU came, went or names another place. */
    MMU_TRACE_POINT_TDP_SPTE_CHANGED = 18,
    /* A huge page was split. */
    MMU_TRACE_POINT_SPLIT_HUGE_PAGE = 19
};

/* The registers that decide how a vCPU translates. */
typedef struct mmu_control_state {
    /* sizeof the struct. */
    uint32_t struct_size;
    /* PKRU. */
    uint32_t pkru;
    /* IA32_PKRS. */
    uint32_t pkrs;
    /* 0. */
    uint32_t reserved;
    /* CR0. */
    uint64_t cr0;
    /* CR3 as written, with PCID and LAM bits; bit 63 with CR4.PCIDE keeps translations. */
    uint64_t cr3;
    /* CR4. */
    uint64_t cr4;
    /* IA32_EFER. */
    uint64_t efer;
    /* IA32_PAT; 0 for its power-up value, 0x0007040600070406. */
    uint64_t pat;
} mmu_control_state;

/* What a dirty log logs. */
typedef struct mmu_dirty_log_info {
    /* sizeof the struct. */
    uint32_t struct_size;
    /* 0, or 1 for the address space of system-management mode. */
    uint32_t address_space;
    /* First guest physical address of the slot. */
    uint64_t slot_base;
    /* Pages of the slot. */
    uint64_t pages;
    /* Words of 64 bits that a bitmap of the whole slot has. */
    uint32_t words;
    /* Number of the slot in dirty rings. */
    uint32_t slot;
    /* Not 0 when the slot was removed or moved: the log answers MMU_ERROR_STATE from then on. */
    uint32_t has_ended;
    /* 0. */
    uint32_t reserved;
    /* Words of the log that all harvests so far have looked at: what they cost, whatever the machine. */
    uint64_t words_visited;
} mmu_dirty_log_info;

/* How a dirty log works. Zero is the default: a bitmap that starts empty. */
typedef struct mmu_dirty_log_options {
    /* sizeof the struct. */
    uint32_t struct_size;
    /* What is on. */
    mmu_dirty_log_flags flags;
} mmu_dirty_log_options;

/* A page that a vCPU has written, from its dirty ring. */
typedef struct mmu_dirty_page {
    /* sizeof the struct. */
    uint32_t struct_size;
    /* The number of the vCPU. */
    uint32_t vcpu;
    /* Which slot: mmu_dirty_log_info.slot. */
    uint32_t slot;
    /* 0. */
    uint32_t reserved;
    /* The page of the slot, from 0. */
    uint64_t page;
} mmu_dirty_page;

/* Adjacent pages that were written. */
typedef struct mmu_dirty_range {
    /* sizeof the struct. */
    uint32_t struct_size;
    /* 0. */
    uint32_t reserved;
    /* The first guest physical address. */
    uint64_t start;
    /* Size in bytes; a multiple of 4096. */
    uint64_t bytes;
} mmu_dirty_range;

/* A page fault that a processor raised while it ran on our tables. */
typedef struct mmu_fault {
    /* sizeof the struct. */
    uint32_t struct_size;
    /* The access, with the privilege and EFLAGS.AC that it was made with. */
    mmu_access access;
    /* The linear address: CR2. */
    uint64_t address;
    /* The error code of the fault. */
    mmu_page_fault error_code;
    /* 0. */
    uint32_t reserved;
} mmu_fault;

/* What to do after a fault. Members that do not belong to the outcome are 0. */
typedef struct mmu_fault_result {
    /* sizeof the struct. */
    uint32_t struct_size;
    /* What to do. */
    mmu_fault_outcome outcome;
    /* The guest physical address of the access, if the guest's tables translate it. */
    uint64_t gpa;
    /* Of NOT_YET: what the resolver gave. */
    uint64_t token;
    /* Of WRITE_PROTECTED: not 0 if the store goes to a table that its own translation uses. It must be emulated. */
    uint32_t hits_own_tables;
    /* Of MEMORY_FAULT: not 0 if the memory was accessed as private memory. */
    uint32_t is_private;
} mmu_fault_result;

/* What the VMM knows of a guest frame. */
typedef struct mmu_resolved_frame {
    /* sizeof the struct. */
    uint32_t struct_size;
    /* Whether there is a frame. */
    mmu_resolved_kind kind;
    /* Of PRESENT and READ_ONLY: the host frame number. */
    uint64_t frame;
    /* Of NOT_YET: what to wait for; not 0. */
    uint64_t token;
    /* log2 of the frames around it that follow each other, aligned: 0, 9 for 2 MiB, 18 for 1 GiB. */
    uint32_t order;
    /* 0. */
    uint32_t reserved;
} mmu_resolved_frame;

/* What the processor that runs the guest must be loaded with, from entry to exit. */
typedef struct mmu_run_state {
    /* sizeof the struct. */
    uint32_t struct_size;
    /* LOADED: the vCPU is in guest now. Else why it is not; the rest is 0. */
    mmu_root_status status;
    /* Host physical address of the root table, for CR3. Tag the TLB by root, or empty it when the root changes. */
    uint64_t root_address;
    /* Paging mode of the tables: 3 (PAE paging), 4 or 5 levels. */
    uint32_t levels;
    /* What the root is for: CR3, or EPTP or nCR3. */
    mmu_root_kind kind;
} mmu_run_state;

/* A range of guest memory, and where it lies in this process. */
typedef struct mmu_slot {
    /* sizeof the struct. */
    uint32_t struct_size;
    /* Which fields count, and what the guest may do to it. */
    mmu_slot_flags flags;
    /* First guest physical address; a multiple of 4096. */
    uint64_t base;
    /* Size in bytes; a multiple of 4096, not 0. */
    uint64_t size;
    /* Its first byte in this process; a multiple of 4096. Must stay valid until mmu_vm_remove_slot has returned. */
    uint64_t host_address;
    /* Of MMU_SLOT_FLAGS_HOST_FRAME: host frame of its first page, as the processor that walks the tables sees it. */
    uint64_t host_frame;
    /* 0, or 1 for vCPUs in system-management mode. */
    uint32_t address_space;
    /* 0. */
    uint32_t reserved;
} mmu_slot;

/* Exact counters of a VM since it was created, and its present sizes. */
typedef struct mmu_statistics {
    /* sizeof the struct. */
    uint32_t struct_size;
    /* 0. */
    uint32_t reserved;
    /* Faults handled. */
    uint64_t faults;
    /* Faults after which the guest could go on. */
    uint64_t faults_fixed;
    /* Faults that the tables allowed already. */
    uint64_t faults_spurious;
    /* Faults handed to the guest. */
    uint64_t faults_injected;
    /* Stores to SPTEs. */
    uint64_t spte_stores;
    /* Tables made. */
    uint64_t tables_allocated;
    /* Tables taken apart. */
    uint64_t tables_zapped;
    /* Tables taken apart to make room. */
    uint64_t tables_recycled;
    /* Tables taken apart because the guest kept writing to them. */
    uint64_t tables_flooded;
    /* Times that a table became unsync. */
    uint64_t unsyncs;
    /* Announced stores to shadowed guest tables. */
    uint64_t table_writes;
    /* Pages mapped ahead of an access. */
    uint64_t prefetched;
    /* TLB flushes of other vCPUs. */
    uint64_t remote_flushes;
    /* Tables in use now, roots still referenced included. */
    uint64_t tables;
    /* 4-KiB mappings now. */
    uint64_t pages4k;
    /* 2-MiB mappings now. */
    uint64_t pages2m;
    /* 1-GiB mappings now. */
    uint64_t pages1g;
    /* Bytes of bookkeeping now: tables, headers, shadowed translations, rmaps, hash, per-slot data. */
    uint64_t metadata_bytes;
    /* Faults whose access is to be emulated: MMIO, or a write to a frame that is not to be written. */
    uint64_t faults_emulated;
    /* Faults of faults_fixed that took no lock. */
    uint64_t faults_fast;
    /* Entries of upper tables dropped for announced stores. */
    uint64_t upper_entries_zapped;
    /* Entries made that say that there is no memory. */
    uint64_t mmio_entries;
    /* Tables made only to keep a huge page from being executable, now. */
    uint64_t nx_splits;
    /* Times that all vCPUs were asked to flush, those included that found none of them in guest. */
    uint64_t flush_requests;
    /* TLB flushes of a vCPU by itself, at its entry or poll. */
    uint64_t tlb_flushes;
    /* Linear addresses that guests invalidated. */
    uint64_t invalidations;
    /* Shadow tables that are unsync now. */
    uint64_t unsync_tables;
    /* Most shadow leaves of one frame so far; 0 if no frame had more than one. */
    uint64_t longest_rmap;
} mmu_statistics;

/* The memory that a processor walks: what a VMM maps into that processor's address space, read and write. */
typedef struct mmu_table_memory {
    /* sizeof the struct. */
    uint32_t struct_size;
    /* 0. */
    uint32_t reserved;
    /* Its first byte in this process. */
    uint64_t host_address;
    /* Its size in bytes. */
    uint64_t bytes;
    /* The host frame at which the processor must find it. */
    uint64_t first_frame;
} mmu_table_memory;

/* An event of a trace: mmu_trace_point_name and mmu_trace_field_name tell what it is. */
typedef struct mmu_trace_event {
    /* sizeof the struct. */
    uint32_t struct_size;
    /* What it tells of. */
    mmu_trace_point point;
    /* The vCPU's number; -1 where the event has none. */
    int32_t vcpu;
    /* How many fields it has. */
    uint32_t field_count;
    /* The number of the event since tracing began, from 0 on. */
    uint64_t number;
    /* Its fields, 0 after the last one. */
    uint64_t fields[6];
} mmu_trace_event;

/* An EPT violation, an EPT misconfiguration or a nested page fault. */
typedef struct mmu_violation {
    /* sizeof the struct. */
    uint32_t struct_size;
    /* How the processor reported it: which of the fields below count. */
    mmu_violation_source source;
    /* The guest physical address. */
    uint64_t gpa;
    /* Exit qualification or EXITINFO1, by source. */
    uint64_t code;
    /* Of MMU_VIOLATION_SOURCE_GIVEN: the access. */
    mmu_access access;
    /* Of MMU_VIOLATION_SOURCE_GIVEN: what else is known. */
    mmu_violation_flags flags;
} mmu_violation;

/* What a VM is created with. Zero is the default everywhere: a software client's VM. */
typedef struct mmu_vm_options {
    /* sizeof the struct. */
    uint32_t struct_size;
    /* Options that are on or off. */
    mmu_vm_flags flags;
    /* Vendor of the guest's CPU. */
    mmu_vendor vendor;
    /* Features that the guest's CPU lacks. */
    mmu_feature lacking_features;
    /* MAXPHYADDR of the guest's CPU, 32 to 52 bits; 0 for 52. */
    uint32_t physical_address_bits;
    /* MAXPHYADDR of the processor that walks the tables, 32 to 52 bits; 0 for 52, where none does. */
    uint32_t host_physical_address_bits;
    /* Pages of 4 KiB for tables, 8 to 2^22; 0 for 65536. */
    uint32_t table_pages;
    /* Most tables in use before the oldest are taken apart, at least 8; 0 for as many as there are pages. */
    uint32_t table_quota;
    /* Most vCPUs, 1 to 1024; 0 for 64. */
    uint32_t max_vcpus;
    /* Of MMU_VM_FLAGS_TABLES_IN_FILE: the file. Not needed once the VM is made. */
    int32_t table_fd;
    /* Of MMU_VM_FLAGS_TABLES_IN_FILE: where in the file the first page starts; a multiple of 4096. */
    uint64_t table_offset;
    /* Memory of the caller's for the tables, a multiple of 4096; 0 for memory that the library maps. */
    uint64_t table_address;
    /* Host frame of the first table page, as the processor that walks the tables sees it; 0 where none does. */
    uint64_t first_table_frame;
    /* Memory-encryption bit that every entry gets, as a mask of one of bits 51:12; 0 for none. */
    uint64_t encryption_bit;
    /* Address space in bytes for what the library keeps about tables and slots; 0 for enough for 256 GiB of slots. */
    uint64_t private_bytes;
    /* Of MMU_VM_FLAGS_NESTED: format of the tables. */
    mmu_nested_format nested_format;
    /* Of MMU_VM_FLAGS_NESTED: levels of the tables, 4 or 5; 0 for 4. */
    uint32_t nested_levels;
    /* Of MMU_VM_FLAGS_NESTED: largest pages, 1 for 4 KiB, 2 for 2 MiB, 3 for 1 GiB; 0 for 3. */
    uint32_t nested_highest_page_level;
    /*
     * Entries of each vCPU's dirty ring, a power of two from 128, or 2048 with MMU_VM_FLAGS_PAGE_MODIFICATION_LOG,
     * to 65536; 0 for no rings.
     */
    uint32_t dirty_ring_entries;
} mmu_vm_options;

/* What a walk of the guest's tables found. Members that do not belong to the outcome are 0. */
typedef struct mmu_walk {
    /* sizeof the struct. */
    uint32_t struct_size;
    /* How the walk ended. */
    mmu_walk_outcome outcome;
    /* On success the guest physical address. */
    uint64_t gpa;
    /*
     * On success the pointer to the byte in this process, good up to the end of its 4-KiB page; 0 outside every
     * slot (MMIO). Given for writes to read-only slots too, which must not be made through it.
     */
    uint64_t host_address;
    /* The guest's leaf entry on success, else the entry that refused, as it was read. */
    uint64_t entry;
    /* Level of that entry; 0 if none was read. */
    uint32_t level;
    /* On success log2 of the page's size in bytes. */
    uint32_t page_shift;
    /* On success what the whole path allows. */
    mmu_rights rights;
    /* On success the memory type that paging gives. */
    mmu_memory_type memory_type;
    /* What else is true of it. */
    mmu_walk_flags flags;
    /* On a fault the rule that refused. */
    mmu_fault_cause cause;
    /* On a fault the address of the entry that refused; 0 for a PDPTE register. */
    uint64_t entry_address;
    /* On a fault the linear address, untagged: CR2. */
    uint64_t linear_address;
    /* The error code of a page fault; the exit qualification or EXITINFO1 of a fault of the second dimension. */
    uint64_t code;
    /* Of a nested walk the address before the second dimension. */
    uint64_t nested_gpa;
} mmu_walk;

/* One entry that a walk read. */
typedef struct mmu_walk_step {
    /* sizeof the struct. */
    uint32_t struct_size;
    /* MMU_WALK_FLAGS_SECOND_DIMENSION, or 0. */
    mmu_walk_flags flags;
    /* Level of its table. */
    uint32_t level;
    /* What the path allows so far. */
    mmu_rights rights;
    /* Where it lies. */
    uint64_t entry_address;
    /* The entry as it was read. */
    uint64_t entry;
} mmu_walk_step;

/*
 * Empties TLBs of vCPUs: either the calling vCPU alone, at its entry or poll, or vCPUs that are in guest on other
 * threads. A larger flush is always right.
 * context: The host's context.
 * vcpus: Their numbers.
 * count: How many there are.
 * scope: Which translations.
 * address: Of MMU_FLUSH_SCOPE_PAGE, the linear address.
 * Returns: Not 0: done, none of them uses an older translation any more. 0: not reached from here; the library
 * kicks them and waits until each has entered anew or polled. For the calling vCPU it must not be 0.
 */
typedef uint32_t (*mmu_flush_fn)(void *context, const uint32_t *vcpus, uint32_t count, mmu_flush_scope scope, uint64_t address);

/*
 * Makes vCPUs leave the guest, or poll, soon. Must not wait.
 * context: The host's context.
 * vcpus: Their numbers; they are in guest on other threads.
 * count: How many there are.
 */
typedef void (*mmu_kick_fn)(void *context, const uint32_t *vcpus, uint32_t count);

/*
 * Finds the host frame of a guest frame on demand. May take its time: no lock is held.
 * context: The host's context.
 * gfn: The guest frame number.
 * write: Not 0 if the access writes.
 * frame: Receives the answer; its struct_size is set.
 */
typedef void (*mmu_resolve_fn)(void *context, uint64_t gfn, uint32_t write, mmu_resolved_frame *frame);

/* The VMM's callbacks. They must return normally, and call no function of the library for the same VM. */
typedef struct mmu_host {
    /* sizeof the struct. */
    uint32_t struct_size;
    /* 0. */
    uint32_t reserved;
    /* Handed to every callback. */
    void *context;
    /* Empties TLBs. NULL where there is none but the library's software TLB. */
    mmu_flush_fn flush;
    /* Makes vCPUs leave the guest or poll soon. NULL if all poll often by themselves. */
    mmu_kick_fn kick;
    /* Finds host frames of slots with MMU_SLOT_FLAGS_RESOLVED. NULL if there are none. */
    mmu_resolve_fn resolve;
} mmu_host;

/* The library. Any thread. */

/* Version of the ABI of the library in this process, to compare with MMU_ABI_VERSION of the header. */
uint32_t mmu_abi_version(void);

/*
 * Name of a status.
 * status: What a function returned.
 * Returns: A string that is never freed.
 */
const char *mmu_strerror(mmu_status status);

/*
 * Copies what the calling thread's last failure was about.
 * buffer: Receives the text, cut to fit and ended by 0; may be NULL if size is 0.
 * size: Its size in bytes.
 * Returns: Length of the whole text in bytes, without the 0.
 */
uint64_t mmu_last_error(char *buffer, uint64_t size);

/*
 * Virtual machines. Any thread, several at a time; not a thread that has a vCPU of the VM in guest, and not a
 * callback.
 */

/*
 * Creates a VM without slots and vCPUs.
 * options: Its options; NULL for the defaults.
 * host: The VMM's callbacks, copied; NULL for none.
 * vm: Receives the VM.
 */
mmu_status mmu_vm_create(const mmu_vm_options *options, const mmu_host *host, mmu_vm *vm);

/*
 * Destroys a VM and its vCPUs, none of which is in guest; their handles become stale. The slots' memory stays the
 * caller's.
 * vm: The VM.
 * Returns: MMU_ERROR_BUSY if another thread is in a call for it, MMU_ERROR_STATE if a vCPU is in guest; nothing is
 * destroyed then.
 */
mmu_status mmu_vm_destroy(mmu_vm vm);

/*
 * Where the tables lie.
 * vm: The VM.
 * memory: Receives it; its struct_size is set.
 */
mmu_status mmu_vm_table_memory(mmu_vm vm, mmu_table_memory *memory);

/*
 * Makes every table obsolete, at once: each vCPU starts with empty ones at its next entry. Those in guest are
 * kicked.
 * vm: The VM.
 */
mmu_status mmu_vm_zap_all(mmu_vm vm);

/*
 * Takes some tables apart that mmu_vm_zap_all left; for a thread with nothing better to do.
 * vm: The VM.
 * more: Receives whether there are more.
 */
mmu_status mmu_vm_reclaim_obsolete(mmu_vm vm, uint32_t *more);

/*
 * Takes tables apart, oldest first, to give memory back.
 * vm: The VM.
 * pages: How many at most.
 * done: Receives how many were.
 */
mmu_status mmu_vm_shrink(mmu_vm vm, uint32_t pages, uint32_t *done);

/*
 * Guest memory: which ranges there are. Any thread, several at a time; not a thread that has a vCPU of the VM in
 * guest, and not a callback.
 */

/*
 * Adds a slot. Guests see it when the function returns, or earlier.
 * vm: The VM.
 * slot: The slot.
 */
mmu_status mmu_vm_add_slot(mmu_vm vm, const mmu_slot *slot);

/*
 * Removes a slot. When the function returns nothing of the library uses its memory, save a mmu_translate outside
 * the guest that began before. Waits for vCPUs in guest that the flush callback does not reach.
 * vm: The VM.
 * base: Its first guest physical address.
 * address_space: 0, or 1 for vCPUs in system-management mode.
 */
mmu_status mmu_vm_remove_slot(mmu_vm vm, uint64_t base, uint32_t address_space);

/*
 * Moves a slot to another guest physical address; its memory stays where it is.
 * vm: The VM.
 * from: Its first guest physical address.
 * to: Its new one; the new place may overlap the old one.
 * address_space: 0, or 1 for vCPUs in system-management mode.
 */
mmu_status mmu_vm_move_slot(mmu_vm vm, uint64_t from, uint64_t to, uint32_t address_space);

/*
 * Guest memory: what is in it. Any thread, several at a time; not a thread that has a vCPU of the VM in guest, and
 * not a callback.
 */

/*
 * Reads guest memory. Nothing is copied unless all of it lies in slots.
 * vm: The VM.
 * gpa: First guest physical address.
 * buffer: Receives the bytes.
 * size: How many; below 2^31.
 * address_space: 0, or 1 for vCPUs in system-management mode.
 * Returns: MMU_ERROR_OUTSIDE_MEMORY if a byte lies outside every slot.
 */
mmu_status mmu_vm_read(mmu_vm vm, uint64_t gpa, void *buffer, uint64_t size, uint32_t address_space);

/*
 * Writes guest memory and announces the store. Nothing is written unless all of it lies in writable slots.
 * vm: The VM.
 * gpa: First guest physical address.
 * buffer: The bytes.
 * size: How many; below 2^31.
 * address_space: 0, or 1 for vCPUs in system-management mode.
 * Returns: MMU_ERROR_OUTSIDE_MEMORY if a byte lies outside every writable slot.
 */
mmu_status mmu_vm_write(mmu_vm vm, uint64_t gpa, const void *buffer, uint64_t size, uint32_t address_space);

/*
 * Compares and exchanges a value, as a locked instruction of the guest would, and announces the store if it was
 * made. Nothing is written unless all of it lies in writable slots.
 * vm: The VM.
 * gpa: Its first guest physical address, at any alignment.
 * size: 1, 2, 4 or 8 bytes.
 * expected: The value that must be there; bits above size do not count.
 * value: The value to put there.
 * address_space: 0, or 1 for vCPUs in system-management mode.
 * exchanged: Receives whether it was exchanged.
 * Returns: MMU_ERROR_OUTSIDE_MEMORY if a byte lies outside every writable slot.
 */
mmu_status mmu_vm_compare_exchange(
    mmu_vm vm, uint64_t gpa, uint32_t size, uint64_t expected, uint64_t value, uint32_t address_space,
    uint32_t *exchanged);

/*
 * Announces a store to guest memory by anyone but a processor that walks the tables: an instruction emulator, a
 * device. Called after it.
 * vm: The VM.
 * gpa: First guest physical address.
 * size: Size in bytes; below 2^31.
 * address_space: 0, or 1 for vCPUs in system-management mode.
 */
mmu_status mmu_vm_guest_wrote(mmu_vm vm, uint64_t gpa, uint64_t size, uint32_t address_space);

/*
 * Tracks the writes to a frame: each ends in MMU_FAULT_OUTCOME_WRITE_PROTECTED until they are untracked as often.
 * vm: The VM.
 * gpa: An address in the frame.
 * address_space: 0, or 1 for vCPUs in system-management mode.
 */
mmu_status mmu_vm_track_writes(mmu_vm vm, uint64_t gpa, uint32_t address_space);

/*
 * Takes one mmu_vm_track_writes back.
 * vm: The VM.
 * gpa: An address in the frame.
 * address_space: 0, or 1 for vCPUs in system-management mode.
 */
mmu_status mmu_vm_untrack_writes(mmu_vm vm, uint64_t gpa, uint32_t address_space);

/*
 * Ranges of guest memory. Any thread, several at a time; not a thread that has a vCPU of the VM in guest, and not
 * a callback. Ranges are whole pages below 2^40; parts outside every slot are passed over.
 */

/*
 * Removes every mapping of a range. When it returns no processor uses them, and no frame that the resolve callback
 * answered for the range before is mapped any more or will be: let it answer anew first.
 * vm: The VM.
 * start: First guest physical address; a multiple of 4096.
 * bytes: Size in bytes; a multiple of 4096.
 * address_space: 0, or 1 for vCPUs in system-management mode.
 */
mmu_status mmu_vm_unmap_range(mmu_vm vm, uint64_t start, uint64_t bytes, uint32_t address_space);

/*
 * Removes mappings of a range, and tables that shadow guest tables in it.
 * vm: The VM.
 * start: First guest physical address; a multiple of 4096.
 * bytes: Size in bytes; a multiple of 4096.
 * address_space: 0, or 1 for vCPUs in system-management mode.
 */
mmu_status mmu_vm_zap_range(mmu_vm vm, uint64_t start, uint64_t bytes, uint32_t address_space);

/*
 * Takes write access from all mappings of a range, for dirty logging: the next write to each page faults.
 * vm: The VM.
 * start: First guest physical address; a multiple of 4096.
 * bytes: Size in bytes; a multiple of 4096.
 * address_space: 0, or 1 for vCPUs in system-management mode.
 */
mmu_status mmu_vm_write_protect(mmu_vm vm, uint64_t start, uint64_t bytes, uint32_t address_space);

/*
 * Removes small mappings of a range where a huge page could be mapped instead.
 * vm: The VM.
 * start: First guest physical address; a multiple of 4096.
 * bytes: Size in bytes; a multiple of 4096.
 * address_space: 0, or 1 for vCPUs in system-management mode.
 */
mmu_status mmu_vm_zap_collapsible(mmu_vm vm, uint64_t start, uint64_t bytes, uint32_t address_space);

/*
 * Clears the accessed bits of all mappings of a range. TLBs are not flushed, so a page may be used once more
 * unseen.
 * vm: The VM.
 * start: First guest physical address; a multiple of 4096.
 * bytes: Size in bytes; a multiple of 4096.
 * address_space: 0, or 1 for vCPUs in system-management mode.
 * accessed: Receives whether one was set: a page was used since the last time.
 */
mmu_status mmu_vm_age(mmu_vm vm, uint64_t start, uint64_t bytes, uint32_t address_space, uint32_t *accessed);

/*
 * Tells whether a mapping of a range has its accessed bit set; changes nothing.
 * vm: The VM.
 * start: First guest physical address; a multiple of 4096.
 * bytes: Size in bytes; a multiple of 4096.
 * address_space: 0, or 1 for vCPUs in system-management mode.
 * accessed: Receives whether one has.
 */
mmu_status mmu_vm_test_age(mmu_vm vm, uint64_t start, uint64_t bytes, uint32_t address_space, uint32_t *accessed);

/*
 * Splits huge mappings of a range into mappings of 4 KiB.
 * vm: The VM.
 * start: First guest physical address; a multiple of 4096.
 * bytes: Size in bytes; a multiple of 4096.
 * address_space: 0, or 1 for vCPUs in system-management mode.
 * complete: Receives 0 if memory ran out half-way.
 */
mmu_status mmu_vm_split_huge_pages(
    mmu_vm vm, uint64_t start, uint64_t bytes, uint32_t address_space, uint32_t *complete);

/*
 * Dirty logs: which pages of a slot were written since they were last reported. Any number for a slot, each for
 * itself. Any thread, one at a time for each log (MMU_ERROR_BUSY); not a thread that has a vCPU of the VM in
 * guest, and not a callback. A bitmap has a bit for each page of the slot: bit n of word m for page 64 m + n. What
 * a call reports was written before it returned; read the pages after that.
 */

/*
 * Starts to log: exact from here on. The last log of a slot to end lets huge pages come back.
 * vm: The VM.
 * slot_base: The slot's first guest physical address.
 * address_space: 0, or 1 for vCPUs in system-management mode.
 * options: How; NULL for the defaults.
 * log: Receives the log. It ends with mmu_dirty_log_end, or with its VM.
 */
mmu_status mmu_dirty_log_start(
    mmu_vm vm, uint64_t slot_base, uint32_t address_space, const mmu_dirty_log_options *options, mmu_dirty_log *log);

/*
 * Ends a log. Its handle becomes stale.
 * log: The log.
 */
mmu_status mmu_dirty_log_end(mmu_dirty_log log);

/*
 * What a log logs.
 * log: The log.
 * info: Receives it; its struct_size is set.
 */
mmu_status mmu_dirty_log_get_info(mmu_dirty_log log, mmu_dirty_log_info *info);

/*
 * Takes the dirty pages of a part of the slot: they are reported once, and logged again from now on.
 * log: The log.
 * first_page: The first page; a multiple of 64.
 * bitmap: Receives the bits.
 * words: How many words, up to mmu_dirty_log_info.words less those before first_page.
 * pages: Receives how many pages are dirty.
 */
mmu_status mmu_dirty_log_harvest(
    mmu_dirty_log log, uint64_t first_page, uint64_t *bitmap, uint32_t words, uint64_t *pages);

/*
 * Reports the dirty pages of a part of the slot, and keeps them: every call reports them again until
 * mmu_dirty_log_clear confirms them, so that a consumer that fails half-way loses nothing. Writes after the call
 * come with the next one even if this one is confirmed.
 * log: The log.
 * first_page: The first page; a multiple of 64.
 * bitmap: Receives the bits.
 * words: How many words, up to mmu_dirty_log_info.words less those before first_page.
 * pages: Receives how many pages are dirty.
 */
mmu_status mmu_dirty_log_get(
    mmu_dirty_log log, uint64_t first_page, uint64_t *bitmap, uint32_t words, uint64_t *pages);

/*
 * Confirms pages that mmu_dirty_log_get has reported: the consumer is done with them. Others are not touched.
 * log: The log.
 * first_page: The first page.
 * pages: How many.
 */
mmu_status mmu_dirty_log_clear(mmu_dirty_log log, uint64_t first_page, uint64_t pages);

/*
 * Takes dirty pages as ranges, in ascending order; what there is no room for stays in the log.
 * log: The log.
 * ranges: Receives the ranges. struct_size of the first is set: it is that of all.
 * capacity: Room for so many; 1 at least.
 * count: Receives how many there are; as many as capacity: there may be more.
 */
mmu_status mmu_dirty_log_harvest_ranges(
    mmu_dirty_log log, mmu_dirty_range *ranges, uint32_t capacity, uint32_t *count);

/*
 * Of a log with MMU_DIRTY_LOG_FLAGS_VERIFY: compares every page that is not dirty with what it held when it was
 * last reported. For moments in which nobody is just writing.
 * log: The log.
 * addresses: Receives the guest physical addresses of pages that differ: writes that the log has missed.
 * capacity: Room for so many.
 * count: Receives how many there are, more than capacity perhaps.
 */
mmu_status mmu_dirty_log_find_missed(mmu_dirty_log log, uint64_t *addresses, uint32_t capacity, uint32_t *count);

/*
 * Written pages: those that the VMM tells of, and those in the rings of vCPUs. Any thread, several at a time; not
 * a thread that has a vCPU of the VM in guest, and not a callback.
 */

/*
 * Tells dirty logs of stores that the library cannot see, a device's above all. After the stores;
 * mmu_vm_guest_wrote tells them too.
 * vm: The VM.
 * gpa: First guest physical address.
 * bytes: Size in bytes.
 * address_space: 0, or 1 for vCPUs in system-management mode.
 */
mmu_status mmu_vm_mark_dirty(mmu_vm vm, uint64_t gpa, uint64_t bytes, uint32_t address_space);

/*
 * Takes pages from the dirty rings of all vCPUs. Call mmu_vm_reset_dirty_rings afterwards, then read the pages.
 * What no vCPU wrote and what found a full ring is in the bitmap of the log: harvest that too.
 * vm: The VM.
 * pages: Receives the pages. struct_size of the first is set: it is that of all.
 * capacity: Room for so many.
 * count: Receives how many there are; as many as capacity: there may be more.
 */
mmu_status mmu_vm_take_dirty_pages(mmu_vm vm, mmu_dirty_page *pages, uint32_t capacity, uint32_t *count);

/*
 * Frees what was taken from the dirty rings, and makes its pages show again.
 * vm: The VM.
 * count: Receives how many entries were freed.
 */
mmu_status mmu_vm_reset_dirty_rings(mmu_vm vm, uint32_t *count);

/*
 * Hands over the pages that the processor has noted while it ran the vCPU (Intel SDM "Page-Modification Logging"):
 * after each exit, before anything is harvested. The vCPU's thread; the vCPU is not in guest.
 * vcpu: The vCPU.
 * addresses: Guest physical addresses, anywhere in their pages.
 * count: How many there are; below 2^31.
 * logged: Receives how many are in slots that have a dirty log.
 */
mmu_status mmu_vcpu_drain_dirty_pages(mmu_vcpu vcpu, const uint64_t *addresses, uint32_t count, uint32_t *logged);

/*
 * Snapshots: guest memory as it was, put back by copying what was written since. Any thread, one at a time for
 * each snapshot (MMU_ERROR_BUSY), while no vCPU of the VM is in guest (MMU_ERROR_STATE) and no device writes; not
 * a callback. Registers are the VMM's: it sets control state as it was.
 */

/*
 * Copies the memory of all writable slots, and logs what is written from now on. Slots that are added later are
 * left alone.
 * vm: The VM.
 * snapshot: Receives the snapshot. It goes with mmu_snapshot_destroy, or with its VM.
 */
mmu_status mmu_snapshot_take(mmu_vm vm, mmu_snapshot *snapshot);

/*
 * Puts every page that was written since the snapshot was taken, or last restored, back as it was. Dirty logs are
 * told, shadowed guest tables are brought in step, and every TLB is flushed.
 * snapshot: The snapshot.
 * pages: Receives how many pages were written.
 * Returns: MMU_ERROR_STATE if a vCPU is in guest, or a slot was removed or moved since: nothing has changed then.
 */
mmu_status mmu_snapshot_restore(mmu_snapshot snapshot, uint64_t *pages);

/*
 * Bytes of guest memory that a snapshot keeps.
 * snapshot: The snapshot.
 * bytes: Receives them.
 */
mmu_status mmu_snapshot_bytes(mmu_snapshot snapshot, uint64_t *bytes);

/*
 * Gives a snapshot's memory back. Its handle becomes stale.
 * snapshot: The snapshot.
 */
mmu_status mmu_snapshot_destroy(mmu_snapshot snapshot);

/*
 * Virtual CPUs. One thread at a time for each vCPU, which may change between calls outside the guest; not a
 * callback. The vCPU is not in guest.
 */

/*
 * Creates a vCPU, outside the guest and with paging off. Any thread that has no vCPU of the VM in guest.
 * vm: The VM.
 * vcpu: Receives the vCPU.
 */
mmu_status mmu_vcpu_create(mmu_vm vm, mmu_vcpu *vcpu);

/*
 * Destroys a vCPU. Its handle becomes stale, and its number free.
 * vcpu: The vCPU.
 */
mmu_status mmu_vcpu_destroy(mmu_vcpu vcpu);

/*
 * The vCPU's number, by which callbacks are told of it; the lowest that was free when it was created.
 * vcpu: The vCPU, in guest or not.
 * number: Receives it.
 */
mmu_status mmu_vcpu_number(mmu_vcpu vcpu, uint32_t *number);

/*
 * Registers and invalidations of a vCPU. One thread at a time for each vCPU; not a callback. The vCPU is not in
 * guest unless the function says so.
 */

/*
 * Puts control state in force: after a MOV to CR0 or CR4, a write of EFER, a task switch, a reset. For a MOV to
 * CR3 use mmu_vcpu_load_cr3.
 * vcpu: The vCPU.
 * state: The state.
 * verdict: Receives MMU_CONTROL_STATE_STATUS_LEGAL, or why a processor refuses it; nothing has changed then.
 */
mmu_status mmu_vcpu_set_control_state(
    mmu_vcpu vcpu, const mmu_control_state *state, mmu_control_state_status *verdict);

/*
 * The control state in force. In guest or not.
 * vcpu: The vCPU.
 * state: Receives it; its struct_size is set.
 */
mmu_status mmu_vcpu_get_control_state(mmu_vcpu vcpu, mmu_control_state *state);

/*
 * A MOV to CR3, as a guest makes it.
 * vcpu: The vCPU.
 * value: The operand; bit 63 keeps translations with CR4.PCIDE and is reserved without.
 * verdict: Receives MMU_CONTROL_STATE_STATUS_LEGAL, or why it is #GP; nothing has changed then.
 */
mmu_status mmu_vcpu_load_cr3(mmu_vcpu vcpu, uint64_t value, mmu_control_state_status *verdict);

/*
 * Sets PKRU and IA32_PKRS. In guest or not.
 * vcpu: The vCPU.
 * pkru: PKRU.
 * pkrs: IA32_PKRS.
 */
mmu_status mmu_vcpu_set_protection_keys(mmu_vcpu vcpu, uint32_t pkru, uint32_t pkrs);

/*
 * Enters or leaves system-management mode: the vCPU sees the other address space's slots. Registers stay.
 * vcpu: The vCPU.
 * active: Not 0 to enter.
 */
mmu_status mmu_vcpu_set_system_management(mmu_vcpu vcpu, uint32_t active);

/*
 * An INVLPG. An address that is not canonical does nothing.
 * vcpu: The vCPU.
 * address: The linear address.
 */
mmu_status mmu_vcpu_invalidate_page(mmu_vcpu vcpu, uint64_t address);

/*
 * An INVPCID.
 * vcpu: The vCPU.
 * type: The register operand.
 * descriptor: The first eight bytes of the memory operand: the PCID.
 * address: The others: the linear address.
 * verdict: Receives whether it completes or is #GP.
 */
mmu_status mmu_vcpu_invalidate_pcid(
    mmu_vcpu vcpu, uint64_t type, uint64_t descriptor, uint64_t address, mmu_invalidate_status *verdict);

/*
 * Running the guest. One thread at a time for each vCPU, the same from mmu_vcpu_begin_run to mmu_vcpu_end_run; not
 * a callback.
 */

/*
 * Enters the guest: does what is pending, asks the flush callback for what the vCPU's own TLB must lose, then
 * counts as in guest, so that whoever changes tables waits for this vCPU to drop its old translations.
 * vcpu: The vCPU.
 * state: Receives what the processor must be loaded with; its struct_size is set.
 */
mmu_status mmu_vcpu_begin_run(mmu_vcpu vcpu, mmu_run_state *state);

/*
 * Leaves the guest. Translations and host addresses taken since may be kept, but used only in guest.
 * vcpu: The vCPU, in guest.
 */
mmu_status mmu_vcpu_end_run(mmu_vcpu vcpu);

/*
 * For vCPUs run in software: does what others ask for without leaving. To be called often, between two guest
 * instructions.
 * vcpu: The vCPU, in guest.
 * stay: Receives 0 if the vCPU has to leave and enter anew, because its root is obsolete.
 */
mmu_status mmu_vcpu_poll(mmu_vcpu vcpu, uint32_t *stay);

/*
 * Answers a page fault that a processor raised on our tables. The vCPU is not in guest.
 * vcpu: The vCPU.
 * fault: The fault.
 * result: Receives what to do; its struct_size is set.
 * walk: Receives the walk of the guest's tables: the fault to inject, or the translation. May be NULL.
 */
mmu_status mmu_vcpu_handle_fault(mmu_vcpu vcpu, const mmu_fault *fault, mmu_fault_result *result, mmu_walk *walk);

/*
 * After MMU_FAULT_OUTCOME_WRITE_PROTECTED: stops shadowing the frame, so that the guest can make the store itself.
 * Not to be asked if hits_own_tables. The vCPU is not in guest.
 * vcpu: The vCPU.
 * address: The linear address of the fault.
 * gpa: Its guest physical address, from mmu_fault_result.
 * instruction_pointer: The guest's RIP.
 * again: Receives whether to run the guest again; 0: emulate the instruction.
 */
mmu_status mmu_vcpu_unprotect(
    mmu_vcpu vcpu, uint64_t address, uint64_t gpa, uint64_t instruction_pointer, uint32_t *again);

/*
 * Reads the entries of our tables that a processor meets for an address, root first. The vCPU is not in guest.
 * vcpu: The vCPU.
 * address: The linear address.
 * entries: Receives the entries; room for 5.
 * count: Receives how many there are.
 * Returns: MMU_ERROR_STATE from vCPUs on nested paging: mmu_vcpu_get_nested_walk is theirs.
 */
mmu_status mmu_vcpu_get_walk(mmu_vcpu vcpu, uint64_t address, uint64_t *entries, uint32_t *count);

/*
 * Nested paging: VMs with MMU_VM_FLAGS_NESTED. One thread at a time for each vCPU, which is not in guest; not a
 * callback. MMU_ERROR_STATE from VMs without.
 */

/*
 * Answers an EPT violation, an EPT misconfiguration or a nested page fault. Several vCPUs are answered at once.
 * vcpu: The vCPU.
 * violation: The fault.
 * result: Receives what to do; its struct_size is set.
 */
mmu_status mmu_vcpu_handle_violation(mmu_vcpu vcpu, const mmu_violation *violation, mmu_fault_result *result);

/*
 * Maps guest physical memory before it is accessed, as far as it can.
 * vcpu: The vCPU.
 * start: First guest physical address; a multiple of 4096.
 * bytes: Size in bytes; a multiple of 4096.
 * done: Receives how many bytes from start on are mapped now.
 * outcome: Receives MMU_FAULT_OUTCOME_FIXED if all are; else why the next page is not.
 */
mmu_status mmu_vcpu_prefault(
    mmu_vcpu vcpu, uint64_t start, uint64_t bytes, uint64_t *done, mmu_fault_outcome *outcome);

/*
 * Reads the entries of our tables that a processor meets for a guest physical address, root first.
 * vcpu: The vCPU.
 * gpa: The guest physical address.
 * entries: Receives the entries; room for 5.
 * count: Receives how many there are.
 */
mmu_status mmu_vcpu_get_nested_walk(mmu_vcpu vcpu, uint64_t gpa, uint64_t *entries, uint32_t *count);

/*
 * Makes guest memory private or shared: an access of the other kind ends in MMU_FAULT_OUTCOME_MEMORY_FAULT. When
 * it returns nothing of the range is mapped. Any thread that has no vCPU of the VM in guest.
 * vm: The VM.
 * start: First guest physical address; a multiple of 4096.
 * bytes: Size in bytes; a multiple of 4096.
 * is_private: Not 0 for private memory; new slots are shared.
 * address_space: 0, or 1 for vCPUs in system-management mode.
 */
mmu_status mmu_vm_set_private(mmu_vm vm, uint64_t start, uint64_t bytes, uint32_t is_private, uint32_t address_space);

/*
 * Walks of the guest's own tables, for instruction emulation, introspection and debuggers. One thread at a time
 * for each vCPU, in guest or not. What they find is good while the vCPU is in guest, or no slot is being removed.
 */

/*
 * Translates an address for an access as the CPU would, and sets the accessed and dirty bits that the CPU would
 * set.
 * vcpu: The vCPU.
 * address: The linear address, with its tag if it has one.
 * access: The access.
 * walk: Receives the translation or the fault; its struct_size is set.
 * Returns: MMU_OK for faults too: the walk's outcome tells them apart.
 */
mmu_status mmu_translate(mmu_vcpu vcpu, uint64_t address, mmu_access access, mmu_walk *walk);

/*
 * As mmu_translate, but leaves guest memory untouched: for debuggers.
 * vcpu: The vCPU.
 * address: The linear address, with its tag if it has one.
 * access: The access.
 * walk: Receives the translation or the fault; its struct_size is set.
 */
mmu_status mmu_peek(mmu_vcpu vcpu, uint64_t address, mmu_access access, mmu_walk *walk);

/*
 * Translates many addresses for the same access, with several walks in flight.
 * vcpu: The vCPU.
 * addresses: The linear addresses.
 * count: How many there are.
 * access: The access.
 * walks: Receives one result an address. struct_size of the first is set: it is that of all.
 * translated: Receives how many were translated.
 */
mmu_status mmu_translate_many(
    mmu_vcpu vcpu, const uint64_t *addresses, uint32_t count, mmu_access access, mmu_walk *walks,
    uint32_t *translated);

/*
 * Translates an address without a trace in guest memory, and tells each entry that was read.
 * vcpu: The vCPU.
 * address: The linear address, with its tag if it has one.
 * access: The access.
 * steps: Receives the entries, in the order they were read. struct_size of the first is set: it is that of all.
 * capacity: Room for so many; a walk of two dimensions reads up to 30.
 * count: Receives how many were read, more than capacity perhaps.
 * walk: Receives the outcome; its struct_size is set.
 */
mmu_status mmu_explain(
    mmu_vcpu vcpu, uint64_t address, mmu_access access, mmu_walk_step *steps, uint32_t capacity, uint32_t *count,
    mmu_walk *walk);

/*
 * As mmu_explain, for people: one line an entry.
 * vcpu: The vCPU.
 * address: The linear address, with its tag if it has one.
 * access: The access.
 * buffer: Receives the text, cut to fit and ended by 0; may be NULL if size is 0.
 * size: Its size in bytes.
 * length: Receives the length of the whole text.
 */
mmu_status mmu_explain_text(
    mmu_vcpu vcpu, uint64_t address, mmu_access access, char *buffer, uint64_t size, uint64_t *length);

/*
 * Data at linear addresses, for instruction emulators: every page is translated before a byte moves. One thread at
 * a time for each vCPU, in guest or not; slots must not be removed meanwhile unless it is in guest.
 */

/*
 * Reads.
 * vcpu: The vCPU.
 * address: First linear address.
 * buffer: Receives the bytes.
 * size: How many; below 2^31.
 * how: Flags of the access: USER, IMPLICIT, ALIGNMENT_CHECK.
 * walk: Receives the fault of the first page that has one; its struct_size is set.
 * Returns: MMU_ERROR_OUTSIDE_MEMORY if nothing was read, for the reason in walk.
 */
mmu_status mmu_vcpu_read(
    mmu_vcpu vcpu, uint64_t address, void *buffer, uint64_t size, mmu_access how, mmu_walk *walk);

/*
 * Writes. The store is not announced: tell mmu_vm_guest_wrote afterwards, or use mmu_vm_write.
 * vcpu: The vCPU.
 * address: First linear address.
 * buffer: The bytes.
 * size: How many; below 2^31.
 * how: Flags of the access: USER, IMPLICIT, ALIGNMENT_CHECK.
 * walk: Receives the fault of the first page that has one; its struct_size is set.
 * Returns: MMU_ERROR_OUTSIDE_MEMORY if nothing was written, for the reason in walk.
 */
mmu_status mmu_vcpu_write(
    mmu_vcpu vcpu, uint64_t address, const void *buffer, uint64_t size, mmu_access how, mmu_walk *walk);

/*
 * Compares and exchanges a value, as a locked instruction of the guest would. Not announced, like a write.
 * vcpu: The vCPU.
 * address: Its first linear address, at any alignment.
 * size: 1, 2, 4 or 8 bytes.
 * expected: The value that must be there; bits above size do not count.
 * value: The value to put there.
 * how: Flags of the access: USER, IMPLICIT, ALIGNMENT_CHECK.
 * exchanged: Receives whether it was exchanged.
 * walk: Receives the fault of the first page that has one; its struct_size is set.
 * Returns: MMU_ERROR_OUTSIDE_MEMORY if nothing was compared, for the reason in walk.
 */
mmu_status mmu_vcpu_compare_exchange(
    mmu_vcpu vcpu, uint64_t address, uint32_t size, uint64_t expected, uint64_t value, mmu_access how,
    uint32_t *exchanged, mmu_walk *walk);

/*
 * The software TLB, for clients without a page walker: mmu_soft_tlb_probe in the header hits without a call. The
 * vCPU's thread.
 */

/*
 * The software TLB, made when it is first asked for, outside the guest. From then on whoever changes slots waits
 * until the vCPU polls or leaves, whatever the flush callback answers.
 * vcpu: The vCPU, not in guest.
 * tlb: Receives its address, which stays until the vCPU is destroyed.
 */
mmu_status mmu_vcpu_soft_tlb(mmu_vcpu vcpu, uint64_t *tlb);

/*
 * After a miss: walks the guest's tables as the CPU would, accessed and dirty bits included, and caches the
 * translation where it may be.
 * vcpu: The vCPU, in guest.
 * address: The linear address, with its tag if it has one.
 * access: The access.
 * outcome: Receives what to do.
 * walk: Receives the translation or the fault; its struct_size is set.
 */
mmu_status mmu_vcpu_soft_tlb_resolve(
    mmu_vcpu vcpu, uint64_t address, mmu_access access, mmu_soft_tlb_outcome *outcome, mmu_walk *walk);

/*
 * Counters and checks. Any thread, several at a time; not a thread that has a vCPU of the VM in guest, and not a
 * callback.
 */

/*
 * Exact counters since the VM was created, and its present sizes.
 * vm: The VM.
 * statistics: Receives them; its struct_size is set.
 */
mmu_status mmu_vm_statistics(mmu_vm vm, mmu_statistics *statistics);

/*
 * Checks the invariants of all tables. Slow; holds the lock throughout. For tests and after a suspicion.
 * vm: The VM.
 * buffer: Receives what is broken, cut to fit and ended by 0; may be NULL if size is 0.
 * size: Its size in bytes.
 * length: Receives the length of the whole text; 0 if the invariants hold.
 */
mmu_status mmu_vm_audit(mmu_vm vm, char *buffer, uint64_t size, uint64_t *length);

/*
 * The VM in words: its counters, slots and vCPUs, and what the tables of each vCPU map. For people, after a
 * suspicion; the format is not fixed. Holds the lock throughout.
 * vm: The VM.
 * most_lines: Lines for the tables of a vCPU, below 2^31; what there is no room for is left out, and that is said.
 * buffer: Receives the text, cut to fit and ended by 0; may be NULL if size is 0.
 * size: Its size in bytes.
 * length: Receives the length of the whole text.
 */
mmu_status mmu_vm_dump(mmu_vm vm, uint32_t most_lines, char *buffer, uint64_t size, uint64_t *length);

/*
 * Tells whether the VM was stopped after its tables were found corrupt: nothing runs any more then.
 * vm: The VM.
 * dead: Receives it.
 */
mmu_status mmu_vm_is_dead(mmu_vm vm, uint32_t *dead);

/*
 * Traces: the frequent events of a VM in memory of the caller's, with the names and fields of KVM's tracepoints.
 * Any thread, several at a time; not a thread that has a vCPU of the VM in guest, and not a callback.
 */

/*
 * Begins a trace, or ends it.
 * vm: The VM.
 * memory: 64 bytes for each entry, all 0, a multiple of 8; it stays the library's until the VM is destroyed, even
 * after the trace has ended. NULL ends the trace.
 * entries: How many of the latest events are kept: a power of two, at least 2, below 2^31.
 */
mmu_status mmu_vm_set_trace(mmu_vm vm, void *memory, uint32_t entries);

/*
 * Reads events of the trace, oldest first; those that were overwritten are passed over.
 * vm: The VM.
 * next: The number of the first event that is wanted, 0 at first; receives the one after the last that was read.
 * events: Receives the events. struct_size of the first is set: it is that of all.
 * capacity: Room for so many.
 * count: Receives how many there are.
 * Returns: MMU_ERROR_STATE if there is no trace.
 */
mmu_status mmu_vm_read_trace(mmu_vm vm, uint64_t *next, mmu_trace_event *events, uint32_t capacity, uint32_t *count);

/*
 * The name of a trace point, KVM's.
 * point: Which.
 * Returns: A string that is never freed; NULL if there is no such point.
 */
const char *mmu_trace_point_name(mmu_trace_point point);

/*
 * The name of a field of a trace point, KVM's.
 * point: Which point.
 * field: Which field, from 0 on.
 * Returns: A string that is never freed; NULL if there is no such field.
 */
const char *mmu_trace_field_name(mmu_trace_point point, uint32_t field);

/*
 * The software TLB, probed without a call. See docs/soft-tlb.md for its layout and the rules; they are part of the ABI.
 */
#define MMU_SOFT_TLB_GENERATION_OFFSET 0
#define MMU_SOFT_TLB_SMALL_OFFSET 64
#define MMU_SOFT_TLB_SMALL_STRIDE 32768
#define MMU_SOFT_TLB_SMALL_BITS 10
#define MMU_SOFT_TLB_LARGE_OFFSET 131136
#define MMU_SOFT_TLB_LARGE_STRIDE 4096
#define MMU_SOFT_TLB_LARGE_BITS 7
#define MMU_SOFT_TLB_ENTRY_BYTES 32
#define MMU_SOFT_TLB_BIAS_OFFSET 24
#define MMU_SOFT_TLB_SUPERVISOR 0u
#define MMU_SOFT_TLB_USER 1u
#define MMU_SOFT_TLB_SUPERVISOR_AC 2u

/*
 * Looks an access up: the pointer to its first byte, or NULL on a miss; then call mmu_vcpu_soft_tlb_resolve.
 * tlb: From mmu_vcpu_soft_tlb. The vCPU is in guest, on this thread.
 * address: The linear address, without a tag.
 * bytes: Size of the access, 1 to 4096: one that crosses into another page misses.
 * kind: MMU_ACCESS_READ, MMU_ACCESS_WRITE or MMU_ACCESS_FETCH.
 * space: MMU_SOFT_TLB_USER with CPL 3, MMU_SOFT_TLB_SUPERVISOR_AC with CPL below 3 and EFLAGS.AC, else MMU_SOFT_TLB_SUPERVISOR.
 * Returns: A pointer that is good until the next mmu_vcpu_poll or mmu_vcpu_end_run.
 */
static inline void *mmu_soft_tlb_probe(uint64_t tlb, uint64_t address, uint32_t bytes, uint32_t kind, uint32_t space)
{
    const unsigned char *base = (const unsigned char *)(uintptr_t)tlb;
    uint64_t generation = *(const uint64_t *)(const void *)(base + MMU_SOFT_TLB_GENERATION_OFFSET);
    uint64_t last = address + (bytes - 1u);
    const unsigned char *entry = base + MMU_SOFT_TLB_SMALL_OFFSET + (uint64_t)space * MMU_SOFT_TLB_SMALL_STRIDE
        + ((address >> 12) & ((1u << MMU_SOFT_TLB_SMALL_BITS) - 1u)) * MMU_SOFT_TLB_ENTRY_BYTES;
    if (*(const uint64_t *)(const void *)(entry + 8u * kind) != ((last & ~(uint64_t)0xFFF) | generation)) {
        entry = base + MMU_SOFT_TLB_LARGE_OFFSET + (uint64_t)space * MMU_SOFT_TLB_LARGE_STRIDE
            + ((address >> 21) & ((1u << MMU_SOFT_TLB_LARGE_BITS) - 1u)) * MMU_SOFT_TLB_ENTRY_BYTES;
        if (*(const uint64_t *)(const void *)(entry + 8u * kind) != ((last & ~(uint64_t)0x1FFFFF) | generation)) {
            return (void *)0;
        }
    }

    return (void *)(uintptr_t)(address + *(const uint64_t *)(const void *)(entry + MMU_SOFT_TLB_BIAS_OFFSET));
}

#ifdef __cplusplus
}
#endif

#endif
