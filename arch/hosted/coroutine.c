/* SPDX-License-Identifier: MIT */
/*
 * Coroutines on stacks of their own. A context is what a new stack is entered
 * with, once; from then on jumps do, which cost no system call. The address
 * sanitizer is told of each switch, or else it would take the other stack for
 * an overflow of this one. It must not look at the jumps themselves: it would
 * take the frames that are jumped over for dead ones.
 */
#include <stdlib.h>
#include <ucontext.h>

#include <xen/bug.h>

#include "coroutine.h"

#define STACK_BYTES (128UL << 10)

#define __switches __attribute__((noinline, no_sanitize("address")))

#ifndef __has_feature
#define __has_feature(x) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#else
#define __sanitizer_start_switch_fiber(save, stack, size)                      \
    ((void)(save), (void)(stack), (void)(size))
#define __sanitizer_finish_switch_fiber(save, stack, size)                     \
    ((void)(save), (void)(stack), (void)(size))
#endif

/* Not in the function that it comes back to: of that a compiler knows that only
 * a call can jump back to it. */
static __switches _Noreturn void jump(void **to)
{
    __builtin_longjmp(to, 1);
}

/* Behind a place that is jumped to: all registers are others by now. A compiler
 * that sees both sides of a call would not think so. */
#define LANDS()                                                                \
    __asm__ volatile(""                                                        \
                     :                                                         \
                     :                                                         \
                     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9",   \
                       "r10", "r11", "r12", "r13", "r14", "r15", "memory")

/* Whom coroutine_create() is starting: makecontext() passes only int. */
static _Thread_local struct coroutine *starting;

static void start(void)
{
    struct coroutine *it = starting;

    __sanitizer_finish_switch_fiber(NULL, &it->outer_stack, &it->outer_size);
    coroutine_leave(it);
    it->function();
    BUG("a coroutine has returned");
}

__switches void coroutine_create(struct coroutine *it, void (*function)(void))
{
    ucontext_t context;

    *it = (struct coroutine){ .function = function };
    it->stack = malloc(STACK_BYTES);
    BUG_ON(!it->stack || getcontext(&context));
    context.uc_stack.ss_sp = it->stack;
    context.uc_stack.ss_size = STACK_BYTES;
    makecontext(&context, start, 0);
    starting = it;
    __sanitizer_start_switch_fiber(&it->fake_outside, it->stack, STACK_BYTES);
    if (__builtin_setjmp(it->outside) == 0)
        setcontext(&context);
    LANDS();
    __sanitizer_finish_switch_fiber(it->fake_outside, NULL, NULL);
}

__switches void coroutine_enter(struct coroutine *it)
{
    __sanitizer_start_switch_fiber(&it->fake_outside, it->stack, STACK_BYTES);
    if (__builtin_setjmp(it->outside) == 0)
        jump(it->inside);
    LANDS();
    __sanitizer_finish_switch_fiber(it->fake_outside, NULL, NULL);
}

__switches void coroutine_leave(struct coroutine *it)
{
    __sanitizer_start_switch_fiber(&it->fake_inside, it->outer_stack,
                                   it->outer_size);
    if (__builtin_setjmp(it->inside) == 0)
        jump(it->outside);
    LANDS();
    __sanitizer_finish_switch_fiber(it->fake_inside, &it->outer_stack,
                                    &it->outer_size);
}
