/* SPDX-License-Identifier: MIT */
/*
 * The chain of calls, by frame pointers: each function's frame begins with its
 * caller's frame pointer and, above it, the address to which it returns.
 *
 * Called when something is broken, maybe the stack. So nothing is read that is
 * not in a stack, and each frame must lie above the one before: the walk cannot
 * fault, and cannot go in circles.
 */
#include <cpu/image.h>
#include <cpu/percpu.h>
#include <cpu/traps.h>
#include <xen/bits.h>
#include <xen/printk.h>

#define MAX_FRAMES 24U

struct stack_frame {
    uintptr_t caller; /* its frame; 0: there is none */
    uintptr_t return_address;
};

static const uintptr_t *stack_words(uintptr_t address, unsigned int nr)
{
    if (!IS_ALIGNED(address, sizeof(uintptr_t)) ||
        !stacks_hold(this_cpu()->stacks, address, nr * sizeof(uintptr_t)))
        return NULL;

    return (const uintptr_t *)address;
}

static void print_line(uintptr_t address, uintptr_t inside, const char *doubt)
{
    console_printf("  %016lx %pS%s\n", address, (void *)inside, doubt);
}

/* A call that never returns may be the last instruction of its function, so
 * the function is that of the byte before. */
static void print_return(uintptr_t return_address)
{
    print_line(return_address, return_address - 1, "");
}

static void print_callers(uintptr_t frame)
{
    for (unsigned int i = 0; i < MAX_FRAMES; i++) {
        const struct stack_frame *f =
            (const struct stack_frame *)stack_words(frame, 2);

        if (!f || !is_image_text(f->return_address))
            return;
        print_return(f->return_address);
        if (f->caller <= frame)
            return;
        frame = f->caller;
    }
    console_printf("  and so on\n");
}

void backtrace_print(uintptr_t return_address, uintptr_t frame)
{
    console_printf("Backtrace, the innermost call first:\n");
    print_return(return_address);
    print_callers(frame);
}

/*
 * The function that faulted may have made no frame: it calls nothing, or had
 * only begun, or is no function at all after a jump to nowhere. Then the top of
 * the stack is where it was called from.
 */
void exception_backtrace(const struct trap_frame *frame)
{
    const uintptr_t *top = stack_words(frame->rsp, 1);

    console_printf("Backtrace, the innermost call first:\n");
    print_line(frame->rip, frame->rip, "");
    if (top && is_image_text(*top))
        print_line(*top, *top - 1, is_image_text(frame->rip) ? " (maybe)" : "");
    print_callers(frame->rbp);
}
