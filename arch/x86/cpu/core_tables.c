/* SPDX-License-Identifier: MIT */
/*
 * Memory under the core's two large tables: the frame table, and the M2P. Both
 * in 2 MiB pages.
 */
#include <cpu/clear.h>
#include <cpu/layout.h>
#include <cpu/paging_tables.h>
#include <cpu/ram_probe.h>
#include <x86/pte.h>
#include <xen/arch.h>
#include <xen/bootmem.h>
#include <xen/bug.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/m2p.h>

_Static_assert(FRAME_TABLE_SIZE / PAGE_INFO_SIZE >= FRAME_TABLE_REACH,
               "there is no room for the frame table");

static bool is_memory(char *va, mfn_t mfn, unsigned long frame)
{
    return ram_keeps_what_is_written(va + (frame << PAGE_SHIFT),
                                     mfn_to_maddr(mfn_add(mfn, frame)));
}

/* Map it, and see whether it is memory, at either end. */
static int map(void *va, mfn_t mfn, unsigned long nr)
{
    int rc = paging_map(va, mfn, nr, PAGING_WRITE);

    if (rc)
        return rc;

    return is_memory(va, mfn, 0) && is_memory(va, mfn, nr - 1) ? 0 : -EFAULT;
}

void *arch_reserve_frame_table(size_t size)
{
    return size <= FRAME_TABLE_SIZE ? (void *)FRAME_TABLE : NULL;
}

int arch_map_frame_table(void *va, mfn_t mfn, unsigned long nr)
{
    return map(va, mfn, nr);
}

void arch_open_frame_table(void *va, size_t size)
{
    clear_frames(va, size >> PAGE_SHIFT);
}

void arch_unmap_table(void *va, unsigned long nr)
{
    paging_unmap_range((uintptr_t)va, nr << PAGE_SHIFT);
    paging_free_tables((uintptr_t)va, nr << PAGE_SHIFT);
}

void *arch_alloc_table(size_t size)
{
    unsigned long nr = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
    mfn_t mfn = bootmem_alloc(nr, 1, DIRECT_MAP_SIZE, "heap's tables");

    return mfn_eq(mfn, INVALID_MFN) ? NULL : maddr_to_virt(mfn_to_maddr(mfn));
}

void *arch_reserve_m2p(size_t size)
{
    return size <= M2P_SIZE ? (void *)M2P : NULL;
}

static void *guests_view(void *va)
{
    return (void *)((uintptr_t)va - M2P + GUESTS_M2P);
}

/* When it is opened there must be no need of memory for page tables. */
int arch_map_m2p(void *va, mfn_t mfn, unsigned long nr)
{
    int rc = map(va, mfn, nr);

    return rc ?: paging_prepare(guests_view(va), nr);
}

/* Guests see it only once it holds nothing of others. */
void arch_open_m2p(void *va, size_t size)
{
    unsigned long nr = size >> PAGE_SHIFT;
    unsigned int level;
    mfn_t mfn = maddr_to_mfn(paging_lookup(va, &level) & PTE_ADDRESS);

    fill_frames(va, nr, M2P_INVALID);
    if (paging_map(guests_view(va), mfn, nr, PAGING_GUESTS_READ))
        BUG("there is no table for the guests' view of the M2P");
}
