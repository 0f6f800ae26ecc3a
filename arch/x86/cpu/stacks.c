/* SPDX-License-Identifier: MIT */
/* The stacks of a CPU: which address lies in which part of them. */
#include <cpu/stacks.h>

struct cpu_stacks boot_stacks;

bool stacks_is_guard(struct cpu_stacks *stacks, uintptr_t address)
{
    const uint8_t *guard;

    for (unsigned int i = 0; (guard = stacks_guard(stacks, i)) != NULL; i++) {
        if (address - (uintptr_t)guard < PAGE_SIZE)
            return true;
    }

    return false;
}

static bool holds(const uint8_t *stack, size_t stack_size, uintptr_t address,
                  size_t size)
{
    uintptr_t offset = address - (uintptr_t)stack;

    return offset < stack_size && size <= stack_size - offset;
}

bool stacks_hold(struct cpu_stacks *stacks, uintptr_t address, size_t size)
{
    if (holds(stacks->main.stack, STACK_SIZE, address, size))
        return true;

    for (unsigned int i = 0; i < NR_IST; i++) {
        if (holds(stacks->ist[i].stack, IST_STACK_SIZE, address, size))
            return true;
    }

    return false;
}
