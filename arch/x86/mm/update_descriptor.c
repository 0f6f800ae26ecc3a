/* SPDX-License-Identifier: MIT */
/* set_gdt and update_descriptor: a guest's segments. */
#include <public/xen.h>
#include <xen/descriptors.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>
#include <xen/page_ref.h>
#include <xen/page_table.h>
#include <xen/page_type.h>

#include <asm/contents.h>

_Static_assert(GDT_FRAMES == FIRST_RESERVED_GDT_PAGE, "what is left to guests");
_Static_assert(DESCRIPTORS_PER_FRAME *GDT_FRAMES == FIRST_RESERVED_GDT_ENTRY,
               "in whole frames");

/* A frame of descriptors, for the empty @h. */
static int get_frame(struct domain *d, xen_pfn_t frame, struct page_holder *h)
{
    int rc;

    h->page = get_page_from_mfn(_mfn(frame), d);
    if (!h->page)
        return -EINVAL;
    h->hold = HOLD_READ_ONLY;
    rc = get_page_descriptors(h);
    if (rc) {
        put_page(h->page);
        *h = PAGE_HOLDER_EMPTY;
    }

    return rc ? -EINVAL : 0;
}

static int set_gdt(struct vcpu *v, uint64_t list, unsigned int entries)
{
    struct page_holder new[GDT_FRAMES] = { 0 };
    xen_pfn_t frame[GDT_FRAMES];
    unsigned int nr =
        (entries + DESCRIPTORS_PER_FRAME - 1) / DESCRIPTORS_PER_FRAME;

    if (entries > FIRST_RESERVED_GDT_ENTRY)
        return -EINVAL;
    if (copy_from_guest(frame, list, nr * sizeof(frame[0])))
        return -EFAULT;
    for (unsigned int i = 0; i < nr; i++) {
        if (get_frame(v->domain, frame[i], &new[i])) {
            put_descriptors(new, i);
            return -EINVAL;
        }
    }

    /* Only now: a frame may be in both. */
    vcpu_drop_gdt(v);
    for (unsigned int i = 0; i < nr; i++)
        page_holder_move(&v->gdt[i], &new[i]);
    v->gdt_entries = entries;

    return 0;
}

void do_set_gdt(struct vcpu *v, struct hypercall *call)
{
    call->result =
        set_gdt(v, call->argument[0], (unsigned int)call->argument[1]);
}

static void write_descriptor(struct page_info *pg, uint64_t address,
                             uint64_t descriptor)
{
    char *contents = frame_contents(page_to_mfn(pg));

    __atomic_store_n((uint64_t *)(contents + (address & ~PAGE_MASK)),
                     descriptor, __ATOMIC_RELAXED);
}

/* As one of those that are used now, or as a word like any other. */
static int write_as_it_is_used(struct page_holder *h, uint64_t address,
                               uint64_t descriptor)
{
    unsigned long type =
        __atomic_load_n(&h->page->inuse_overlay.type_info, __ATOMIC_RELAXED);

    if ((type & PGT_type_mask) == PGT_seg_desc_page && type & PGT_validated) {
        if (get_page_descriptors(h))
            return -EINVAL;
    } else {
        if (!get_page_writable(h->page))
            return -EINVAL;
        h->hold = HOLD_FULL;
    }
    write_descriptor(h->page, address, descriptor);

    return 0;
}

static int update_descriptor(struct domain *d, uint64_t address,
                             uint64_t descriptor)
{
    struct page_holder h = { NULL, HOLD_READ_ONLY };
    int rc;

    if (address % DESCRIPTOR_SIZE != 0 || !descriptor_check(&descriptor))
        return -EINVAL;
    h.page = get_page_from_mfn(maddr_to_mfn(address), d);
    if (!h.page)
        return -EINVAL;
    rc = write_as_it_is_used(&h, address, descriptor);
    put_descriptors(&h, 1);

    return rc;
}

void do_update_descriptor(struct vcpu *v, struct hypercall *call)
{
    call->result =
        update_descriptor(v->domain, call->argument[0], call->argument[1]);
}
