/* SPDX-License-Identifier: MIT */
/* What an exception leaves on the stack, and how it is told. */
#ifndef CPU_TRAPS_H
#define CPU_TRAPS_H

#include <xen/compiler.h>
#include <xen/types.h>

/* The order in which entry.S and the CPU push, last first. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
    uint64_t vector, error; /* error is 0 where the CPU gives none */
    uint64_t rip, cs, rflags, rsp, ss;
};

/* One stub an exception, each STUB_SIZE bytes long. */
#define STUB_SIZE 16
extern const char exception_stubs[];

/* From entry.S: on return the interrupted code goes on with *@frame. */
void exception(struct trap_frame *frame);

/* Print what happened, the registers and how we came there. */
__cold void exception_print(const struct trap_frame *frame);

/* Print the chain of calls that led to @rip, whose frame pointer is @frame. */
__cold void backtrace_print(uintptr_t rip, uintptr_t frame);

#endif /* CPU_TRAPS_H */
