/* SPDX-License-Identifier: MIT */
/* numa=fake=: nodes that no firmware tells of, to try things out on. */
#include <xen/bits.h>
#include <xen/frame_table.h>
#include <xen/numa.h>
#include <xen/printk.h>

/* The address of the @n-th frame of RAM, counted from 0; there is one. */
static paddr_t nth_frame(const struct memory_map *map, unsigned long n)
{
    const struct memory_range *ram = memory_map_next_ram(map, 0);

    while (n >= (ram->end - ram->start) >> PAGE_SHIFT) {
        n -= (ram->end - ram->start) >> PAGE_SHIFT;
        ram = memory_map_next_ram(map, ram->end);
    }

    return ram->start + (n << PAGE_SHIFT);
}

/* Where the piece begins that holds the byte at @address, which is RAM. */
static paddr_t start_of_piece(paddr_t address, unsigned int shift)
{
    unsigned long pdx = mfn_to_pdx(maddr_to_mfn(address));

    return mfn_to_maddr(pdx_to_mfn(ALIGN_DOWN(pdx, BIT(shift))));
}

/*
 * Each node has at least as many frames as a piece, so the pieces in which they
 * begin are different ones, and none is empty when they begin with those.
 */
void numa_fake(const struct memory_map *map, struct srat *srat, unsigned int nr)
{
    unsigned long total = memory_map_size(map, MEMORY_RAM) >> PAGE_SHIFT;
    unsigned int shift = numa_shift_for(nr_pdxs), wanted = nr;
    paddr_t start = 0, end;

    if (nr > MAX_NODES)
        nr = MAX_NODES;
    if (nr > total >> shift)
        nr = (unsigned int)(total >> shift);
    if (nr == 0)
        nr = 1;
    if (nr < wanted)
        printk(LOG_WARNING,
               "numa=fake=%u: there are %u nodes: it is the most "
               "that %s\n",
               wanted, nr,
               nr == MAX_NODES ? "can be" : "this RAM is enough for");

    srat_begin(srat);
    for (unsigned int i = 0; i < nr; i++, start = end) {
        end = i + 1 < nr
                  ? start_of_piece(nth_frame(map, (i + 1) * total / nr), shift)
                  : PADDR_MAX;
        srat_add_memory(srat, start, end - start, i, false);
    }
    srat->cpus_by_turns = true;
    numa_init(map, srat);
}
