/* SPDX-License-Identifier: MIT */
/*
 * From QEMU's -kernel to C: long mode, the first 4 GiB mapped where they are,
 * and a stack. Entered in 32-bit protected mode with %ebx = start info (the PVH
 * boot protocol, which the note announces).
 */
        .set    CONTENTS_SLOT, 262      /* of CONTENTS_BASE, <asm/contents.h> */

        .section .note.pvh, "a", @note
        .align  4
        .long   4, 4, 18                /* PHYS32_ENTRY */
        .asciz  "Xen"
        .long   start

        .text
        .code32
        .globl  start
start:
        cld
        mov     $stack_end, %esp

        /* 2048 superpages in four tables, the tables in one, that in the top. */
        xor     %ecx, %ecx
        mov     $0x83, %eax             /* present, writable, superpage */
1:      mov     %eax, level2(, %ecx, 8)
        add     $0x200000, %eax
        inc     %ecx
        cmp     $2048, %ecx
        jne     1b
        mov     $level2 + 3, %eax
        xor     %ecx, %ecx
2:      mov     %eax, level3(, %ecx, 8)
        add     $0x1000, %eax
        inc     %ecx
        cmp     $4, %ecx
        jne     2b
        movl    $level3 + 3, level4
        /* And once more where the library looks for what frames contain. */
        movl    $level3 + 3, level4 + 8 * CONTENTS_SLOT

        mov     $0x20, %eax             /* CR4: PAE */
        mov     %eax, %cr4
        mov     $level4, %eax
        mov     %eax, %cr3
        mov     $0xc0000080, %ecx       /* EFER: long mode, no-execute */
        mov     $0x900, %eax
        xor     %edx, %edx
        wrmsr
        mov     $0x80010011, %eax       /* CR0: paging, write protect */
        mov     %eax, %cr0
        lgdt    gdt_pointer
        ljmp    $8, $start64

        .code64
start64:
        xor     %eax, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        /* GS leads to what <asm/processor.h> reads. */
        mov     $gs_area, %eax
        xor     %edx, %edx
        mov     $0xc0000101, %ecx
        wrmsr
        mov     %ebx, %edi
        xor     %ebp, %ebp
        call    embed_main
3:      hlt
        jmp     3b

        .section .rodata
        .align  8
gdt:    .quad   0, 0x00af9b000000ffff   /* 64-bit code */
gdt_pointer:
        .word   15
        .long   gdt

        .data
        .align  8
gs_area:
        .skip   24                      /* byte 16: shall this CPU yield? */
        .quad   heap_nobody             /* the heap's, until it is used */

        .bss
        .align  4096
        .globl  level4
level4: .skip   4096
level3: .skip   4096
level2: .skip   4 * 4096
        .skip   16384
stack_end:

        .section .note.GNU-stack, "", @progbits
