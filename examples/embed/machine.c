/* SPDX-License-Identifier: MIT */
/* The seam: the few functions that <xen/arch.h> asks of this machine. */
#include <xen/arch.h>
#include <xen/bootmem.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>
#include <xen/printk.h>
#include <xen/string.h>

#include "embed.h"

#define COM1       0x3f8
#define DEBUG_EXIT 0xf4

#define CR4_PGE (1UL << 7) /* entries may be global */

/* Page table entries: present and writable, a superpage, not executable. */
#define PTE_TABLE     0x3UL
#define PTE_SUPERPAGE (0x83UL | 1UL << 63)

/* In slots of the top table that are unused elsewhere: from 1 and from 128. */
#define FRAME_TABLE ((void *)(1UL << 39))
#define M2P         ((void *)(1UL << 46))
#define SPACE_SIZE  (127UL << 39)

extern uint64_t level4[512];

static void outb(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

_Noreturn void leave(int status)
{
    outb(DEBUG_EXIT, (uint8_t)status);
    for (;;)
        __asm__ volatile("cli; hlt");
}

void arch_console_write(const char *text, size_t size)
{
    while (size-- > 0)
        outb(COM1, (uint8_t)*text++);
}

_Noreturn void arch_bug(const char *file, int line, const char *what)
{
    console_force();
    console_printf("embed: %s:%d: %s\n", file, line, what);
    leave(1);
}

unsigned int arch_cpu_id(void)
{
    return 0;
}

/* Global entries too: the bit that keeps them goes off, and on again. */
void arch_flush_tlb_local(void)
{
    uint64_t cr4;

    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4 ^ CR4_PGE) : "memory");
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4) : "memory");
}

/* There is no second CPU. */
void arch_send_ipi(unsigned int cpu)
{
    (void)cpu;
    arch_bug(__FILE__, __LINE__, "an interrupt for a CPU that is not there");
}

void *arch_reserve_frame_table(size_t size)
{
    return size <= SPACE_SIZE ? FRAME_TABLE : NULL;
}

/* Memory below 4 GiB stands where it is. */
void *arch_alloc_table(size_t size)
{
    unsigned long nr = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
    mfn_t mfn = bootmem_alloc(nr, 1, 1UL << 32, "embed's heap");

    return mfn_eq(mfn, INVALID_MFN) ? NULL : (void *)mfn_to_maddr(mfn);
}

void *arch_reserve_m2p(size_t size)
{
    return size <= SPACE_SIZE ? M2P : NULL;
}

/* From the boot allocator, while there is no heap. */
static mfn_t frame_for_table(void)
{
    struct page_info *pg;

    if (bootmem_nr_free() > 0)
        return bootmem_alloc(1, 1, 1UL << 32, "embed's page tables");
    pg = alloc_heap_pages(0, 1UL << 32, 0, NULL);

    return pg ? page_to_mfn(pg) : INVALID_MFN;
}

/* The table that entry @slot of @table leads to; made if there is none. Memory
 * below 4 GiB stands where it is, so a table's address is a pointer. */
static uint64_t *next_table(uint64_t *table, unsigned int slot)
{
    uint64_t *next;
    mfn_t mfn;

    if (!table[slot]) {
        mfn = frame_for_table();
        if (mfn_eq(mfn, INVALID_MFN))
            return NULL;
        next = (uint64_t *)mfn_to_maddr(mfn);
        for (unsigned int i = 0; i < 512; i++)
            next[i] = 0;
        table[slot] = mfn_to_maddr(mfn) | PTE_TABLE;
    }

    return (uint64_t *)(table[slot] & ~0xfffUL);
}

/* Map superpages. */
static int map(void *va, mfn_t mfn, unsigned long nr)
{
    uint64_t at = (uint64_t)va, end = at + (nr << PAGE_SHIFT);
    paddr_t frame = mfn_to_maddr(mfn);

    for (; at < end; at += SUPERPAGE_SIZE, frame += SUPERPAGE_SIZE) {
        uint64_t *level3 = next_table(level4, at >> 39 & 511);
        uint64_t *level2 = level3 ? next_table(level3, at >> 30 & 511) : NULL;

        if (!level2)
            return -ENOMEM;
        level2[at >> 21 & 511] = frame | PTE_SUPERPAGE;
    }

    return 0;
}

int arch_map_frame_table(void *va, mfn_t mfn, unsigned long nr)
{
    return map(va, mfn, nr);
}

void arch_open_frame_table(void *va, size_t size)
{
    memset(va, 0, size);
}

/* There is one CPU. */
void arch_unmap_table(void *va, unsigned long nr)
{
    uint64_t at = (uint64_t)va, end = at + (nr << PAGE_SHIFT);

    for (; at < end; at += SUPERPAGE_SIZE) {
        uint64_t *level3 = next_table(level4, at >> 39 & 511);
        uint64_t *level2 = level3 ? next_table(level3, at >> 30 & 511) : NULL;

        if (level2)
            level2[at >> 21 & 511] = 0;
    }
    arch_flush_tlb_local();
}

int arch_map_m2p(void *va, mfn_t mfn, unsigned long nr)
{
    return map(va, mfn, nr);
}

void arch_open_m2p(void *va, size_t size)
{
    memset(va, 0xff, size);
}

/* Guests never run here, so what follows is for nobody. */
void arch_load_base_pointer(mfn_t root)
{
    (void)root;
    arch_bug(__FILE__, __LINE__, "a guest is to run");
}

void arch_flush_tlb_page(uintptr_t va)
{
    __asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

int arch_copy_from_guest(void *to, uint64_t from, size_t size)
{
    (void)to;
    (void)from;
    (void)size;

    return -EFAULT;
}

int arch_copy_to_guest(uint64_t to, const void *from, size_t size)
{
    (void)to;
    (void)from;
    (void)size;

    return -EFAULT;
}
