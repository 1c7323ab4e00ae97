# The guest behind the cores beside this file: a boot sector that builds a few page tables, turns paging on and halts.
# One of LONG (4-level), PAE or neither (32-bit) is defined; README.md says how the cores are made.
.code16
.globl _start
_start:
    cli
    xorw    %ax, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %ss
    movw    $0x7000, %sp
    inb     $0x92, %al              # A20
    orb     $2, %al
    outb    %al, $0x92
    lgdt    gdtr
    movl    %cr0, %eax
    orb     $1, %al
    movl    %eax, %cr0
    ljmp    $8, $prot

.code32
prot:
    movw    $16, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %ss
    movl    $0x10000, %edi          # tables live at 10000-17fff
    xorl    %eax, %eax
    movl    $0x2000, %ecx
    rep stosl

#if defined(LONG)
    movl    $0x11007, 0x10000       # PML4[0]
    movl    $0x10003, 0x10ff8       # PML4[511]: the table itself
    movl    $0x12007, 0x11000       # PDPT[0]
    movl    $0x40000083, 0x11008    # PDPT[1]: 1G
#elif defined(PAE)
    movl    $0x12001, 0x10020       # PDPTE 0, CR3 = 10020
#endif
#if defined(LONG) || defined(PAE)
    movl    $0x13007, 0x12000       # PD[0]
    movl    $0x400083, 0x12010      # PD[2]: 2M supervisor
    movl    $0x6000e7, 0x12018      # PD[3]: 2M user, no-execute
    movl    $0x80000000, 0x1201c
#else
    movl    $0x13007, 0x12000       # PD[0]
    movl    $0x400083, 0x12004      # PD[1]: 4M supervisor
    movl    $0x8000e7, 0x12008      # PD[2]: 4M user
#endif

    movl    $0x13000, %edi          # PT: identity
    movl    $3, %eax
#if defined(LONG) || defined(PAE)
    movl    $512, %ecx
1:  movl    %eax, (%edi)
    movl    $0, 4(%edi)
    addl    $0x1000, %eax
    addl    $8, %edi
    loop    1b
    movl    $0xa0, %eax             # CR4.PAE, PGE
    movl    %eax, %cr4
#else
    movl    $1024, %ecx
1:  movl    %eax, (%edi)
    addl    $0x1000, %eax
    addl    $4, %edi
    loop    1b
    movl    $0x90, %eax             # CR4.PSE, PGE
    movl    %eax, %cr4
#endif

#if defined(LONG)
    movl    $0x10000, %eax
#elif defined(PAE)
    movl    $0x10020, %eax
#else
    movl    $0x12000, %eax
#endif
    movl    %eax, %cr3
#if defined(LONG) || defined(PAE)
    movl    $0xc0000080, %ecx       # EFER
    rdmsr
#if defined(LONG)
    orl     $0x900, %eax            # LME, NXE
#else
    orl     $0x800, %eax            # NXE
#endif
    wrmsr
#endif
    movl    %cr0, %eax
    orl     $0x80010000, %eax       # PG, WP
    movl    %eax, %cr0
#if defined(LONG)
    ljmp    $24, $lm
.code64
lm:
    movb    $1, 0x400000            # sets A and D
    movb    0x600000, %al
    movb    0x40000000, %al
#else
    movb    $1, 0x400000
#endif
1:  hlt
    jmp     1b

.balign 8
gdt:
    .quad   0
    .quad   0x00cf9a000000ffff
    .quad   0x00cf92000000ffff
    .quad   0x00af9a000000ffff
gdtr:
    .word   31
    .long   gdt
    .org    510
    .word   0xaa55
