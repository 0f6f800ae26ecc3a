/* SPDX-License-Identifier: MIT */
/*
 * What a machine has for guests, in a process: contents of frames, memory that
 * guests point at, base pointers, and the question whether to yield.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */
#include <limits.h>
#include <string.h>
#include <sys/mman.h>

#include <hosted.h>
#include <xen/arch.h>
#include <xen/bug.h>
#include <xen/errno.h>

#include <asm/contents.h>
#include <asm/processor.h>

char *hosted_arena;
bool hosted_yield_armed;
static bool (*yield_oracle)(void);

static struct {
    uint64_t address;
    char *memory;
    size_t size;
} guest_memory;

static unsigned int nr_accesses_left = UINT_MAX;
static unsigned long root_of[CONFIG_NR_CPUS]; /* + 1; 0: none */

void hosted_arena_init(void)
{
    char *arena = mmap(hosted_arena, CONTENTS_LIMIT, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
                           (hosted_arena ? MAP_FIXED : 0),
                       -1, 0);

    BUG_ON(arena == MAP_FAILED);
    hosted_arena = arena;
}

void hosted_yield(bool (*oracle)(void))
{
    yield_oracle = oracle;
    hosted_yield_armed = oracle != NULL;
}

bool hosted_must_yield(void)
{
    return yield_oracle();
}

void hosted_guest_memory(uint64_t address, void *memory, size_t size)
{
    guest_memory.address = address;
    guest_memory.memory = memory;
    guest_memory.size = size;
}

void hosted_fail_access_after(unsigned int nr)
{
    nr_accesses_left = nr;
}

/* Where the guest's @address is for us; NULL: it is nowhere. */
static char *find(uint64_t address, size_t size)
{
    uint64_t offset = address - guest_memory.address;

    if (nr_accesses_left == 0)
        return NULL;
    if (nr_accesses_left != UINT_MAX)
        nr_accesses_left--;
    if (address < guest_memory.address || offset > guest_memory.size ||
        guest_memory.size - offset < size)
        return NULL;

    return guest_memory.memory + offset;
}

int arch_copy_from_guest(void *to, uint64_t from, size_t size)
{
    const char *memory = find(from, size);

    if (!memory)
        return -EFAULT;
    memcpy(to, memory, size);

    return 0;
}

int arch_copy_to_guest(uint64_t to, const void *from, size_t size)
{
    char *memory = find(to, size);

    if (!memory)
        return -EFAULT;
    memcpy(memory, from, size);

    return 0;
}

void arch_load_base_pointer(mfn_t root)
{
    root_of[arch_cpu_id()] = mfn_x(root) + 1;
}

mfn_t hosted_base_pointer(unsigned int cpu)
{
    return _mfn(root_of[cpu] - 1);
}

/* The software TLB knows no single pages. */
void arch_flush_tlb_page(uintptr_t va)
{
    (void)va;
}
