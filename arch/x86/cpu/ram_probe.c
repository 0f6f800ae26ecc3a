/* SPDX-License-Identifier: MIT */
/* A map may promise RAM that no board has: see whether it keeps anything. */
#include <cpu/ram_probe.h>
#include <xen/printk.h>

/* What was written is pushed out of the cache, so that the answer comes from
 * behind it. */
bool ram_keeps_what_is_written(void *va, paddr_t address)
{
    volatile uint64_t *word = va;
    uint64_t pattern = 0x5aa5c33c0ff09669 ^ address;

    *word = pattern;
    asm volatile("clflush %0; mfence" : "+m"(*word));
    if (*word == pattern)
        return true;

    printk(LOG_ERROR,
           "memory: the map says that there is RAM at %#lx, but it does not "
           "keep what is written to it\n",
           address);

    return false;
}
