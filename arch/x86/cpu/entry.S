/* SPDX-License-Identifier: MIT */
/*
 * Where the CPU comes to with an exception: a stub a vector, which makes all
 * frames alike, and one way from there to C and back.
 */
#include <cpu/traps.h>

/* The exceptions for which the CPU pushes an error code (Intel SDM,
   "Exception and Interrupt Reference"; AMD APM for 29 and 30). */
#define HAS_ERROR_CODE \
        (1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | \
         1 << 17 | 1 << 21 | 1 << 29 | 1 << 30)

        .text
        .balign STUB_SIZE
        .globl  exception_stubs
        .type   exception_stubs, @function
exception_stubs:
        .set    vector, 0
        .rept   32
        .balign STUB_SIZE
        .if     ((HAS_ERROR_CODE) >> vector & 1) == 0
        pushq   $0
        .endif
        pushq   $vector
        jmp     exception_common
        .set    vector, vector + 1
        .endr
        .size   exception_stubs, . - exception_stubs

        .type   exception_common, @function
exception_common:
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
        call    exception

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
        .size   exception_common, . - exception_common
