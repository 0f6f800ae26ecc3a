/* SPDX-License-Identifier: MIT */
/*
 * How every CPU but the first comes to C.
 *
 * The start command names a frame below 1 MiB, and there the CPU begins, in
 * real mode, with that frame for its code segment. So the first lines are copied
 * to such a frame (smpboot.c). They know of no other address in it than their
 * own, and go to long mode in one step: the tables of head.S, which map the
 * first 4 GiB at their own addresses, are still there, and no longer used by
 * anybody else.
 *
 * Many CPUs may be here at a time, so there is no stack and nothing is written,
 * until the CPU knows which one it is.
 */
#include <cpu/control.h>
#include <cpu/lapic.h>
#include <cpu/layout.h>
#include <cpu/percpu.h>
#include <x86/apic.h>
#include <x86/desc.h>

#define MADDR(symbol) ((symbol) - IMAGE_WINDOW)

        .section .rodata
        .code16
        .globl  trampoline_start, trampoline_end
trampoline_start:
        cli
        mov     %cs, %ax
        mov     %ax, %ds
        lgdtl   secondary_gdt_pointer - trampoline_start

        mov     $CR4_WHOLE, %eax
        mov     %eax, %cr4
        mov     $MADDR(boot_l4), %eax
        mov     %eax, %cr3
        mov     $MSR_EFER, %ecx
        mov     $EFER_WHOLE, %eax
        xor     %edx, %edx
        wrmsr
        /* Also turns the caches on, which INIT has turned off. */
        mov     $CR0_WHOLE, %eax
        mov     %eax, %cr0
        ljmpl   $SELECTOR_CODE, $MADDR(secondary_long_mode)

secondary_gdt_pointer:
        .short  boot_gdt_limit
        .long   MADDR(boot_gdt)
trampoline_end:

        .text
        .code64
        .type   secondary_long_mode, @function
secondary_long_mode:
        movabs  $secondary_high_half, %rax
        jmp     *%rax
        .size   secondary_long_mode, . - secondary_long_mode

        .type   secondary_high_half, @function
secondary_high_half:
        mov     $SELECTOR_DATA, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        xor     %eax, %eax
        mov     %eax, %fs
        mov     %eax, %gs

        /* Leave the boot's tables for the final ones. */
        mov     secondary_root(%rip), %rax
        mov     %rax, %cr3

        /* Whose area is this one's? Nobody's: it is not expected. */
        movabs  $LAPIC + LAPIC_ID, %rax
        mov     (%rax), %eax
        shr     $LAPIC_ID_SHIFT, %eax
        lea     secondary_by_apic_id(%rip), %rdx
        mov     (%rdx, %rax, 8), %rdi
        test    %rdi, %rdi
        jz      not_expected

        mov     $MSR_GS_BASE, %ecx
        mov     %edi, %eax
        mov     %rdi, %rdx
        shr     $32, %rdx
        wrmsr

        /* No frame before this one: here every backtrace ends. */
        mov     CPU_STACK_TOP(%rdi), %rsp
        xor     %ebp, %ebp
        call    secondary_setup
        ud2

not_expected:
        lock incl secondary_nr_refused(%rip)
1:      cli
        hlt
        jmp     1b
        .size   secondary_high_half, . - secondary_high_half
