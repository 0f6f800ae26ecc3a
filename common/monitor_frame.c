/* SPDX-License-Identifier: MIT */
/* What the monitor's command "page" answers: all that is known of one frame. */
#include <xen/bootmem.h>
#include <xen/frame_table.h>
#include <xen/m2p.h>
#include <xen/monitor.h>
#include <xen/page_alloc.h>
#include <xen/page_owner.h>
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
    uintptr_t freed_by = heap_last_free(mfn);

    if (!mfn_eq(head, INVALID_MFN))
        console_printf("heap    free, in the block of order %u at %#lx\n",
                       order, mfn_to_maddr(head));
    else
        console_printf("heap    not free\n");
    if (freed_by)
        console_printf("freed   last by %pS\n", (void *)freed_by);

    return mfn_eq(head, INVALID_MFN) || order < CHUNK_ORDER;
}

/* How far the examination of a partial table has come. */
static void show_progress(const struct page_inuse *inuse)
{
    int half = __atomic_load_n(&inuse->partial_pte, __ATOMIC_RELAXED);

    console_printf("partial up to entry %u%s\n",
                   __atomic_load_n(&inuse->nr_validated_ptes, __ATOMIC_RELAXED),
                   half == 0  ? ""
                   : half > 0 ? ", which is half taken"
                              : ", which is half put");
}

static void show_type(const struct page_inuse *inuse)
{
    static const char *const name[] = { "none",     "L1 table", "L2 table",
                                        "L3 table", "L4 table", "descriptors",
                                        "shared",   "writable" };
    unsigned long word = __atomic_load_n(&inuse->type_info, __ATOMIC_RELAXED);

    console_printf("type    %s: count %lu%s%s%s%s%s\n", name[word >> 61],
                   word & PGT_count_mask, word & PGT_validated ? ", valid" : "",
                   word & PGT_partial ? ", partial" : "",
                   word & PGT_busy ? ", busy" : "",
                   word & PGT_pinned ? ", pinned" : "",
                   word & PGT_locked ? ", locked" : "");
    if (word & PGT_partial)
        show_progress(inuse);
}

static void show_in_use(struct page_info *pg, unsigned long count_info)
{
    const struct page_inuse *inuse = as_inuse(pg);
    unsigned int owner = __atomic_load_n(&inuse->owner, __ATOMIC_RELAXED);

    console_printf("entry   in use: count %lu, ", count_info & PGC_count_mask);
    if (owner)
        console_printf("owner d%u%s%s%s\n", owner - 1U,
                       count_info & PGC_allocated ? ", allocated" : "",
                       count_info & PGC_extra ? ", extra" : "",
                       count_info & PGC_foreign ? ", mapped by others" : "");
    else
        console_printf("anonymous\n");
    show_type(inuse);
    console_printf("name    %#lx\n", m2p_get(page_to_mfn(pg)));
}

static void show_words(struct page_info *pg)
{
    unsigned long count_info =
        __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED);

    if ((count_info & PGC_state) == PGC_state_free) {
        console_printf("entry   free: taint %#lx, timestamp %u\n",
                       as_free(pg)->tlb_taint, as_free(pg)->tlbflush_timestamp);
    } else if ((count_info & PGC_state) == PGC_state_offlined) {
        console_printf("entry   offline: taint %#lx, timestamp %u\n",
                       pg->free_overlay.tlb_taint,
                       pg->free_overlay.tlbflush_timestamp);
    } else if (count_info & PGC_shadow) {
        console_printf("entry   shadow: type %u, count %lu, back %#lx\n",
                       (unsigned int)as_shadow(pg)->type,
                       (unsigned long)as_shadow(pg)->count,
                       (unsigned long)as_shadow(pg)->back);
    } else {
        show_in_use(pg, count_info);
    }
}

static void show_page_owner(mfn_t mfn)
{
    struct page_owner owner;

    if (!page_owner_of(mfn, &owner))
        return;
    if (owner.taken_by)
        console_printf("taken   %sby %pS, order %u\n",
                       owner.is_out ? "" : "before, ", (void *)owner.taken_by,
                       owner.order);
    if (owner.given_by)
        console_printf("given   back by %pS\n", (void *)owner.given_by);
}

void monitor_show_frame(const struct memory_map *map, mfn_t mfn)
{
    const char *owner;

    console_printf("frame   mfn %#lx, address %#lx\n", mfn_x(mfn),
                   mfn_to_maddr(mfn));
    show_range(map, mfn);
    monitor_show_place(mfn);
    owner = bootmem_owner(mfn);
    if (owner)
        console_printf("kept    for %s\n", owner);
    if (!mfn_has_place(mfn)) {
        console_printf("entry   none in the frame table\n");
        return;
    }
    if (CONFIG_PAGE_OWNER && mfn_valid(mfn))
        show_page_owner(mfn);
    if (!show_heap_state(mfn)) {
        console_printf("entry   says nothing: the block is free as a whole\n");
        return;
    }
    if (!mfn_valid(mfn)) {
        console_printf("entry   not yet made: nobody has needed one there\n");
        return;
    }
    console_printf("words   at %p: count_info %#lx\n", (void *)mfn_to_page(mfn),
                   mfn_to_page(mfn)->count_info);
    show_words(mfn_to_page(mfn));
}
