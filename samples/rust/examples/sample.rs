//! samples/c in Rust, as short as it goes: guest RAM, guest tables, a translation, a fault, stores through the software TLB, dirty pages, a snapshot.
use mmu_sys::*;
use std::alloc::{alloc_zeroed, Layout};
use std::ptr::null_mut;

const PAGE: u64 = 4096;
const RAM_BYTES: u64 = 16 << 20;
const GUEST_BASE: u64 = 0x40_0000; // linear addresses 4 MiB to 6 MiB are mapped to physical addresses 1 MiB to 3 MiB

fn check(status: mmu_status) {
    if status != MMU_OK {
        let mut text = [0u8; 256];
        let length = unsafe { mmu_last_error(text.as_mut_ptr().cast(), text.len() as u64) };
        panic!("status {status}: {}", String::from_utf8_lossy(&text[..(length as usize).min(255)]));
    }
}

fn main() {
    unsafe {
        assert_eq!(mmu_abi_version(), MMU_ABI_VERSION);
        let ram = alloc_zeroed(Layout::from_size_align(RAM_BYTES as usize, PAGE as usize).unwrap());
        let store = |gpa: u64, value: u64| *ram.add(gpa as usize).cast::<u64>() = value;
        let (mut vm, mut vcpu): (mmu_vm, mmu_vcpu) = (null_mut(), null_mut());
        check(mmu_vm_create(&mmu_vm_options { table_pages: 1024, ..Default::default() }, std::ptr::null(), &mut vm));
        check(mmu_vm_add_slot(vm, &mmu_slot { size: RAM_BYTES, host_address: ram as u64, ..Default::default() }));
        check(mmu_vcpu_create(vm, &mut vcpu));

        // The guest's tables: four levels at 0x1000, pages of the kernel at GUEST_BASE.
        store(0x1000, 0x2003);
        store(0x2000, 0x3003);
        store(0x3000 + 2 * 8, 0x4003);
        for i in 0..512 {
            store(0x4000 + i * 8, (0x10_0000 + i * PAGE) | 3);
        }
        let state = mmu_control_state { cr0: 0x8001_0001, cr3: 0x1000, cr4: 0x20, efer: 0xD00, ..Default::default() };
        let mut verdict = 0;
        check(mmu_vcpu_set_control_state(vcpu, &state, &mut verdict));
        assert_eq!(verdict, MMU_CONTROL_STATE_STATUS_LEGAL);

        let mut walk = mmu_walk::default();
        check(mmu_translate(vcpu, GUEST_BASE + 0x123, MMU_ACCESS_WRITE, &mut walk));
        assert_eq!((walk.outcome, walk.gpa), (MMU_WALK_OUTCOME_TRANSLATED, 0x10_0123));
        check(mmu_translate(vcpu, GUEST_BASE, MMU_ACCESS_READ | MMU_ACCESS_USER, &mut walk));
        assert_eq!((walk.outcome, walk.cause), (MMU_WALK_OUTCOME_PAGE_FAULT, MMU_FAULT_CAUSE_NOT_USER));
        println!("user read: #PF error code {:#x}, CR2 {:#x}", walk.code, walk.linear_address);

        let (mut tlb, mut snapshot, mut log): (u64, mmu_snapshot, mmu_dirty_log) = (0, null_mut(), null_mut());
        check(mmu_vcpu_soft_tlb(vcpu, &mut tlb));
        check(mmu_snapshot_take(vm, &mut snapshot));
        check(mmu_dirty_log_start(vm, 0, 0, std::ptr::null(), &mut log));
        let mut run = mmu_run_state::default();
        check(mmu_vcpu_begin_run(vcpu, &mut run));
        assert_eq!(run.status, MMU_ROOT_STATUS_LOADED);
        let mut misses = 0;
        for i in 0..10_000 {
            let address = GUEST_BASE + i % 16 * PAGE + 8;
            let mut byte = mmu_soft_tlb_probe(tlb, address, 1, MMU_ACCESS_WRITE, MMU_SOFT_TLB_SUPERVISOR);
            if byte.is_null() {
                misses += 1;
                let mut outcome = 0;
                check(mmu_vcpu_soft_tlb_resolve(vcpu, address, MMU_ACCESS_WRITE, &mut outcome, &mut walk));
                assert_eq!(outcome, MMU_SOFT_TLB_OUTCOME_MEMORY);
                byte = walk.host_address as *mut u8;
            }
            *byte = byte.read().wrapping_add(1);
        }
        check(mmu_vcpu_end_run(vcpu));
        println!("software TLB: 10000 writes, {misses} misses");

        let mut ranges = [mmu_dirty_range::default(); 16];
        let (mut count, mut pages) = (0, 0);
        check(mmu_dirty_log_harvest_ranges(log, ranges.as_mut_ptr(), ranges.len() as u32, &mut count));
        for range in &ranges[..count as usize] {
            println!("dirty: {:#x} bytes at {:#x}", range.bytes, range.start);
        }
        assert_eq!((ranges[count as usize - 1].start, ranges[count as usize - 1].bytes), (0x10_0000, 16 * PAGE));
        check(mmu_snapshot_restore(snapshot, &mut pages));
        assert_eq!(*ram.add(0x10_0008), 0);
        println!("{pages} pages put back");
        check(mmu_vm_destroy(vm));
        assert_eq!(mmu_snapshot_restore(snapshot, &mut pages), MMU_ERROR_HANDLE);
        println!("ok");
    }
}
