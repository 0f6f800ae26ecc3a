/* SPDX-License-Identifier: MIT */
/*
 * What an exception leaves on the stack, and how it is told. Assembly reads the
 * size of a stub.
 */
#ifndef CPU_TRAPS_H
#define CPU_TRAPS_H

/* One stub an exception, each so many bytes long. */
#define STUB_SIZE 16

#ifndef __ASSEMBLY__

#include <xen/compiler.h>
#include <xen/types.h>

extern const char exception_stubs[];

/* The order in which entry.S and the CPU push, last first. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
    uint64_t vector, error; /* error is 0 where the CPU gives none */
    uint64_t rip, cs, rflags, rsp, ss;
};

/* From entry.S: on return the interrupted code goes on with *@frame. */
void exception(struct trap_frame *frame);

/* Print what happened, the registers and how we came there. */
__cold void exception_print(const struct trap_frame *frame);

/*
 * Print the chain of calls: that led to the exception; or to the call that
 * returns to @return_address, from the function whose frame is at @frame.
 */
__cold void exception_backtrace(const struct trap_frame *frame);
__cold void backtrace_print(uintptr_t return_address, uintptr_t frame);

#endif /* __ASSEMBLY__ */
#endif /* CPU_TRAPS_H */
