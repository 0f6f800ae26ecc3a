/* SPDX-License-Identifier: MIT */
/*
 * Guests' address spaces, as this CPU uses them: its base pointer, and what a
 * guest points at. The hypervisor's slots are the same in each, so it may run
 * in any.
 */
#include <cpu/guest_space.h>
#include <cpu/may_fault.h>
#include <cpu/paging.h>
#include <cpu/registers.h>
#include <xen/arch.h>
#include <xen/errno.h>
#include <xen/page_table.h>

void guest_space_init(void)
{
    for (unsigned int i = 0; i < HYPERVISOR_SLOTS; i++)
        hypervisor_slots[i] = paging_slot(HYPERVISOR_SLOT_FIRST + i);
}

/* No entry of a guest's is global, so nothing of it stays in the TLB. */
void arch_load_base_pointer(mfn_t root)
{
    write_cr3(mfn_eq(root, INVALID_MFN) ? paging_root() : mfn_to_maddr(root));
}

void arch_flush_tlb_page(uintptr_t va)
{
    asm volatile("invlpg (%0)" : : "r"(va) : "memory");
}

/*
 * Where guest_range_ok() says yes only guests' entries are walked, and each of
 * them is a user's (entry_check()): so what we can do there a user can. CR0.WP
 * is set, so that read-only holds for us, too.
 */
static int copy(void *to, const void *from, size_t size)
{
    asm volatile("1: rep movsb\n\t" MAY_FAULT "2:"
                 : "+D"(to), "+S"(from), "+c"(size)
                 :
                 : "memory");

    return size ? -EFAULT : 0;
}

int arch_copy_from_guest(void *to, uint64_t from, size_t size)
{
    return copy(to, (const void *)from, size);
}

int arch_copy_to_guest(uint64_t to, const void *from, size_t size)
{
    return copy((void *)to, from, size);
}
