/* SPDX-License-Identifier: MIT */
/* What the monitor's command "page" answers: all that is known of one frame. */
#include <xen/bootmem.h>
#include <xen/frame_table.h>
#include <xen/monitor.h>
#include <xen/page_alloc.h>
#include <xen/printk.h>

static void show_range(const struct memory_map *map, mfn_t mfn)
{
    const struct memory_range *range = memory_map_find(map, mfn_to_maddr(mfn));

    if (range)
        console_printf("map     %s: %s\n", memory_kind_name(range->kind),
                       memory_reason_text(range->reason));
    else
        console_printf("map     nothing is known at this address\n");
}

/* Returns whether the frame's own entry says something. */
static bool show_heap_state(mfn_t mfn)
{
    unsigned int order;
    mfn_t head = heap_block_of(mfn, &order);
    bool inside = !mfn_eq(head, INVALID_MFN) && !mfn_eq(head, mfn);
    uintptr_t freed_by = heap_last_free(mfn);

    if (!mfn_eq(head, INVALID_MFN))
        console_printf("heap    free, in the block of order %u at %#lx\n",
                       order, mfn_to_maddr(head));
    else
        console_printf("heap    not free\n");
    if (freed_by)
        console_printf("freed   last by %pS\n", (void *)freed_by);

    return !inside;
}

static void show_words(struct page_info *pg)
{
    unsigned long count_info = pg->count_info;

    if ((count_info & PGC_state) == PGC_state_free) {
        console_printf("entry   free, head of its block: order %u, "
                       "taint %#lx, timestamp %u\n",
                       as_free(pg)->order, as_free(pg)->tlb_taint,
                       as_free(pg)->tlbflush_timestamp);
    } else if (count_info & PGC_shadow) {
        console_printf("entry   shadow: type %u, count %lu, back %#lx\n",
                       (unsigned int)as_shadow(pg)->type,
                       (unsigned long)as_shadow(pg)->count,
                       (unsigned long)as_shadow(pg)->back);
    } else {
        console_printf("entry   in use: count %lu, type_info %#lx, ",
                       count_info & PGC_count_mask, as_inuse(pg)->type_info);
        if (as_inuse(pg)->owner)
            console_printf("owner d%u\n", as_inuse(pg)->owner - 1U);
        else
            console_printf("anonymous\n");
    }
}

void monitor_show_frame(const struct memory_map *map, mfn_t mfn)
{
    const char *owner;

    console_printf("frame   mfn %#lx, address %#lx\n", mfn_x(mfn),
                   mfn_to_maddr(mfn));
    show_range(map, mfn);
    owner = bootmem_owner(mfn);
    if (owner)
        console_printf("kept    for %s\n", owner);
    if (!mfn_valid(mfn)) {
        console_printf("entry   none in the frame table\n");
        return;
    }
    if (!show_heap_state(mfn)) {
        console_printf("entry   zero: the head of the block speaks for it\n");
        return;
    }
    console_printf("words   at %p: count_info %#lx\n", (void *)mfn_to_page(mfn),
                   mfn_to_page(mfn)->count_info);
    show_words(mfn_to_page(mfn));
}
