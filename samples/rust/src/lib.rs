//! mmu.h in Rust: the C ABI of Mmu, an embeddable x86 memory-management unit. See docs/c-abi.md.
//! Generated from the C# declarations by Native.Header; do not edit.
//! SPDX-License-Identifier: MIT
#![allow(non_camel_case_types)]

use std::ffi::{c_char, c_void};
use std::mem::{offset_of, size_of, zeroed};

pub const MMU_ABI_VERSION: u32 = 1;

#[repr(C)]
pub struct mmu_vm_opaque {
    _private: [u8; 0],
}
/// A VM. Not a pointer to anything: a number that every function checks.
pub type mmu_vm = *mut mmu_vm_opaque;

#[repr(C)]
pub struct mmu_vcpu_opaque {
    _private: [u8; 0],
}
/// A vCPU. Not a pointer to anything: a number that every function checks.
pub type mmu_vcpu = *mut mmu_vcpu_opaque;

#[repr(C)]
pub struct mmu_dirty_log_opaque {
    _private: [u8; 0],
}
/// A dirty log: one consumer of the pages written in a slot. Not a pointer to anything: a number that every function checks.
pub type mmu_dirty_log = *mut mmu_dirty_log_opaque;

#[repr(C)]
pub struct mmu_snapshot_opaque {
    _private: [u8; 0],
}
/// Guest memory at one moment. Not a pointer to anything: a number that every function checks.
pub type mmu_snapshot = *mut mmu_snapshot_opaque;

/// What a function returns: 0, or a negative number that says why nothing was done. mmu_last_error has the details.
pub type mmu_status = i32;
/// Done.
pub const MMU_OK: mmu_status = 0;
/// The handle is null, stale, of another kind, or not of this library.
pub const MMU_ERROR_HANDLE: mmu_status = -1;
/// A pointer that must not be null is null.
pub const MMU_ERROR_NULL: mmu_status = -2;
/// struct_size is not set, or says that fields are set that this version of the library does not know.
pub const MMU_ERROR_STRUCT_SIZE: mmu_status = -3;
/// An argument is outside its limits.
pub const MMU_ERROR_ARGUMENT: mmu_status = -4;
/// The vCPU is in guest but must not be, or is not but must be.
pub const MMU_ERROR_STATE: mmu_status = -5;
/// The object is in use: by another thread, or by a call that this one was made in.
pub const MMU_ERROR_BUSY: mmu_status = -6;
/// The vCPU entered the guest on another thread.
pub const MMU_ERROR_THREAD: mmu_status = -7;
/// The function was called by a callback of the same VM.
pub const MMU_ERROR_CALLBACK: mmu_status = -8;
/// Memory, the private arena, or the room for slots or vCPUs is exhausted.
pub const MMU_ERROR_NO_ROOM: mmu_status = -9;
/// The library was built without what this needs.
pub const MMU_ERROR_UNSUPPORTED: mmu_status = -10;
/// A byte of the range lies outside every slot, or outside every writable one. Nothing was moved.
pub const MMU_ERROR_OUTSIDE_MEMORY: mmu_status = -11;
/// A callback answered what it must not.
pub const MMU_ERROR_HOST: mmu_status = -12;
/// A mistake of the library; please report it.
pub const MMU_ERROR_INTERNAL: mmu_status = -13;

/// A memory access: one of READ, WRITE and FETCH, and how it is made.
pub type mmu_access = u32;
/// A data read.
pub const MMU_ACCESS_READ: mmu_access = 0;
/// A data write; a read-modify-write is one.
pub const MMU_ACCESS_WRITE: mmu_access = 1;
/// An instruction fetch.
pub const MMU_ACCESS_FETCH: mmu_access = 2;
/// Made with CPL 3.
pub const MMU_ACCESS_USER: mmu_access = 4;
/// An implicit supervisor access, to a descriptor table for instance. Overrides USER.
pub const MMU_ACCESS_IMPLICIT: mmu_access = 8;
/// EFLAGS.AC is set.
pub const MMU_ACCESS_ALIGNMENT_CHECK: mmu_access = 16;
/// A shadow-stack access.
pub const MMU_ACCESS_SHADOW_STACK: mmu_access = 32;

/// Options of a VM that are on or off.
pub type mmu_vm_flags = u32;
/// None.
pub const MMU_VM_FLAGS_NONE: mmu_vm_flags = 0;
/// Keeps what entries that are not present name out of the cache: for processors with L1 Terminal Fault.
pub const MMU_VM_FLAGS_L1TF: mmu_vm_flags = 1;
/// The tables live in the file table_fd, from table_offset on: a memfd that the VMM maps too.
pub const MMU_VM_FLAGS_TABLES_IN_FILE: mmu_vm_flags = 2;
/// A processor walks the guest's tables itself and ours after them: EPT or NPT, by the nested_ fields.
pub const MMU_VM_FLAGS_NESTED: mmu_vm_flags = 4;
/// Of nested paging with EPT: leaves the memory type of guest memory to the guest's PAT.
pub const MMU_VM_FLAGS_HONOURS_GUEST_PAT: mmu_vm_flags = 8;
/// Of nested paging with EPT: the processor knows pages that can be executed only.
pub const MMU_VM_FLAGS_EXECUTE_ONLY: mmu_vm_flags = 16;
/// Huge pages are never executable: a fetch maps 4 KiB. For processors with the iTLB multihit erratum.
pub const MMU_VM_FLAGS_NX_HUGE_PAGES: mmu_vm_flags = 32;
/// Of nested paging with accessed and dirty bits: the processor notes the pages it writes (PML), and the VMM hands them to mmu_vcpu_drain_dirty_pages.
pub const MMU_VM_FLAGS_PAGE_MODIFICATION_LOG: mmu_vm_flags = 64;

/// Paging features that the guest's CPUID does not show. 0 is a recent processor with everything.
pub type mmu_feature = u32;
/// Nothing is missing.
pub const MMU_FEATURE_NONE: mmu_feature = 0;
/// No PSE: no 4-MiB pages.
pub const MMU_FEATURE_PSE: mmu_feature = 1;
/// No PSE-36: no 4-MiB pages above 4 GiB.
pub const MMU_FEATURE_PSE36: mmu_feature = 2;
/// No 1-GiB pages.
pub const MMU_FEATURE_PAGES1G: mmu_feature = 4;
/// No NX.
pub const MMU_FEATURE_NO_EXECUTE: mmu_feature = 8;
/// No global pages.
pub const MMU_FEATURE_GLOBAL_PAGES: mmu_feature = 16;
/// No PCIDs.
pub const MMU_FEATURE_PCID: mmu_feature = 32;
/// No SMEP.
pub const MMU_FEATURE_SMEP: mmu_feature = 64;
/// No SMAP.
pub const MMU_FEATURE_SMAP: mmu_feature = 128;
/// No protection keys for user pages.
pub const MMU_FEATURE_PKU: mmu_feature = 256;
/// No protection keys for supervisor pages.
pub const MMU_FEATURE_PKS: mmu_feature = 512;
/// No shadow stacks.
pub const MMU_FEATURE_SHADOW_STACKS: mmu_feature = 1024;
/// No 5-level paging.
pub const MMU_FEATURE_LA57: mmu_feature = 2048;
/// No linear-address masking.
pub const MMU_FEATURE_LAM: mmu_feature = 4096;

/// Properties of a memory slot.
pub type mmu_slot_flags = u32;
/// Ordinary memory.
pub const MMU_SLOT_FLAGS_NONE: mmu_slot_flags = 0;
/// The guest cannot write to it.
pub const MMU_SLOT_FLAGS_READ_ONLY: mmu_slot_flags = 1;
/// Host frames are found page by page, by the host's resolve callback.
pub const MMU_SLOT_FLAGS_RESOLVED: mmu_slot_flags = 2;
/// A device's memory, passed through: not cached, not encrypted. For VMs on nested paging.
pub const MMU_SLOT_FLAGS_DEVICE: mmu_slot_flags = 4;
/// The guest may fetch and nothing else. For VMs on nested paging with MMU_VM_FLAGS_EXECUTE_ONLY.
pub const MMU_SLOT_FLAGS_EXECUTE_ONLY: mmu_slot_flags = 8;
/// host_frame is given. Without it the frame is host_address / 4096, which is right where no processor walks the tables.
pub const MMU_SLOT_FLAGS_HOST_FRAME: mmu_slot_flags = 65536;

/// How a dirty log works.
pub type mmu_dirty_log_flags = u32;
/// A bitmap that starts empty.
pub const MMU_DIRTY_LOG_FLAGS_NONE: mmu_dirty_log_flags = 0;
/// Every page counts as written at first, and nothing is write-protected before it is harvested: for consumers that copy everything once anyway. Not with MMU_DIRTY_LOG_FLAGS_USE_RINGS.
pub const MMU_DIRTY_LOG_FLAGS_INITIALLY_ALL_SET: mmu_dirty_log_flags = 1;
/// Huge pages are split when the log starts; else the first write to each splits it.
pub const MMU_DIRTY_LOG_FLAGS_SPLIT_EAGERLY: mmu_dirty_log_flags = 2;
/// When the slot's last log ends, small mappings stay where huge ones could be.
pub const MMU_DIRTY_LOG_FLAGS_KEEP_SMALL_PAGES: mmu_dirty_log_flags = 4;
/// What a vCPU writes is reported in its ring, everything else in this log's bitmap. Needs mmu_vm_options.dirty_ring_entries.
pub const MMU_DIRTY_LOG_FLAGS_USE_RINGS: mmu_dirty_log_flags = 8;
/// Keeps a hash of each page for mmu_dirty_log_find_missed. Reads every page when the log starts: for tests.
pub const MMU_DIRTY_LOG_FLAGS_VERIFY: mmu_dirty_log_flags = 16;

/// What is true of a walk.
pub type mmu_walk_flags = u32;
/// Nothing.
pub const MMU_WALK_FLAGS_NONE: mmu_walk_flags = 0;
/// The translation is global: it outlives a CR3 write.
pub const MMU_WALK_FLAGS_GLOBAL: mmu_walk_flags = 1;
/// The second dimension of a nested walk refused.
pub const MMU_WALK_FLAGS_SECOND_DIMENSION: mmu_walk_flags = 2;
/// It refused the access itself, not one to a guest table.
pub const MMU_WALK_FLAGS_FINAL_ACCESS: mmu_walk_flags = 4;

/// Whose rules apply where Intel's and AMD's differ.
pub type mmu_vendor = u32;
/// Intel.
pub const MMU_VENDOR_INTEL: mmu_vendor = 0;
/// AMD.
pub const MMU_VENDOR_AMD: mmu_vendor = 1;

/// Whether control state is legal; anything but Legal is #GP for the guest's write, or a failed VM entry, and changes nothing.
pub type mmu_control_state_status = u32;
/// Legal: it is in force.
pub const MMU_CONTROL_STATE_STATUS_LEGAL: mmu_control_state_status = 0;
/// CR0, CR4 or EFER has a bit whose feature the CPU lacks.
pub const MMU_CONTROL_STATE_STATUS_UNSUPPORTED_FEATURE: mmu_control_state_status = 1;
/// A combination that a CPU cannot be in: long mode without PAE, CR4.CET without CR0.WP, CR4.PCIDE outside long mode.
pub const MMU_CONTROL_STATE_STATUS_ILLEGAL_COMBINATION: mmu_control_state_status = 2;
/// CR3 has a reserved bit.
pub const MMU_CONTROL_STATE_STATUS_CR3RESERVED: mmu_control_state_status = 3;
/// A PDPTE has a reserved bit.
pub const MMU_CONTROL_STATE_STATUS_PDPTE_RESERVED: mmu_control_state_status = 4;
/// The PDPTEs lie outside memory, or behind a second dimension that does not map them.
pub const MMU_CONTROL_STATE_STATUS_PDPTES_UNREACHABLE: mmu_control_state_status = 5;
/// The EPT pointer is malformed or asks for something that is not supported, or its log (log_address) is not a page that the CPU can address.
pub const MMU_CONTROL_STATE_STATUS_EPT_POINTER_INVALID: mmu_control_state_status = 6;
/// The nested CR3 has a reserved bit, or its host is in no paging mode.
pub const MMU_CONTROL_STATE_STATUS_NESTED_CR3INVALID: mmu_control_state_status = 7;
/// CR4.CET is set, and the engine that builds the vCPU's tables, the Shadow MMU, does not support shadow stacks.
pub const MMU_CONTROL_STATE_STATUS_SHADOW_STACKS_UNSUPPORTED: mmu_control_state_status = 8;

/// Whether a vCPU has a root to run on.
pub type mmu_root_status = u32;
/// It has.
pub const MMU_ROOT_STATUS_LOADED: mmu_root_status = 0;
/// The table arena is full and nothing could be reclaimed.
pub const MMU_ROOT_STATUS_OUT_OF_PAGES: mmu_root_status = 1;
/// 32-bit, PAE and unpaged guests need a root below 4 GiB, and the arena has none: place its first frames there.
pub const MMU_ROOT_STATUS_NO_ROOT_BELOW4GIB: mmu_root_status = 2;
/// The VM was stopped after its tables were found corrupt.
pub const MMU_ROOT_STATUS_VM_DEAD: mmu_root_status = 3;
/// The vCPU's dirty ring is nearly full: take what it holds and call mmu_vm_reset_dirty_rings, then enter.
pub const MMU_ROOT_STATUS_DIRTY_RING_FULL: mmu_root_status = 4;

/// How a walk ended, and so what the caller has to do.
pub type mmu_walk_outcome = u32;
/// No walk was made.
pub const MMU_WALK_OUTCOME_NONE: mmu_walk_outcome = 0;
/// The access is allowed and the address translated.
pub const MMU_WALK_OUTCOME_TRANSLATED: mmu_walk_outcome = 1;
/// Inject #PF with code and CR2 = linear_address.
pub const MMU_WALK_OUTCOME_PAGE_FAULT: mmu_walk_outcome = 2;
/// The address is not canonical: inject #GP, or #SS for a stack access.
pub const MMU_WALK_OUTCOME_NON_CANONICAL: mmu_walk_outcome = 3;
/// Reflect an EPT violation with code.
pub const MMU_WALK_OUTCOME_EPT_VIOLATION: mmu_walk_outcome = 4;
/// Reflect an EPT misconfiguration.
pub const MMU_WALK_OUTCOME_EPT_MISCONFIGURATION: mmu_walk_outcome = 5;
/// Reflect a nested page fault with code.
pub const MMU_WALK_OUTCOME_NESTED_PAGE_FAULT: mmu_walk_outcome = 6;
/// Nothing was decided because other processors kept changing the tables: run the access again.
pub const MMU_WALK_OUTCOME_RETRY: mmu_walk_outcome = 7;
/// Reflect that the log of modified pages is full (log_address): nothing was marked.
pub const MMU_WALK_OUTCOME_MODIFICATION_LOG_FULL: mmu_walk_outcome = 8;

/// The rule that refused an access.
pub type mmu_fault_cause = u32;
/// None did.
pub const MMU_FAULT_CAUSE_NONE: mmu_fault_cause = 0;
/// The linear address is not canonical.
pub const MMU_FAULT_CAUSE_NON_CANONICAL: mmu_fault_cause = 1;
/// The second dimension does not translate addresses that wide.
pub const MMU_FAULT_CAUSE_ADDRESS_TOO_WIDE: mmu_fault_cause = 2;
/// An entry is not present.
pub const MMU_FAULT_CAUSE_NOT_PRESENT: mmu_fault_cause = 3;
/// A table lies outside every memory slot.
pub const MMU_FAULT_CAUSE_TABLE_OUTSIDE_MEMORY: mmu_fault_cause = 4;
/// A reserved bit is set.
pub const MMU_FAULT_CAUSE_RESERVED_BIT: mmu_fault_cause = 5;
/// An EPT entry has a combination of rights that does not exist.
pub const MMU_FAULT_CAUSE_BAD_RIGHTS: mmu_fault_cause = 6;
/// An EPT leaf has a reserved memory type.
pub const MMU_FAULT_CAUSE_BAD_MEMORY_TYPE: mmu_fault_cause = 7;
/// An EPT entry does not allow reads.
pub const MMU_FAULT_CAUSE_NOT_READABLE: mmu_fault_cause = 8;
/// A write to a read-only page.
pub const MMU_FAULT_CAUSE_NOT_WRITABLE: mmu_fault_cause = 9;
/// A user access to a supervisor page.
pub const MMU_FAULT_CAUSE_NOT_USER: mmu_fault_cause = 10;
/// A fetch from a no-execute page.
pub const MMU_FAULT_CAUSE_NOT_EXECUTABLE: mmu_fault_cause = 11;
/// SMEP: a supervisor fetch from a user page.
pub const MMU_FAULT_CAUSE_SMEP: mmu_fault_cause = 12;
/// SMAP: a supervisor access to a user page.
pub const MMU_FAULT_CAUSE_SMAP: mmu_fault_cause = 13;
/// A protection key refused.
pub const MMU_FAULT_CAUSE_PROTECTION_KEY: mmu_fault_cause = 14;
/// A shadow-stack access to a page that is no shadow-stack page of its privilege.
pub const MMU_FAULT_CAUSE_SHADOW_STACK: mmu_fault_cause = 15;
/// Other processors kept changing the entries that had to be marked.
pub const MMU_FAULT_CAUSE_LOST_EXCHANGES: mmu_fault_cause = 16;

/// Error code of a page fault. Intel SDM "Page-Fault Exceptions". The low half of a nested page fault's EXITINFO1 has the same bits.
pub type mmu_page_fault = u32;
/// A read by the supervisor of a page that is not present.
pub const MMU_PAGE_FAULT_NONE: mmu_page_fault = 0;
/// P: the page was present.
pub const MMU_PAGE_FAULT_PRESENT: mmu_page_fault = 1;
/// W/R: a write.
pub const MMU_PAGE_FAULT_WRITE: mmu_page_fault = 2;
/// U/S: a user access.
pub const MMU_PAGE_FAULT_USER: mmu_page_fault = 4;
/// RSVD: a reserved bit was set.
pub const MMU_PAGE_FAULT_RESERVED: mmu_page_fault = 8;
/// I/D: a fetch.
pub const MMU_PAGE_FAULT_FETCH: mmu_page_fault = 16;
/// PK: a protection key refused.
pub const MMU_PAGE_FAULT_PROTECTION_KEY: mmu_page_fault = 32;
/// SS: a shadow-stack access.
pub const MMU_PAGE_FAULT_SHADOW_STACK: mmu_page_fault = 64;

/// What the entries of a path allow, all levels taken together.
pub type mmu_rights = u32;
/// Nothing.
pub const MMU_RIGHTS_NONE: mmu_rights = 0;
/// Reads.
pub const MMU_RIGHTS_READ: mmu_rights = 1;
/// Writes.
pub const MMU_RIGHTS_WRITE: mmu_rights = 2;
/// User accesses; in EPT with mode-based execute control, fetches from user-mode addresses.
pub const MMU_RIGHTS_USER: mmu_rights = 4;
/// Fetches.
pub const MMU_RIGHTS_EXECUTE: mmu_rights = 8;

/// A memory type, with the encoding of PAT entries and EPT leaves. Intel SDM "Memory Types".
pub type mmu_memory_type = u32;
/// UC: uncacheable.
pub const MMU_MEMORY_TYPE_UNCACHEABLE: mmu_memory_type = 0;
/// WC: write combining.
pub const MMU_MEMORY_TYPE_WRITE_COMBINING: mmu_memory_type = 1;
/// WT: write through.
pub const MMU_MEMORY_TYPE_WRITE_THROUGH: mmu_memory_type = 4;
/// WP: write protected.
pub const MMU_MEMORY_TYPE_WRITE_PROTECTED: mmu_memory_type = 5;
/// WB: write back.
pub const MMU_MEMORY_TYPE_WRITE_BACK: mmu_memory_type = 6;
/// UC−: uncacheable unless an MTRR says write combining.
pub const MMU_MEMORY_TYPE_UNCACHEABLE_MINUS: mmu_memory_type = 7;

/// The answer to a fault, and so what the VMM has to do.
pub type mmu_fault_outcome = u32;
/// No fault was handled.
pub const MMU_FAULT_OUTCOME_NONE: mmu_fault_outcome = 0;
/// The tables now allow the access: run the guest again.
pub const MMU_FAULT_OUTCOME_FIXED: mmu_fault_outcome = 1;
/// They allowed it already, the processor had an older translation: run the guest again.
pub const MMU_FAULT_OUTCOME_SPURIOUS: mmu_fault_outcome = 2;
/// Something changed meanwhile, or the vCPU has to enter the guest anew first: run the guest again.
pub const MMU_FAULT_OUTCOME_RETRY: mmu_fault_outcome = 3;
/// The guest's own tables refuse: inject the fault in Walk.
pub const MMU_FAULT_OUTCOME_INJECT: mmu_fault_outcome = 4;
/// The access is allowed but no mapping can allow just it: emulate the instruction.
pub const MMU_FAULT_OUTCOME_EMULATE: mmu_fault_outcome = 5;
/// A write to a guest table that is shadowed, or to a tracked frame: emulate the instruction and announce its store, or ask to unprotect the frame.
pub const MMU_FAULT_OUTCOME_WRITE_PROTECTED: mmu_fault_outcome = 6;
/// No slot holds Gpa, or a write found a read-only slot: emulate the access to the device or ROM there.
pub const MMU_FAULT_OUTCOME_MMIO: mmu_fault_outcome = 7;
/// The table arena is full and nothing could be reclaimed: free vCPUs or enlarge the arena.
pub const MMU_FAULT_OUTCOME_OUT_OF_PAGES: mmu_fault_outcome = 8;
/// The VMM has no frame yet: wait for Token, then run the guest again.
pub const MMU_FAULT_OUTCOME_NOT_YET: mmu_fault_outcome = 9;
/// The frame's memory is lost to a hardware error: tell the guest (machine check) or stop it.
pub const MMU_FAULT_OUTCOME_POISONED: mmu_fault_outcome = 10;
/// The memory is not to be accessed like this: as private memory while it is shared or the other way round, or otherwise than by fetches in a slot for these alone. IsPrivate tells how it was accessed.
pub const MMU_FAULT_OUTCOME_MEMORY_FAULT: mmu_fault_outcome = 11;
/// The VM was stopped after its tables were found corrupt.
pub const MMU_FAULT_OUTCOME_VM_DEAD: mmu_fault_outcome = 12;

/// How an INVPCID, INVEPT or INVVPID instruction ended.
pub type mmu_invalidate_status = u32;
/// Done: the instruction completes.
pub const MMU_INVALIDATE_STATUS_DONE: mmu_invalidate_status = 0;
/// Its operands are illegal: inject #GP(0). Nothing has changed.
pub const MMU_INVALIDATE_STATUS_GENERAL_PROTECTION: mmu_invalidate_status = 1;
/// Its operands are illegal: VMfail with error 28, "Invalid operand to INVEPT/INVVPID". Nothing has changed.
pub const MMU_INVALIDATE_STATUS_INVALID_OPERAND: mmu_invalidate_status = 2;

/// What mmu_vcpu_soft_tlb_resolve found, and so what the client does.
pub type mmu_soft_tlb_outcome = u32;
/// Nothing was resolved.
pub const MMU_SOFT_TLB_OUTCOME_NONE: mmu_soft_tlb_outcome = 0;
/// Make the access through host_address, up to the end of its 4-KiB page. It is cached where it may be.
pub const MMU_SOFT_TLB_OUTCOME_MEMORY: mmu_soft_tlb_outcome = 1;
/// No slot holds gpa, or a write found a read-only slot: emulate the device or ROM there.
pub const MMU_SOFT_TLB_OUTCOME_MMIO: mmu_soft_tlb_outcome = 2;
/// Somebody wants to know of the store: the frame's writes are tracked, or it holds a table that is shadowed. Leave the guest and make the store through mmu_vm_write, or announce it with mmu_vm_guest_wrote.
pub const MMU_SOFT_TLB_OUTCOME_ANNOUNCE: mmu_soft_tlb_outcome = 3;
/// The guest's tables refuse the access: inject the fault in the result.
pub const MMU_SOFT_TLB_OUTCOME_FAULT: mmu_soft_tlb_outcome = 4;
/// Other processors, or the host, keep changing things: poll, then make the access again.
pub const MMU_SOFT_TLB_OUTCOME_RETRY: mmu_soft_tlb_outcome = 5;

/// Which translations a flush concerns.
pub type mmu_flush_scope = u32;
/// Every translation made from this VM's tables.
pub const MMU_FLUSH_SCOPE_ALL: mmu_flush_scope = 0;
/// Every translation of the vCPU's current root.
pub const MMU_FLUSH_SCOPE_CURRENT_ROOT: mmu_flush_scope = 1;
/// Translations of one linear address, global ones and those of other roots included.
pub const MMU_FLUSH_SCOPE_PAGE: mmu_flush_scope = 2;

/// What a root translates, and so where a processor is to be given it.
pub type mmu_root_kind = u32;
/// Linear addresses, in the guest's stead: CR3.
pub const MMU_ROOT_KIND_LINEAR: mmu_root_kind = 0;
/// Guest physical addresses, after the guest's own tables: EPTP, or nCR3.
pub const MMU_ROOT_KIND_NESTED: mmu_root_kind = 1;

/// Formats of the tables that translate guest physical addresses.
pub type mmu_nested_format = u32;
/// Extended page tables whose accessed and dirty bits the processor sets: EPTP bit 6 is to be set. Intel SDM "Accessed and Dirty Flags for EPT".
pub const MMU_NESTED_FORMAT_EPT: mmu_nested_format = 0;
/// Extended page tables of a processor that sets no accessed and dirty bits, or is not to: EPTP bit 6 clear.
pub const MMU_NESTED_FORMAT_EPT_NO_ACCESSED_DIRTY: mmu_nested_format = 1;
/// Nested page tables. AMD APM "Nested Paging".
pub const MMU_NESTED_FORMAT_NPT: mmu_nested_format = 2;

/// How the processor reported a fault of the second dimension.
pub type mmu_violation_source = u32;
/// It did not: access and flags say what happened.
pub const MMU_VIOLATION_SOURCE_GIVEN: mmu_violation_source = 0;
/// An EPT violation; code is its exit qualification.
pub const MMU_VIOLATION_SOURCE_EPT_VIOLATION: mmu_violation_source = 1;
/// An EPT misconfiguration.
pub const MMU_VIOLATION_SOURCE_EPT_MISCONFIGURATION: mmu_violation_source = 2;
/// A nested page fault; code is EXITINFO1.
pub const MMU_VIOLATION_SOURCE_NESTED_PAGE_FAULT: mmu_violation_source = 3;

/// What a processor says of an access that the second dimension refused.
pub type mmu_violation_flags = u32;
/// Nothing was mapped.
pub const MMU_VIOLATION_FLAGS_NONE: mmu_violation_flags = 0;
/// Something was mapped, but not for this access.
pub const MMU_VIOLATION_FLAGS_PRESENT: mmu_violation_flags = 1;
/// An entry was met that no processor accepts: EPT misconfiguration, or a nested page fault for a reserved bit. So MMIO is marked.
pub const MMU_VIOLATION_FLAGS_MISCONFIGURED: mmu_violation_flags = 2;
/// The guest accessed the address as private memory.
pub const MMU_VIOLATION_FLAGS_PRIVATE: mmu_violation_flags = 4;
/// The processor made the access while it walked the guest's own tables.
pub const MMU_VIOLATION_FLAGS_PAGE_WALK: mmu_violation_flags = 8;
/// No linear address belongs to it: the load of the PDPTEs by a MOV to CR3, for instance.
pub const MMU_VIOLATION_FLAGS_NO_LINEAR_ADDRESS: mmu_violation_flags = 16;

/// What the VMM found for a guest frame.
pub type mmu_resolved_kind = u32;
/// A frame that may be read and written.
pub const MMU_RESOLVED_KIND_PRESENT: mmu_resolved_kind = 0;
/// A frame that may only be read for now: copy-on-write.
pub const MMU_RESOLVED_KIND_READ_ONLY: mmu_resolved_kind = 1;
/// Nothing yet; the access is to be tried again later.
pub const MMU_RESOLVED_KIND_NOT_YET: mmu_resolved_kind = 2;
/// The memory is lost.
pub const MMU_RESOLVED_KIND_POISONED: mmu_resolved_kind = 3;
/// There is no memory: a device answers.
pub const MMU_RESOLVED_KIND_MMIO: mmu_resolved_kind = 4;

/// A moment that a trace tells of. Names and fields are those of KVM's tracepoints: TracePoints.
pub type mmu_trace_point = u32;
/// None.
pub const MMU_TRACE_POINT_NONE: mmu_trace_point = 0;
/// A processor raised a fault on our tables.
pub const MMU_TRACE_POINT_PAGE_FAULT: mmu_trace_point = 1;
/// The guest's tables are about to be walked.
pub const MMU_TRACE_POINT_PAGETABLE_WALK: mmu_trace_point = 2;
/// The entry at which the walk ended.
pub const MMU_TRACE_POINT_PAGING_ELEMENT: mmu_trace_point = 3;
/// A walk set the accessed bit of a guest's entry.
pub const MMU_TRACE_POINT_SET_ACCESSED_BIT: mmu_trace_point = 4;
/// A walk set the dirty bit of a guest's entry.
pub const MMU_TRACE_POINT_SET_DIRTY_BIT: mmu_trace_point = 5;
/// The guest's tables refuse the access.
pub const MMU_TRACE_POINT_WALKER_ERROR: mmu_trace_point = 6;
/// A table was found or made.
pub const MMU_TRACE_POINT_GET_PAGE: mmu_trace_point = 7;
/// A table is being brought in step with the guest's.
pub const MMU_TRACE_POINT_SYNC_PAGE: mmu_trace_point = 8;
/// The guest may write a shadowed table at will from now on.
pub const MMU_TRACE_POINT_UNSYNC_PAGE: mmu_trace_point = 9;
/// A table is being taken apart.
pub const MMU_TRACE_POINT_PREPARE_ZAP_PAGE: mmu_trace_point = 10;
/// An entry now says that there is no memory.
pub const MMU_TRACE_POINT_MARK_MMIO_SPTE: mmu_trace_point = 11;
/// An entry that says so answered a fault.
pub const MMU_TRACE_POINT_HANDLE_MMIO_PAGE_FAULT: mmu_trace_point = 12;
/// An entry that says so was looked at.
pub const MMU_TRACE_POINT_CHECK_MMIO_SPTE: mmu_trace_point = 13;
/// A fault was answered without the lock.
pub const MMU_TRACE_POINT_FAST_PAGE_FAULT: mmu_trace_point = 14;
/// All tables became obsolete.
pub const MMU_TRACE_POINT_ZAP_ALL_FAST: mmu_trace_point = 15;
/// A page is to be mapped.
pub const MMU_TRACE_POINT_SPTE_REQUESTED: mmu_trace_point = 16;
/// A leaf was set for a fault.
pub const MMU_TRACE_POINT_SET_SPTE: mmu_trace_point = 17;
/// An entry of the TDP MMU came, went or names another place.
pub const MMU_TRACE_POINT_TDP_SPTE_CHANGED: mmu_trace_point = 18;
/// A huge page was split.
pub const MMU_TRACE_POINT_SPLIT_HUGE_PAGE: mmu_trace_point = 19;

/// Empties TLBs of vCPUs: either the calling vCPU alone, at its entry or poll, or vCPUs that are in guest on other threads. A larger flush is always right.
pub type mmu_flush_fn = Option<unsafe extern "C" fn(context: *mut c_void, vcpus: *const u32, count: u32, scope: mmu_flush_scope, address: u64) -> u32>;

/// Makes vCPUs leave the guest, or poll, soon. Must not wait.
pub type mmu_kick_fn = Option<unsafe extern "C" fn(context: *mut c_void, vcpus: *const u32, count: u32)>;

/// Finds the host frame of a guest frame on demand. May take its time: no lock is held.
pub type mmu_resolve_fn = Option<unsafe extern "C" fn(context: *mut c_void, gfn: u64, write: u32, frame: *mut mmu_resolved_frame)>;

/// The registers that decide how a vCPU translates.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mmu_control_state {
    /// sizeof the struct.
    pub struct_size: u32,
    /// PKRU.
    pub pkru: u32,
    /// IA32_PKRS.
    pub pkrs: u32,
    /// 0.
    pub reserved: u32,
    /// CR0.
    pub cr0: u64,
    /// CR3 as written, with PCID and LAM bits; bit 63 with CR4.PCIDE keeps translations.
    pub cr3: u64,
    /// CR4.
    pub cr4: u64,
    /// IA32_EFER.
    pub efer: u64,
    /// IA32_PAT; 0 for its power-up value, 0x0007040600070406.
    pub pat: u64,
}

impl Default for mmu_control_state {
    /// All zero but for struct_size.
    fn default() -> Self {
        Self { struct_size: size_of::<Self>() as u32, ..unsafe { zeroed() } }
    }
}

const _: () = {
    assert!(size_of::<mmu_control_state>() == 56);
    assert!(offset_of!(mmu_control_state, struct_size) == 0);
    assert!(offset_of!(mmu_control_state, pkru) == 4);
    assert!(offset_of!(mmu_control_state, pkrs) == 8);
    assert!(offset_of!(mmu_control_state, reserved) == 12);
    assert!(offset_of!(mmu_control_state, cr0) == 16);
    assert!(offset_of!(mmu_control_state, cr3) == 24);
    assert!(offset_of!(mmu_control_state, cr4) == 32);
    assert!(offset_of!(mmu_control_state, efer) == 40);
    assert!(offset_of!(mmu_control_state, pat) == 48);
};

/// What a dirty log logs.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mmu_dirty_log_info {
    /// sizeof the struct.
    pub struct_size: u32,
    /// 0, or 1 for the address space of system-management mode.
    pub address_space: u32,
    /// First guest physical address of the slot.
    pub slot_base: u64,
    /// Pages of the slot.
    pub pages: u64,
    /// Words of 64 bits that a bitmap of the whole slot has.
    pub words: u32,
    /// Number of the slot in dirty rings.
    pub slot: u32,
    /// Not 0 when the slot was removed or moved: the log answers MMU_ERROR_STATE from then on.
    pub has_ended: u32,
    /// 0.
    pub reserved: u32,
    /// Words of the log that all harvests so far have looked at: what they cost, whatever the machine.
    pub words_visited: u64,
}

impl Default for mmu_dirty_log_info {
    /// All zero but for struct_size.
    fn default() -> Self {
        Self { struct_size: size_of::<Self>() as u32, ..unsafe { zeroed() } }
    }
}

const _: () = {
    assert!(size_of::<mmu_dirty_log_info>() == 48);
    assert!(offset_of!(mmu_dirty_log_info, struct_size) == 0);
    assert!(offset_of!(mmu_dirty_log_info, address_space) == 4);
    assert!(offset_of!(mmu_dirty_log_info, slot_base) == 8);
    assert!(offset_of!(mmu_dirty_log_info, pages) == 16);
    assert!(offset_of!(mmu_dirty_log_info, words) == 24);
    assert!(offset_of!(mmu_dirty_log_info, slot) == 28);
    assert!(offset_of!(mmu_dirty_log_info, has_ended) == 32);
    assert!(offset_of!(mmu_dirty_log_info, reserved) == 36);
    assert!(offset_of!(mmu_dirty_log_info, words_visited) == 40);
};

/// How a dirty log works. Zero is the default: a bitmap that starts empty.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mmu_dirty_log_options {
    /// sizeof the struct.
    pub struct_size: u32,
    /// What is on.
    pub flags: mmu_dirty_log_flags,
}

impl Default for mmu_dirty_log_options {
    /// All zero but for struct_size.
    fn default() -> Self {
        Self { struct_size: size_of::<Self>() as u32, ..unsafe { zeroed() } }
    }
}

const _: () = {
    assert!(size_of::<mmu_dirty_log_options>() == 8);
    assert!(offset_of!(mmu_dirty_log_options, struct_size) == 0);
    assert!(offset_of!(mmu_dirty_log_options, flags) == 4);
};

/// A page that a vCPU has written, from its dirty ring.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mmu_dirty_page {
    /// sizeof the struct.
    pub struct_size: u32,
    /// The number of the vCPU.
    pub vcpu: u32,
    /// Which slot: mmu_dirty_log_info.slot.
    pub slot: u32,
    /// 0.
    pub reserved: u32,
    /// The page of the slot, from 0.
    pub page: u64,
}

impl Default for mmu_dirty_page {
    /// All zero but for struct_size.
    fn default() -> Self {
        Self { struct_size: size_of::<Self>() as u32, ..unsafe { zeroed() } }
    }
}

const _: () = {
    assert!(size_of::<mmu_dirty_page>() == 24);
    assert!(offset_of!(mmu_dirty_page, struct_size) == 0);
    assert!(offset_of!(mmu_dirty_page, vcpu) == 4);
    assert!(offset_of!(mmu_dirty_page, slot) == 8);
    assert!(offset_of!(mmu_dirty_page, reserved) == 12);
    assert!(offset_of!(mmu_dirty_page, page) == 16);
};

/// Adjacent pages that were written.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mmu_dirty_range {
    /// sizeof the struct.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// The first guest physical address.
    pub start: u64,
    /// Size in bytes; a multiple of 4096.
    pub bytes: u64,
}

impl Default for mmu_dirty_range {
    /// All zero but for struct_size.
    fn default() -> Self {
        Self { struct_size: size_of::<Self>() as u32, ..unsafe { zeroed() } }
    }
}

const _: () = {
    assert!(size_of::<mmu_dirty_range>() == 24);
    assert!(offset_of!(mmu_dirty_range, struct_size) == 0);
    assert!(offset_of!(mmu_dirty_range, reserved) == 4);
    assert!(offset_of!(mmu_dirty_range, start) == 8);
    assert!(offset_of!(mmu_dirty_range, bytes) == 16);
};

/// A page fault that a processor raised while it ran on our tables.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mmu_fault {
    /// sizeof the struct.
    pub struct_size: u32,
    /// The access, with the privilege and EFLAGS.AC that it was made with.
    pub access: mmu_access,
    /// The linear address: CR2.
    pub address: u64,
    /// The error code of the fault.
    pub error_code: mmu_page_fault,
    /// 0.
    pub reserved: u32,
}

impl Default for mmu_fault {
    /// All zero but for struct_size.
    fn default() -> Self {
        Self { struct_size: size_of::<Self>() as u32, ..unsafe { zeroed() } }
    }
}

const _: () = {
    assert!(size_of::<mmu_fault>() == 24);
    assert!(offset_of!(mmu_fault, struct_size) == 0);
    assert!(offset_of!(mmu_fault, access) == 4);
    assert!(offset_of!(mmu_fault, address) == 8);
    assert!(offset_of!(mmu_fault, error_code) == 16);
    assert!(offset_of!(mmu_fault, reserved) == 20);
};

/// What to do after a fault. Members that do not belong to the outcome are 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mmu_fault_result {
    /// sizeof the struct.
    pub struct_size: u32,
    /// What to do.
    pub outcome: mmu_fault_outcome,
    /// The guest physical address of the access, if the guest's tables translate it.
    pub gpa: u64,
    /// Of NOT_YET: what the resolver gave.
    pub token: u64,
    /// Of WRITE_PROTECTED: not 0 if the store goes to a table that its own translation uses. It must be emulated.
    pub hits_own_tables: u32,
    /// Of MEMORY_FAULT: not 0 if the memory was accessed as private memory.
    pub is_private: u32,
}

impl Default for mmu_fault_result {
    /// All zero but for struct_size.
    fn default() -> Self {
        Self { struct_size: size_of::<Self>() as u32, ..unsafe { zeroed() } }
    }
}

const _: () = {
    assert!(size_of::<mmu_fault_result>() == 32);
    assert!(offset_of!(mmu_fault_result, struct_size) == 0);
    assert!(offset_of!(mmu_fault_result, outcome) == 4);
    assert!(offset_of!(mmu_fault_result, gpa) == 8);
    assert!(offset_of!(mmu_fault_result, token) == 16);
    assert!(offset_of!(mmu_fault_result, hits_own_tables) == 24);
    assert!(offset_of!(mmu_fault_result, is_private) == 28);
};

/// The VMM's callbacks. They must return normally, and call no function of the library for the same VM.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mmu_host {
    /// sizeof the struct.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Handed to every callback.
    pub context: *mut c_void,
    /// Empties TLBs. NULL where there is none but the library's software TLB.
    pub flush: mmu_flush_fn,
    /// Makes vCPUs leave the guest or poll soon. NULL if all poll often by themselves.
    pub kick: mmu_kick_fn,
    /// Finds host frames of slots with MMU_SLOT_FLAGS_RESOLVED. NULL if there are none.
    pub resolve: mmu_resolve_fn,
}

impl Default for mmu_host {
    /// All zero but for struct_size.
    fn default() -> Self {
        Self { struct_size: size_of::<Self>() as u32, ..unsafe { zeroed() } }
    }
}

const _: () = {
    assert!(size_of::<mmu_host>() == 40);
    assert!(offset_of!(mmu_host, struct_size) == 0);
    assert!(offset_of!(mmu_host, reserved) == 4);
    assert!(offset_of!(mmu_host, context) == 8);
    assert!(offset_of!(mmu_host, flush) == 16);
    assert!(offset_of!(mmu_host, kick) == 24);
    assert!(offset_of!(mmu_host, resolve) == 32);
};

/// What the VMM knows of a guest frame.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mmu_resolved_frame {
    /// sizeof the struct.
    pub struct_size: u32,
    /// Whether there is a frame.
    pub kind: mmu_resolved_kind,
    /// Of PRESENT and READ_ONLY: the host frame number.
    pub frame: u64,
    /// Of NOT_YET: what to wait for; not 0.
    pub token: u64,
    /// log2 of the frames around it that follow each other, aligned: 0, 9 for 2 MiB, 18 for 1 GiB.
    pub order: u32,
    /// 0.
    pub reserved: u32,
}

impl Default for mmu_resolved_frame {
    /// All zero but for struct_size.
    fn default() -> Self {
        Self { struct_size: size_of::<Self>() as u32, ..unsafe { zeroed() } }
    }
}

const _: () = {
    assert!(size_of::<mmu_resolved_frame>() == 32);
    assert!(offset_of!(mmu_resolved_frame, struct_size) == 0);
    assert!(offset_of!(mmu_resolved_frame, kind) == 4);
    assert!(offset_of!(mmu_resolved_frame, frame) == 8);
    assert!(offset_of!(mmu_resolved_frame, token) == 16);
    assert!(offset_of!(mmu_resolved_frame, order) == 24);
    assert!(offset_of!(mmu_resolved_frame, reserved) == 28);
};

/// What the processor that runs the guest must be loaded with, from entry to exit.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mmu_run_state {
    /// sizeof the struct.
    pub struct_size: u32,
    /// LOADED: the vCPU is in guest now. Else why it is not; the rest is 0.
    pub status: mmu_root_status,
    /// Host physical address of the root table, for CR3. Tag the TLB by root, or empty it when the root changes.
    pub root_address: u64,
    /// Paging mode of the tables: 3 (PAE paging), 4 or 5 levels.
    pub levels: u32,
    /// What the root is for: CR3, or EPTP or nCR3.
    pub kind: mmu_root_kind,
}

impl Default for mmu_run_state {
    /// All zero but for struct_size.
    fn default() -> Self {
        Self { struct_size: size_of::<Self>() as u32, ..unsafe { zeroed() } }
    }
}

const _: () = {
    assert!(size_of::<mmu_run_state>() == 24);
    assert!(offset_of!(mmu_run_state, struct_size) == 0);
    assert!(offset_of!(mmu_run_state, status) == 4);
    assert!(offset_of!(mmu_run_state, root_address) == 8);
    assert!(offset_of!(mmu_run_state, levels) == 16);
    assert!(offset_of!(mmu_run_state, kind) == 20);
};

/// A range of guest memory, and where it lies in this process.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mmu_slot {
    /// sizeof the struct.
    pub struct_size: u32,
    /// Which fields count, and what the guest may do to it.
    pub flags: mmu_slot_flags,
    /// First guest physical address; a multiple of 4096.
    pub base: u64,
    /// Size in bytes; a multiple of 4096, not 0.
    pub size: u64,
    /// Its first byte in this process; a multiple of 4096. Must stay valid until mmu_vm_remove_slot has returned.
    pub host_address: u64,
    /// Of MMU_SLOT_FLAGS_HOST_FRAME: host frame of its first page, as the processor that walks the tables sees it.
    pub host_frame: u64,
    /// 0, or 1 for vCPUs in system-management mode.
    pub address_space: u32,
    /// 0.
    pub reserved: u32,
}

impl Default for mmu_slot {
    /// All zero but for struct_size.
    fn default() -> Self {
        Self { struct_size: size_of::<Self>() as u32, ..unsafe { zeroed() } }
    }
}

const _: () = {
    assert!(size_of::<mmu_slot>() == 48);
    assert!(offset_of!(mmu_slot, struct_size) == 0);
    assert!(offset_of!(mmu_slot, flags) == 4);
    assert!(offset_of!(mmu_slot, base) == 8);
    assert!(offset_of!(mmu_slot, size) == 16);
    assert!(offset_of!(mmu_slot, host_address) == 24);
    assert!(offset_of!(mmu_slot, host_frame) == 32);
    assert!(offset_of!(mmu_slot, address_space) == 40);
    assert!(offset_of!(mmu_slot, reserved) == 44);
};

/// Exact counters of a VM since it was created, and its present sizes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mmu_statistics {
    /// sizeof the struct.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Faults handled.
    pub faults: u64,
    /// Faults after which the guest could go on.
    pub faults_fixed: u64,
    /// Faults that the tables allowed already.
    pub faults_spurious: u64,
    /// Faults handed to the guest.
    pub faults_injected: u64,
    /// Stores to SPTEs.
    pub spte_stores: u64,
    /// Tables made.
    pub tables_allocated: u64,
    /// Tables taken apart.
    pub tables_zapped: u64,
    /// Tables taken apart to make room.
    pub tables_recycled: u64,
    /// Tables taken apart because the guest kept writing to them.
    pub tables_flooded: u64,
    /// Times that a table became unsync.
    pub unsyncs: u64,
    /// Announced stores to shadowed guest tables.
    pub table_writes: u64,
    /// Pages mapped ahead of an access.
    pub prefetched: u64,
    /// TLB flushes of other vCPUs.
    pub remote_flushes: u64,
    /// Tables in use now, roots still referenced included.
    pub tables: u64,
    /// 4-KiB mappings now.
    pub pages4k: u64,
    /// 2-MiB mappings now.
    pub pages2m: u64,
    /// 1-GiB mappings now.
    pub pages1g: u64,
    /// Bytes of bookkeeping now: tables, headers, shadowed translations, rmaps, hash, per-slot data.
    pub metadata_bytes: u64,
    /// Faults whose access is to be emulated: MMIO, or a write to a frame that is not to be written.
    pub faults_emulated: u64,
    /// Faults of faults_fixed that took no lock.
    pub faults_fast: u64,
    /// Entries of upper tables dropped for announced stores.
    pub upper_entries_zapped: u64,
    /// Entries made that say that there is no memory.
    pub mmio_entries: u64,
    /// Tables made only to keep a huge page from being executable, now.
    pub nx_splits: u64,
    /// Times that all vCPUs were asked to flush, those included that found none of them in guest.
    pub flush_requests: u64,
    /// TLB flushes of a vCPU by itself, at its entry or poll.
    pub tlb_flushes: u64,
    /// Linear addresses that guests invalidated.
    pub invalidations: u64,
    /// Shadow tables that are unsync now.
    pub unsync_tables: u64,
    /// Most shadow leaves of one frame so far; 0 if no frame had more than one.
    pub longest_rmap: u64,
}

impl Default for mmu_statistics {
    /// All zero but for struct_size.
    fn default() -> Self {
        Self { struct_size: size_of::<Self>() as u32, ..unsafe { zeroed() } }
    }
}

const _: () = {
    assert!(size_of::<mmu_statistics>() == 232);
    assert!(offset_of!(mmu_statistics, struct_size) == 0);
    assert!(offset_of!(mmu_statistics, reserved) == 4);
    assert!(offset_of!(mmu_statistics, faults) == 8);
    assert!(offset_of!(mmu_statistics, faults_fixed) == 16);
    assert!(offset_of!(mmu_statistics, faults_spurious) == 24);
    assert!(offset_of!(mmu_statistics, faults_injected) == 32);
    assert!(offset_of!(mmu_statistics, spte_stores) == 40);
    assert!(offset_of!(mmu_statistics, tables_allocated) == 48);
    assert!(offset_of!(mmu_statistics, tables_zapped) == 56);
    assert!(offset_of!(mmu_statistics, tables_recycled) == 64);
    assert!(offset_of!(mmu_statistics, tables_flooded) == 72);
    assert!(offset_of!(mmu_statistics, unsyncs) == 80);
    assert!(offset_of!(mmu_statistics, table_writes) == 88);
    assert!(offset_of!(mmu_statistics, prefetched) == 96);
    assert!(offset_of!(mmu_statistics, remote_flushes) == 104);
    assert!(offset_of!(mmu_statistics, tables) == 112);
    assert!(offset_of!(mmu_statistics, pages4k) == 120);
    assert!(offset_of!(mmu_statistics, pages2m) == 128);
    assert!(offset_of!(mmu_statistics, pages1g) == 136);
    assert!(offset_of!(mmu_statistics, metadata_bytes) == 144);
    assert!(offset_of!(mmu_statistics, faults_emulated) == 152);
    assert!(offset_of!(mmu_statistics, faults_fast) == 160);
    assert!(offset_of!(mmu_statistics, upper_entries_zapped) == 168);
    assert!(offset_of!(mmu_statistics, mmio_entries) == 176);
    assert!(offset_of!(mmu_statistics, nx_splits) == 184);
    assert!(offset_of!(mmu_statistics, flush_requests) == 192);
    assert!(offset_of!(mmu_statistics, tlb_flushes) == 200);
    assert!(offset_of!(mmu_statistics, invalidations) == 208);
    assert!(offset_of!(mmu_statistics, unsync_tables) == 216);
    assert!(offset_of!(mmu_statistics, longest_rmap) == 224);
};

/// The memory that a processor walks: what a VMM maps into that processor's address space, read and write.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mmu_table_memory {
    /// sizeof the struct.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Its first byte in this process.
    pub host_address: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// The host frame at which the processor must find it.
    pub first_frame: u64,
}

impl Default for mmu_table_memory {
    /// All zero but for struct_size.
    fn default() -> Self {
        Self { struct_size: size_of::<Self>() as u32, ..unsafe { zeroed() } }
    }
}

const _: () = {
    assert!(size_of::<mmu_table_memory>() == 32);
    assert!(offset_of!(mmu_table_memory, struct_size) == 0);
    assert!(offset_of!(mmu_table_memory, reserved) == 4);
    assert!(offset_of!(mmu_table_memory, host_address) == 8);
    assert!(offset_of!(mmu_table_memory, bytes) == 16);
    assert!(offset_of!(mmu_table_memory, first_frame) == 24);
};

/// An event of a trace: mmu_trace_point_name and mmu_trace_field_name tell what it is.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mmu_trace_event {
    /// sizeof the struct.
    pub struct_size: u32,
    /// What it tells of.
    pub point: mmu_trace_point,
    /// The vCPU's number; -1 where the event has none.
    pub vcpu: i32,
    /// How many fields it has.
    pub field_count: u32,
    /// The number of the event since tracing began, from 0 on.
    pub number: u64,
    /// Its fields, 0 after the last one.
    pub fields: [u64; 6],
}

impl Default for mmu_trace_event {
    /// All zero but for struct_size.
    fn default() -> Self {
        Self { struct_size: size_of::<Self>() as u32, ..unsafe { zeroed() } }
    }
}

const _: () = {
    assert!(size_of::<mmu_trace_event>() == 72);
    assert!(offset_of!(mmu_trace_event, struct_size) == 0);
    assert!(offset_of!(mmu_trace_event, point) == 4);
    assert!(offset_of!(mmu_trace_event, vcpu) == 8);
    assert!(offset_of!(mmu_trace_event, field_count) == 12);
    assert!(offset_of!(mmu_trace_event, number) == 16);
    assert!(offset_of!(mmu_trace_event, fields) == 24);
};

/// An EPT violation, an EPT misconfiguration or a nested page fault.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mmu_violation {
    /// sizeof the struct.
    pub struct_size: u32,
    /// How the processor reported it: which of the fields below count.
    pub source: mmu_violation_source,
    /// The guest physical address.
    pub gpa: u64,
    /// Exit qualification or EXITINFO1, by source.
    pub code: u64,
    /// Of MMU_VIOLATION_SOURCE_GIVEN: the access.
    pub access: mmu_access,
    /// Of MMU_VIOLATION_SOURCE_GIVEN: what else is known.
    pub flags: mmu_violation_flags,
}

impl Default for mmu_violation {
    /// All zero but for struct_size.
    fn default() -> Self {
        Self { struct_size: size_of::<Self>() as u32, ..unsafe { zeroed() } }
    }
}

const _: () = {
    assert!(size_of::<mmu_violation>() == 32);
    assert!(offset_of!(mmu_violation, struct_size) == 0);
    assert!(offset_of!(mmu_violation, source) == 4);
    assert!(offset_of!(mmu_violation, gpa) == 8);
    assert!(offset_of!(mmu_violation, code) == 16);
    assert!(offset_of!(mmu_violation, access) == 24);
    assert!(offset_of!(mmu_violation, flags) == 28);
};

/// What a VM is created with. Zero is the default everywhere: a software client's VM.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mmu_vm_options {
    /// sizeof the struct.
    pub struct_size: u32,
    /// Options that are on or off.
    pub flags: mmu_vm_flags,
    /// Vendor of the guest's CPU.
    pub vendor: mmu_vendor,
    /// Features that the guest's CPU lacks.
    pub lacking_features: mmu_feature,
    /// MAXPHYADDR of the guest's CPU, 32 to 52 bits; 0 for 52.
    pub physical_address_bits: u32,
    /// MAXPHYADDR of the processor that walks the tables, 32 to 52 bits; 0 for 52, where none does.
    pub host_physical_address_bits: u32,
    /// Pages of 4 KiB for tables, 8 to 2^22; 0 for 65536.
    pub table_pages: u32,
    /// Most tables in use before the oldest are taken apart, at least 8; 0 for as many as there are pages.
    pub table_quota: u32,
    /// Most vCPUs, 1 to 1024; 0 for 64.
    pub max_vcpus: u32,
    /// Of MMU_VM_FLAGS_TABLES_IN_FILE: the file. Not needed once the VM is made.
    pub table_fd: i32,
    /// Of MMU_VM_FLAGS_TABLES_IN_FILE: where in the file the first page starts; a multiple of 4096.
    pub table_offset: u64,
    /// Memory of the caller's for the tables, a multiple of 4096; 0 for memory that the library maps.
    pub table_address: u64,
    /// Host frame of the first table page, as the processor that walks the tables sees it; 0 where none does.
    pub first_table_frame: u64,
    /// Memory-encryption bit that every entry gets, as a mask of one of bits 51:12; 0 for none.
    pub encryption_bit: u64,
    /// Address space in bytes for what the library keeps about tables and slots; 0 for enough for 256 GiB of slots.
    pub private_bytes: u64,
    /// Of MMU_VM_FLAGS_NESTED: format of the tables.
    pub nested_format: mmu_nested_format,
    /// Of MMU_VM_FLAGS_NESTED: levels of the tables, 4 or 5; 0 for 4.
    pub nested_levels: u32,
    /// Of MMU_VM_FLAGS_NESTED: largest pages, 1 for 4 KiB, 2 for 2 MiB, 3 for 1 GiB; 0 for 3.
    pub nested_highest_page_level: u32,
    /// Entries of each vCPU's dirty ring, a power of two from 128, or 2048 with MMU_VM_FLAGS_PAGE_MODIFICATION_LOG, to 65536; 0 for no rings.
    pub dirty_ring_entries: u32,
}

impl Default for mmu_vm_options {
    /// All zero but for struct_size.
    fn default() -> Self {
        Self { struct_size: size_of::<Self>() as u32, ..unsafe { zeroed() } }
    }
}

const _: () = {
    assert!(size_of::<mmu_vm_options>() == 96);
    assert!(offset_of!(mmu_vm_options, struct_size) == 0);
    assert!(offset_of!(mmu_vm_options, flags) == 4);
    assert!(offset_of!(mmu_vm_options, vendor) == 8);
    assert!(offset_of!(mmu_vm_options, lacking_features) == 12);
    assert!(offset_of!(mmu_vm_options, physical_address_bits) == 16);
    assert!(offset_of!(mmu_vm_options, host_physical_address_bits) == 20);
    assert!(offset_of!(mmu_vm_options, table_pages) == 24);
    assert!(offset_of!(mmu_vm_options, table_quota) == 28);
    assert!(offset_of!(mmu_vm_options, max_vcpus) == 32);
    assert!(offset_of!(mmu_vm_options, table_fd) == 36);
    assert!(offset_of!(mmu_vm_options, table_offset) == 40);
    assert!(offset_of!(mmu_vm_options, table_address) == 48);
    assert!(offset_of!(mmu_vm_options, first_table_frame) == 56);
    assert!(offset_of!(mmu_vm_options, encryption_bit) == 64);
    assert!(offset_of!(mmu_vm_options, private_bytes) == 72);
    assert!(offset_of!(mmu_vm_options, nested_format) == 80);
    assert!(offset_of!(mmu_vm_options, nested_levels) == 84);
    assert!(offset_of!(mmu_vm_options, nested_highest_page_level) == 88);
    assert!(offset_of!(mmu_vm_options, dirty_ring_entries) == 92);
};

/// What a walk of the guest's tables found. Members that do not belong to the outcome are 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mmu_walk {
    /// sizeof the struct.
    pub struct_size: u32,
    /// How the walk ended.
    pub outcome: mmu_walk_outcome,
    /// On success the guest physical address.
    pub gpa: u64,
    /// On success the pointer to the byte in this process, good up to the end of its 4-KiB page; 0 outside every slot (MMIO). Given for writes to read-only slots too, which must not be made through it.
    pub host_address: u64,
    /// The guest's leaf entry on success, else the entry that refused, as it was read.
    pub entry: u64,
    /// Level of that entry; 0 if none was read.
    pub level: u32,
    /// On success log2 of the page's size in bytes.
    pub page_shift: u32,
    /// On success what the whole path allows.
    pub rights: mmu_rights,
    /// On success the memory type that paging gives.
    pub memory_type: mmu_memory_type,
    /// What else is true of it.
    pub flags: mmu_walk_flags,
    /// On a fault the rule that refused.
    pub cause: mmu_fault_cause,
    /// On a fault the address of the entry that refused; 0 for a PDPTE register.
    pub entry_address: u64,
    /// On a fault the linear address, untagged: CR2.
    pub linear_address: u64,
    /// The error code of a page fault; the exit qualification or EXITINFO1 of a fault of the second dimension.
    pub code: u64,
    /// Of a nested walk the address before the second dimension.
    pub nested_gpa: u64,
}

impl Default for mmu_walk {
    /// All zero but for struct_size.
    fn default() -> Self {
        Self { struct_size: size_of::<Self>() as u32, ..unsafe { zeroed() } }
    }
}

const _: () = {
    assert!(size_of::<mmu_walk>() == 88);
    assert!(offset_of!(mmu_walk, struct_size) == 0);
    assert!(offset_of!(mmu_walk, outcome) == 4);
    assert!(offset_of!(mmu_walk, gpa) == 8);
    assert!(offset_of!(mmu_walk, host_address) == 16);
    assert!(offset_of!(mmu_walk, entry) == 24);
    assert!(offset_of!(mmu_walk, level) == 32);
    assert!(offset_of!(mmu_walk, page_shift) == 36);
    assert!(offset_of!(mmu_walk, rights) == 40);
    assert!(offset_of!(mmu_walk, memory_type) == 44);
    assert!(offset_of!(mmu_walk, flags) == 48);
    assert!(offset_of!(mmu_walk, cause) == 52);
    assert!(offset_of!(mmu_walk, entry_address) == 56);
    assert!(offset_of!(mmu_walk, linear_address) == 64);
    assert!(offset_of!(mmu_walk, code) == 72);
    assert!(offset_of!(mmu_walk, nested_gpa) == 80);
};

/// One entry that a walk read.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mmu_walk_step {
    /// sizeof the struct.
    pub struct_size: u32,
    /// MMU_WALK_FLAGS_SECOND_DIMENSION, or 0.
    pub flags: mmu_walk_flags,
    /// Level of its table.
    pub level: u32,
    /// What the path allows so far.
    pub rights: mmu_rights,
    /// Where it lies.
    pub entry_address: u64,
    /// The entry as it was read.
    pub entry: u64,
}

impl Default for mmu_walk_step {
    /// All zero but for struct_size.
    fn default() -> Self {
        Self { struct_size: size_of::<Self>() as u32, ..unsafe { zeroed() } }
    }
}

const _: () = {
    assert!(size_of::<mmu_walk_step>() == 32);
    assert!(offset_of!(mmu_walk_step, struct_size) == 0);
    assert!(offset_of!(mmu_walk_step, flags) == 4);
    assert!(offset_of!(mmu_walk_step, level) == 8);
    assert!(offset_of!(mmu_walk_step, rights) == 12);
    assert!(offset_of!(mmu_walk_step, entry_address) == 16);
    assert!(offset_of!(mmu_walk_step, entry) == 24);
};

extern "C" {
    /// Version of the ABI of the library in this process, to compare with MMU_ABI_VERSION of the header.
    pub fn mmu_abi_version() -> u32;
    /// Name of a status.
    pub fn mmu_strerror(status: mmu_status) -> *const c_char;
    /// Copies what the calling thread's last failure was about.
    pub fn mmu_last_error(buffer: *mut c_char, size: u64) -> u64;
    /// Creates a VM without slots and vCPUs.
    pub fn mmu_vm_create(options: *const mmu_vm_options, host: *const mmu_host, vm: *mut mmu_vm) -> mmu_status;
    /// Destroys a VM and its vCPUs, none of which is in guest; their handles become stale. The slots' memory stays the caller's.
    pub fn mmu_vm_destroy(vm: mmu_vm) -> mmu_status;
    /// Where the tables lie.
    pub fn mmu_vm_table_memory(vm: mmu_vm, memory: *mut mmu_table_memory) -> mmu_status;
    /// Makes every table obsolete, at once: each vCPU starts with empty ones at its next entry. Those in guest are kicked.
    pub fn mmu_vm_zap_all(vm: mmu_vm) -> mmu_status;
    /// Takes some tables apart that mmu_vm_zap_all left; for a thread with nothing better to do.
    pub fn mmu_vm_reclaim_obsolete(vm: mmu_vm, more: *mut u32) -> mmu_status;
    /// Takes tables apart, oldest first, to give memory back.
    pub fn mmu_vm_shrink(vm: mmu_vm, pages: u32, done: *mut u32) -> mmu_status;
    /// Adds a slot. Guests see it when the function returns, or earlier.
    pub fn mmu_vm_add_slot(vm: mmu_vm, slot: *const mmu_slot) -> mmu_status;
    /// Removes a slot. When the function returns nothing of the library uses its memory, save a mmu_translate outside the guest that began before. Waits for vCPUs in guest that the flush callback does not reach.
    pub fn mmu_vm_remove_slot(vm: mmu_vm, base: u64, address_space: u32) -> mmu_status;
    /// Moves a slot to another guest physical address; its memory stays where it is.
    pub fn mmu_vm_move_slot(vm: mmu_vm, from: u64, to: u64, address_space: u32) -> mmu_status;
    /// Reads guest memory. Nothing is copied unless all of it lies in slots.
    pub fn mmu_vm_read(vm: mmu_vm, gpa: u64, buffer: *mut c_void, size: u64, address_space: u32) -> mmu_status;
    /// Writes guest memory and announces the store. Nothing is written unless all of it lies in writable slots.
    pub fn mmu_vm_write(vm: mmu_vm, gpa: u64, buffer: *const c_void, size: u64, address_space: u32) -> mmu_status;
    /// Compares and exchanges a value, as a locked instruction of the guest would, and announces the store if it was made. Nothing is written unless all of it lies in writable slots.
    pub fn mmu_vm_compare_exchange(vm: mmu_vm, gpa: u64, size: u32, expected: u64, value: u64, address_space: u32, exchanged: *mut u32) -> mmu_status;
    /// Announces a store to guest memory by anyone but a processor that walks the tables: an instruction emulator, a device. Called after it.
    pub fn mmu_vm_guest_wrote(vm: mmu_vm, gpa: u64, size: u64, address_space: u32) -> mmu_status;
    /// Tracks the writes to a frame: each ends in MMU_FAULT_OUTCOME_WRITE_PROTECTED until they are untracked as often.
    pub fn mmu_vm_track_writes(vm: mmu_vm, gpa: u64, address_space: u32) -> mmu_status;
    /// Takes one mmu_vm_track_writes back.
    pub fn mmu_vm_untrack_writes(vm: mmu_vm, gpa: u64, address_space: u32) -> mmu_status;
    /// Removes every mapping of a range. When it returns no processor uses them, and no frame that the resolve callback answered for the range before is mapped any more or will be: let it answer anew first.
    pub fn mmu_vm_unmap_range(vm: mmu_vm, start: u64, bytes: u64, address_space: u32) -> mmu_status;
    /// Removes mappings of a range, and tables that shadow guest tables in it.
    pub fn mmu_vm_zap_range(vm: mmu_vm, start: u64, bytes: u64, address_space: u32) -> mmu_status;
    /// Takes write access from all mappings of a range, for dirty logging: the next write to each page faults.
    pub fn mmu_vm_write_protect(vm: mmu_vm, start: u64, bytes: u64, address_space: u32) -> mmu_status;
    /// Removes small mappings of a range where a huge page could be mapped instead.
    pub fn mmu_vm_zap_collapsible(vm: mmu_vm, start: u64, bytes: u64, address_space: u32) -> mmu_status;
    /// Clears the accessed bits of all mappings of a range. TLBs are not flushed, so a page may be used once more unseen.
    pub fn mmu_vm_age(vm: mmu_vm, start: u64, bytes: u64, address_space: u32, accessed: *mut u32) -> mmu_status;
    /// Tells whether a mapping of a range has its accessed bit set; changes nothing.
    pub fn mmu_vm_test_age(vm: mmu_vm, start: u64, bytes: u64, address_space: u32, accessed: *mut u32) -> mmu_status;
    /// Splits huge mappings of a range into mappings of 4 KiB.
    pub fn mmu_vm_split_huge_pages(vm: mmu_vm, start: u64, bytes: u64, address_space: u32, complete: *mut u32) -> mmu_status;
    /// Starts to log: exact from here on. The last log of a slot to end lets huge pages come back.
    pub fn mmu_dirty_log_start(vm: mmu_vm, slot_base: u64, address_space: u32, options: *const mmu_dirty_log_options, log: *mut mmu_dirty_log) -> mmu_status;
    /// Ends a log. Its handle becomes stale.
    pub fn mmu_dirty_log_end(log: mmu_dirty_log) -> mmu_status;
    /// What a log logs.
    pub fn mmu_dirty_log_get_info(log: mmu_dirty_log, info: *mut mmu_dirty_log_info) -> mmu_status;
    /// Takes the dirty pages of a part of the slot: they are reported once, and logged again from now on.
    pub fn mmu_dirty_log_harvest(log: mmu_dirty_log, first_page: u64, bitmap: *mut u64, words: u32, pages: *mut u64) -> mmu_status;
    /// Reports the dirty pages of a part of the slot, and keeps them: every call reports them again until mmu_dirty_log_clear confirms them, so that a consumer that fails half-way loses nothing. Writes after the call come with the next one even if this one is confirmed.
    pub fn mmu_dirty_log_get(log: mmu_dirty_log, first_page: u64, bitmap: *mut u64, words: u32, pages: *mut u64) -> mmu_status;
    /// Confirms pages that mmu_dirty_log_get has reported: the consumer is done with them. Others are not touched.
    pub fn mmu_dirty_log_clear(log: mmu_dirty_log, first_page: u64, pages: u64) -> mmu_status;
    /// Takes dirty pages as ranges, in ascending order; what there is no room for stays in the log.
    pub fn mmu_dirty_log_harvest_ranges(log: mmu_dirty_log, ranges: *mut mmu_dirty_range, capacity: u32, count: *mut u32) -> mmu_status;
    /// Of a log with MMU_DIRTY_LOG_FLAGS_VERIFY: compares every page that is not dirty with what it held when it was last reported. For moments in which nobody is just writing.
    pub fn mmu_dirty_log_find_missed(log: mmu_dirty_log, addresses: *mut u64, capacity: u32, count: *mut u32) -> mmu_status;
    /// Tells dirty logs of stores that the library cannot see, a device's above all. After the stores; mmu_vm_guest_wrote tells them too.
    pub fn mmu_vm_mark_dirty(vm: mmu_vm, gpa: u64, bytes: u64, address_space: u32) -> mmu_status;
    /// Takes pages from the dirty rings of all vCPUs. Call mmu_vm_reset_dirty_rings afterwards, then read the pages. What no vCPU wrote and what found a full ring is in the bitmap of the log: harvest that too.
    pub fn mmu_vm_take_dirty_pages(vm: mmu_vm, pages: *mut mmu_dirty_page, capacity: u32, count: *mut u32) -> mmu_status;
    /// Frees what was taken from the dirty rings, and makes its pages show again.
    pub fn mmu_vm_reset_dirty_rings(vm: mmu_vm, count: *mut u32) -> mmu_status;
    /// Hands over the pages that the processor has noted while it ran the vCPU (Intel SDM "Page-Modification Logging"): after each exit, before anything is harvested. The vCPU's thread; the vCPU is not in guest.
    pub fn mmu_vcpu_drain_dirty_pages(vcpu: mmu_vcpu, addresses: *const u64, count: u32, logged: *mut u32) -> mmu_status;
    /// Copies the memory of all writable slots, and logs what is written from now on. Slots that are added later are left alone.
    pub fn mmu_snapshot_take(vm: mmu_vm, snapshot: *mut mmu_snapshot) -> mmu_status;
    /// Puts every page that was written since the snapshot was taken, or last restored, back as it was. Dirty logs are told, shadowed guest tables are brought in step, and every TLB is flushed.
    pub fn mmu_snapshot_restore(snapshot: mmu_snapshot, pages: *mut u64) -> mmu_status;
    /// Bytes of guest memory that a snapshot keeps.
    pub fn mmu_snapshot_bytes(snapshot: mmu_snapshot, bytes: *mut u64) -> mmu_status;
    /// Gives a snapshot's memory back. Its handle becomes stale.
    pub fn mmu_snapshot_destroy(snapshot: mmu_snapshot) -> mmu_status;
    /// Creates a vCPU, outside the guest and with paging off. Any thread that has no vCPU of the VM in guest.
    pub fn mmu_vcpu_create(vm: mmu_vm, vcpu: *mut mmu_vcpu) -> mmu_status;
    /// Destroys a vCPU. Its handle becomes stale, and its number free.
    pub fn mmu_vcpu_destroy(vcpu: mmu_vcpu) -> mmu_status;
    /// The vCPU's number, by which callbacks are told of it; the lowest that was free when it was created.
    pub fn mmu_vcpu_number(vcpu: mmu_vcpu, number: *mut u32) -> mmu_status;
    /// Puts control state in force: after a MOV to CR0 or CR4, a write of EFER, a task switch, a reset. For a MOV to CR3 use mmu_vcpu_load_cr3.
    pub fn mmu_vcpu_set_control_state(vcpu: mmu_vcpu, state: *const mmu_control_state, verdict: *mut mmu_control_state_status) -> mmu_status;
    /// The control state in force. In guest or not.
    pub fn mmu_vcpu_get_control_state(vcpu: mmu_vcpu, state: *mut mmu_control_state) -> mmu_status;
    /// A MOV to CR3, as a guest makes it.
    pub fn mmu_vcpu_load_cr3(vcpu: mmu_vcpu, value: u64, verdict: *mut mmu_control_state_status) -> mmu_status;
    /// Sets PKRU and IA32_PKRS. In guest or not.
    pub fn mmu_vcpu_set_protection_keys(vcpu: mmu_vcpu, pkru: u32, pkrs: u32) -> mmu_status;
    /// Enters or leaves system-management mode: the vCPU sees the other address space's slots. Registers stay.
    pub fn mmu_vcpu_set_system_management(vcpu: mmu_vcpu, active: u32) -> mmu_status;
    /// An INVLPG. An address that is not canonical does nothing.
    pub fn mmu_vcpu_invalidate_page(vcpu: mmu_vcpu, address: u64) -> mmu_status;
    /// An INVPCID.
    pub fn mmu_vcpu_invalidate_pcid(vcpu: mmu_vcpu, r#type: u64, descriptor: u64, address: u64, verdict: *mut mmu_invalidate_status) -> mmu_status;
    /// Enters the guest: does what is pending, asks the flush callback for what the vCPU's own TLB must lose, then counts as in guest, so that whoever changes tables waits for this vCPU to drop its old translations.
    pub fn mmu_vcpu_begin_run(vcpu: mmu_vcpu, state: *mut mmu_run_state) -> mmu_status;
    /// Leaves the guest. Translations and host addresses taken since may be kept, but used only in guest.
    pub fn mmu_vcpu_end_run(vcpu: mmu_vcpu) -> mmu_status;
    /// For vCPUs run in software: does what others ask for without leaving. To be called often, between two guest instructions.
    pub fn mmu_vcpu_poll(vcpu: mmu_vcpu, stay: *mut u32) -> mmu_status;
    /// Answers a page fault that a processor raised on our tables. The vCPU is not in guest.
    pub fn mmu_vcpu_handle_fault(vcpu: mmu_vcpu, fault: *const mmu_fault, result: *mut mmu_fault_result, walk: *mut mmu_walk) -> mmu_status;
    /// After MMU_FAULT_OUTCOME_WRITE_PROTECTED: stops shadowing the frame, so that the guest can make the store itself. Not to be asked if hits_own_tables. The vCPU is not in guest.
    pub fn mmu_vcpu_unprotect(vcpu: mmu_vcpu, address: u64, gpa: u64, instruction_pointer: u64, again: *mut u32) -> mmu_status;
    /// Reads the entries of our tables that a processor meets for an address, root first. The vCPU is not in guest.
    pub fn mmu_vcpu_get_walk(vcpu: mmu_vcpu, address: u64, entries: *mut u64, count: *mut u32) -> mmu_status;
    /// Answers an EPT violation, an EPT misconfiguration or a nested page fault. Several vCPUs are answered at once.
    pub fn mmu_vcpu_handle_violation(vcpu: mmu_vcpu, violation: *const mmu_violation, result: *mut mmu_fault_result) -> mmu_status;
    /// Maps guest physical memory before it is accessed, as far as it can.
    pub fn mmu_vcpu_prefault(vcpu: mmu_vcpu, start: u64, bytes: u64, done: *mut u64, outcome: *mut mmu_fault_outcome) -> mmu_status;
    /// Reads the entries of our tables that a processor meets for a guest physical address, root first.
    pub fn mmu_vcpu_get_nested_walk(vcpu: mmu_vcpu, gpa: u64, entries: *mut u64, count: *mut u32) -> mmu_status;
    /// Makes guest memory private or shared: an access of the other kind ends in MMU_FAULT_OUTCOME_MEMORY_FAULT. When it returns nothing of the range is mapped. Any thread that has no vCPU of the VM in guest.
    pub fn mmu_vm_set_private(vm: mmu_vm, start: u64, bytes: u64, is_private: u32, address_space: u32) -> mmu_status;
    /// Translates an address for an access as the CPU would, and sets the accessed and dirty bits that the CPU would set.
    pub fn mmu_translate(vcpu: mmu_vcpu, address: u64, access: mmu_access, walk: *mut mmu_walk) -> mmu_status;
    /// As mmu_translate, but leaves guest memory untouched: for debuggers.
    pub fn mmu_peek(vcpu: mmu_vcpu, address: u64, access: mmu_access, walk: *mut mmu_walk) -> mmu_status;
    /// Translates many addresses for the same access, with several walks in flight.
    pub fn mmu_translate_many(vcpu: mmu_vcpu, addresses: *const u64, count: u32, access: mmu_access, walks: *mut mmu_walk, translated: *mut u32) -> mmu_status;
    /// Translates an address without a trace in guest memory, and tells each entry that was read.
    pub fn mmu_explain(vcpu: mmu_vcpu, address: u64, access: mmu_access, steps: *mut mmu_walk_step, capacity: u32, count: *mut u32, walk: *mut mmu_walk) -> mmu_status;
    /// As mmu_explain, for people: one line an entry.
    pub fn mmu_explain_text(vcpu: mmu_vcpu, address: u64, access: mmu_access, buffer: *mut c_char, size: u64, length: *mut u64) -> mmu_status;
    /// Reads.
    pub fn mmu_vcpu_read(vcpu: mmu_vcpu, address: u64, buffer: *mut c_void, size: u64, how: mmu_access, walk: *mut mmu_walk) -> mmu_status;
    /// Writes. The store is not announced: tell mmu_vm_guest_wrote afterwards, or use mmu_vm_write.
    pub fn mmu_vcpu_write(vcpu: mmu_vcpu, address: u64, buffer: *const c_void, size: u64, how: mmu_access, walk: *mut mmu_walk) -> mmu_status;
    /// Compares and exchanges a value, as a locked instruction of the guest would. Not announced, like a write.
    pub fn mmu_vcpu_compare_exchange(vcpu: mmu_vcpu, address: u64, size: u32, expected: u64, value: u64, how: mmu_access, exchanged: *mut u32, walk: *mut mmu_walk) -> mmu_status;
    /// The software TLB, made when it is first asked for, outside the guest. From then on whoever changes slots waits until the vCPU polls or leaves, whatever the flush callback answers.
    pub fn mmu_vcpu_soft_tlb(vcpu: mmu_vcpu, tlb: *mut u64) -> mmu_status;
    /// After a miss: walks the guest's tables as the CPU would, accessed and dirty bits included, and caches the translation where it may be.
    pub fn mmu_vcpu_soft_tlb_resolve(vcpu: mmu_vcpu, address: u64, access: mmu_access, outcome: *mut mmu_soft_tlb_outcome, walk: *mut mmu_walk) -> mmu_status;
    /// Exact counters since the VM was created, and its present sizes.
    pub fn mmu_vm_statistics(vm: mmu_vm, statistics: *mut mmu_statistics) -> mmu_status;
    /// Checks the invariants of all tables. Slow; holds the lock throughout. For tests and after a suspicion.
    pub fn mmu_vm_audit(vm: mmu_vm, buffer: *mut c_char, size: u64, length: *mut u64) -> mmu_status;
    /// The VM in words: its counters, slots and vCPUs, and what the tables of each vCPU map. For people, after a suspicion; the format is not fixed. Holds the lock throughout.
    pub fn mmu_vm_dump(vm: mmu_vm, most_lines: u32, buffer: *mut c_char, size: u64, length: *mut u64) -> mmu_status;
    /// Tells whether the VM was stopped after its tables were found corrupt: nothing runs any more then.
    pub fn mmu_vm_is_dead(vm: mmu_vm, dead: *mut u32) -> mmu_status;
    /// Begins a trace, or ends it.
    pub fn mmu_vm_set_trace(vm: mmu_vm, memory: *mut c_void, entries: u32) -> mmu_status;
    /// Reads events of the trace, oldest first; those that were overwritten are passed over.
    pub fn mmu_vm_read_trace(vm: mmu_vm, next: *mut u64, events: *mut mmu_trace_event, capacity: u32, count: *mut u32) -> mmu_status;
    /// The name of a trace point, KVM's.
    pub fn mmu_trace_point_name(point: mmu_trace_point) -> *const c_char;
    /// The name of a field of a trace point, KVM's.
    pub fn mmu_trace_field_name(point: mmu_trace_point, field: u32) -> *const c_char;
}

pub const MMU_SOFT_TLB_SUPERVISOR: u32 = 0;
pub const MMU_SOFT_TLB_USER: u32 = 1;
pub const MMU_SOFT_TLB_SUPERVISOR_AC: u32 = 2;

/// Looks an access up in the software TLB without a call: the pointer to its first byte, or null on a miss; then call mmu_vcpu_soft_tlb_resolve.
/// See mmu_soft_tlb_probe of mmu.h, docs/soft-tlb.md.
///
/// # Safety
/// tlb comes from mmu_vcpu_soft_tlb; the vCPU is in guest, on this thread. space and kind are of those named.
#[inline(always)]
pub unsafe fn mmu_soft_tlb_probe(tlb: u64, address: u64, bytes: u32, kind: mmu_access, space: u32) -> *mut u8 {
    let word = |at: u64| unsafe { *((tlb + at) as *const u64) };
    let generation = word(0);
    let last = address.wrapping_add(bytes as u64 - 1);
    let mut entry = 64 + space as u64 * 32768 + (address >> 12 & ((1 << 10) - 1)) * 32;
    if word(entry + 8 * kind as u64) != (last & !0xFFF) | generation {
        entry = 131136 + space as u64 * 4096 + (address >> 21 & ((1 << 7) - 1)) * 32;
        if word(entry + 8 * kind as u64) != (last & !0x1F_FFFF) | generation {
            return std::ptr::null_mut();
        }
    }
    address.wrapping_add(word(entry + 24)) as *mut u8
}
