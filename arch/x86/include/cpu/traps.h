/* SPDX-License-Identifier: MIT */
/*
 * What an exception or an interrupt leaves on the stack, and what becomes of
 * it. Assembly reads the size of a stub.
 */
#ifndef CPU_TRAPS_H
#define CPU_TRAPS_H

/* One stub a vector, each so many bytes long. */
#define STUB_SIZE 16

/* In wait_for_interrupt(): where the HLT is, and where it is over. */
#define WAIT_HLT  1
#define WAIT_OVER 2

#ifndef __ASSEMBLY__

#include <xen/compiler.h>
#include <xen/types.h>

extern const char vector_stubs[];

/* Halt until an interrupt has come. Called and left with interrupts off. */
void wait_for_interrupt(void);

/* The order in which entry.S and the CPU push, last first. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
    uint64_t vector, error; /* error is 0 where the CPU gives none */
    uint64_t rip, cs, rflags, rsp, ss;
};

/* From entry.S: on return the interrupted code goes on with *@frame. */
void trap(struct trap_frame *frame);

/* Interrupts that nobody has asked for. */
unsigned long nr_stray_interrupts(void);

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
