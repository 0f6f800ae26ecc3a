/* SPDX-License-Identifier: MIT */
/*
 * Where the CPU comes to with an exception or an interrupt: a stub a vector,
 * which makes all frames alike, and one way from there to C and back. And where
 * it waits for one.
 */
#include <cpu/traps.h>

/* The exceptions for which the CPU pushes an error code (Intel SDM,
   "Exception and Interrupt Reference"; AMD APM for 29 and 30). */
#define HAS_ERROR_CODE \
        (1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | \
         1 << 17 | 1 << 21 | 1 << 29 | 1 << 30)

        .text
        .balign STUB_SIZE
        .globl  vector_stubs
        .type   vector_stubs, @function
vector_stubs:
        .set    vector, 0
        .rept   32
        .balign STUB_SIZE
        .if     ((HAS_ERROR_CODE) >> vector & 1) == 0
        pushq   $0
        .endif
        pushq   $vector
        jmp     trap_common
        .set    vector, vector + 1
        .endr
        .rept   256 - 32
        .balign STUB_SIZE
        pushq   $0
        pushq   $vector
        jmp     trap_common
        .set    vector, vector + 1
        .endr
        .size   vector_stubs, . - vector_stubs

        .type   trap_common, @function
trap_common:
        push    %rax
        push    %rcx
        push    %rdx
        push    %rbx
        push    %rbp
        push    %rsi
        push    %rdi
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        push    %r12
        push    %r13
        push    %r14
        push    %r15

        cld
        mov     %rsp, %rdi
        call    trap

        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rdi
        pop     %rsi
        pop     %rbp
        pop     %rbx
        pop     %rdx
        pop     %rcx
        pop     %rax
        add     $16, %rsp
        iretq
        .size   trap_common, . - trap_common

/*
 * Called and left with interrupts off; they are on while the CPU halts. STI
 * lets none in before the next instruction is through, so one that came before
 * ends the HLT. Behind an NMI it could come in between: trap() then has it go
 * on behind the HLT, too.
 */
        .globl  wait_for_interrupt
        .type   wait_for_interrupt, @function
wait_for_interrupt:
        sti
        .org    wait_for_interrupt + WAIT_HLT
        hlt
        .org    wait_for_interrupt + WAIT_OVER
        cli
        ret
        .size   wait_for_interrupt, . - wait_for_interrupt
