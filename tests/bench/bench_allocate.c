/* SPDX-License-Identifier: MIT */
/*
 * usage: bench_allocate N    takes N single frames, each one a free block
 *
 * To be counted by callgrind: the difference between two N is what so many
 * allocations cost, of frames that owe no flush, with no block split.
 */
#include <stdlib.h>

#include <hosted.h>
#include <xen/page_alloc.h>

#define NR_FRAMES 4096U

int main(int argc, char **argv)
{
    static struct page_info *pg[NR_FRAMES];
    static struct e820_map raw;
    int nr = argc > 1 ? atoi(argv[1]) : 0;

    e820_add(&raw, 0x100000000, 4 * NR_FRAMES * PAGE_SIZE, E820_RAM);
    hosted_boot(&raw);
    for (unsigned int i = 0; i < NR_FRAMES; i++)
        pg[i] = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    for (unsigned int i = 0; i < NR_FRAMES; i += 2)
        free_heap_pages(pg[i], 0, TLB_NO_DEBT);
    for (int i = 0; i < nr; i++)
        pg[0] = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);

    return pg[0] ? EXIT_SUCCESS : EXIT_FAILURE;
}
