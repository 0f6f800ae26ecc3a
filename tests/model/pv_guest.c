/* SPDX-License-Identifier: MIT */
/* A guest's kernel: its memory, and its calls. */
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/audit.h>
#include <xen/bug.h>

#include "pv_guest.h"

/* More often than any call of a test can have to be made. */
#define ROUNDS_MAX 100000U

char pv_memory[GUEST_MEMORY_SIZE] __aligned(4096);
unsigned int guest_rounds, guest_done;

static size_t used;

void *guest_new(size_t size)
{
    char *at = pv_memory + used;

    used += (size + 7) & ~(size_t)7;
    BUG_ON(used > sizeof(pv_memory));
    memset(at, 0, size);

    return at;
}

void guest_run(struct vcpu *v)
{
    static char memory[1 << 16] __aligned(16);

    hosted_guest_memory(GUEST_MEMORY, pv_memory, sizeof(pv_memory));
    audit_lend(memory, sizeof(memory));
    if (current_vcpu())
        pv_run(0, NULL);
    pv_run(0, v);
}

bool guest_always_yields(void)
{
    return true;
}

void guest_try(struct hypercall *call)
{
    hypercall(call);
    EXPECT_EQ(audit_heap(), 0);
}

long guest_call(unsigned long number, unsigned long a0, unsigned long a1,
                unsigned long a2, unsigned long a3)
{
    struct hypercall call = { number, { a0, a1, a2, a3 }, 0, false };

    guest_rounds = 0;
    do {
        guest_try(&call);
        EXPECT_EQ(call.number, number);
        BUG_ON(++guest_rounds > ROUNDS_MAX);
    } while (call.restart);

    return call.result;
}

/* A copy of the list in the guest's memory, which is free again afterwards. */
static long call_with_list(unsigned long number, const void *list, size_t size,
                           unsigned int nr, unsigned long fd)
{
    size_t used_before = used;
    unsigned int *done = guest_new(sizeof(*done));
    void *copy = guest_new(size * nr);
    long result;

    if (nr > 0)
        memcpy(copy, list, size * nr);
    *done = ~0U;
    result = guest_call(number, pv_address(copy), nr, pv_address(done), fd);
    guest_done = *done;
    used = used_before;

    return result;
}

long guest_mmu_update(const struct mmu_update *list, unsigned int nr,
                      unsigned long fd)
{
    return call_with_list(__HYPERVISOR_mmu_update, list, sizeof(*list), nr, fd);
}

long guest_mmuext(const struct mmuext_op *list, unsigned int nr,
                  unsigned long fd)
{
    return call_with_list(__HYPERVISOR_mmuext_op, list, sizeof(*list), nr, fd);
}

long guest_update(uint64_t ptr, uint64_t val)
{
    return guest_mmu_update(&(struct mmu_update){ ptr, val }, 1, FD_SELF);
}

long guest_op(unsigned int command, unsigned long arg1, unsigned long arg2)
{
    return guest_mmuext(&(struct mmuext_op){ .cmd = command,
                                             .arg1.mfn = arg1,
                                             .arg2.src_mfn = arg2 },
                        1, FD_SELF);
}
