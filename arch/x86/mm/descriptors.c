/* SPDX-License-Identifier: MIT */
/* Frames of segment descriptors, and who holds them: vCPUs' tables. */
#include <xen/bug.h>
#include <xen/descriptors.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/guest_walk.h>
#include <xen/page_ref.h>
#include <xen/page_table.h>
#include <xen/page_type.h>

#include <asm/contents.h>

_Static_assert(LDT_MAX_ENTRIES == 8192, "as many as a selector can name");

/* Nobody else writes while the frame is busy: who could has flushed. */
static bool examine(uint64_t *descriptor)
{
    for (unsigned int i = 0; i < DESCRIPTORS_PER_FRAME; i++) {
        uint64_t old = __atomic_load_n(&descriptor[i], __ATOMIC_RELAXED);
        uint64_t new = old;

        if (!descriptor_check(&new))
            return false;
        if (new != old)
            __atomic_store_n(&descriptor[i], new, __ATOMIC_RELAXED);
    }

    return true;
}

int get_page_descriptors(struct page_holder *h)
{
    unsigned long before;
    int rc = page_type_take(h->page, PGT_seg_desc_page, &before);

    if (rc == TYPE_WON) {
        if (!examine(frame_contents(page_to_mfn(h->page)))) {
            page_type_publish_idle(h->page, before);
            return -EINVAL;
        }
        page_type_publish_valid(h->page, before);
        rc = 0;
    }
    if (rc == 0)
        h->hold = HOLD_FULL;

    return rc;
}

void put_descriptors(struct page_holder *h, unsigned int nr)
{
    for (unsigned int i = 0; i < nr; i++) {
        int rc = put_holder(&h[i]);

        BUG_ON(rc); /* only tables are interrupted */
    }
}

void vcpu_drop_gdt(struct vcpu *v)
{
    put_descriptors(v->gdt, GDT_FRAMES);
    v->gdt_entries = 0;
}

void vcpu_drop_ldt(struct vcpu *v)
{
    put_descriptors(v->ldt, LDT_FRAMES);
}

/* The frame that @v's tables map at @va. */
static struct page_info *get_mapped_page(struct vcpu *v, uintptr_t va)
{
    unsigned int slot;
    struct page_info *table = guest_walk(v, va, &slot);
    const uint64_t *contents;
    uint64_t entry;

    if (!table)
        return NULL;
    contents = frame_contents(page_to_mfn(table));
    entry = __atomic_load_n(&contents[slot], __ATOMIC_RELAXED);
    put_page(table);

    return entry & PTE_PRESENT
               ? get_page_from_mfn(maddr_to_mfn(entry & PTE_ADDRESS), v->domain)
               : NULL;
}

bool vcpu_load_ldt(struct vcpu *v, unsigned int index)
{
    unsigned int n = index / DESCRIPTORS_PER_FRAME;
    struct page_holder h;

    /* Behind the end no address is the guest's own choice, not even 0. */
    if (index >= v->ldt_entries)
        return false;
    if (v->ldt[n].hold != HOLD_NONE)
        return true;
    h.page = get_mapped_page(v, v->ldt_base + n * PAGE_SIZE);
    h.hold = HOLD_READ_ONLY;
    if (!h.page)
        return false;
    if (get_page_descriptors(&h)) {
        put_page(h.page);
        return false;
    }
    page_holder_move(&v->ldt[n], &h);

    return true;
}
