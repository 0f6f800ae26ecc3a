/* SPDX-License-Identifier: MIT */
/* Draws hypercalls: those about memory, addresses, and descriptors. */
#include <public/xen.h>
#include <string.h>

#include <public/memory.h>

#include "call_parts.h"

static unsigned int whose(unsigned int d)
{
    return one_in(calls.g->domain[d].privileged ? 6 : 24) ? strange_domain()
                                                          : DOMID_SELF;
}

unsigned long draw_va(const struct naive_vcpu *v)
{
    unsigned int f = v->kernel_base.hold ? v->kernel_base.frame : 0;
    unsigned long va = 0;

    for (unsigned int level = 4; level > 0; level--) {
        unsigned int slot = pick_slot();
        const uint64_t *word = calls.g->frame[f].word;

        for (unsigned int i = 0; i < 8 && level > 1; i++)
            if (slot >= NAIVE_WORDS || !(word[slot] & PTE_PRESENT) ||
                (level == 4 && slot == PTES_PER_TABLE / 2))
                slot = pick_slot();
        va |= (unsigned long)slot << PTE_SHIFT(level);
        if (slot < NAIVE_WORDS)
            f = naive_frame_of(calls.g, (word[slot] & PTE_ADDRESS) >> 12);
        if (f == NAIVE_NONE)
            f = 0;
    }
    /* The upper half has the bits above repeated. */
    if (va >> (PTE_SHIFT(5) - 1) & 1)
        va |= ~0UL << PTE_SHIFT(5);

    return one_in(32) ? va ^ 1UL << draw(64) : va;
}

void make_va_mapping(unsigned int d, unsigned int v, struct hypercall *call)
{
    unsigned long va = draw_va(&calls.g->domain[d].vcpu[v]);

    call->number = one_in(4) ? __HYPERVISOR_update_va_mapping_otherdomain
                             : __HYPERVISOR_update_va_mapping;
    call->argument[0] = va | draw(2) * 0xabc;
    call->argument[3] = one_in(2) ? strange_domain() : (unsigned int)DOMID_SELF;
    call->argument[1] = make_entry(
        1, call->number == __HYPERVISOR_update_va_mapping || one_in(4)
               ? d
               : (unsigned int)call->argument[3] - 1);
    call->argument[2] = draw(8);
    if (one_in(8))
        call->argument[2] = draw(4) | (CALL_MEMORY + 8UL * draw(200));
}

static void fill_list(unsigned int d, unsigned int at, unsigned int nr,
                      bool names)
{
    xen_pfn_t list[LIST_MAX];

    for (unsigned int i = 0; i < nr; i++)
        list[i] = names ? draw(1000) : pick_mfn(d, draw(5));
    memcpy(calls.memory + at, list, nr * sizeof(list[0]));
}

/* Seldom that, and then often a node too: there is one. */
static unsigned int pick_mem_flags(void)
{
    unsigned int bits = draw(64);

    if (one_in(2))
        return bits;
    if (one_in(2))
        bits = 0;

    return bits | draw(one_in(4) ? 256 : 3) << 8 | draw(4) << 16 |
           (unsigned int)one_in(8) << 18;
}

static struct xen_memory_reservation
make_reservation(unsigned int nr, unsigned int at, unsigned int whose_memory)
{
    struct xen_memory_reservation r = { 0 };
    uint64_t list = list_address(nr, sizeof(xen_pfn_t));

    if (list == CALL_MEMORY)
        list += at;
    r.extent_start = (xen_pfn_t *)list;
    r.nr_extents = one_in(128) ? ~0UL >> draw(20) : nr;
    r.extent_order = one_in(6) ? draw(3) : one_in(64) ? draw(64) : 0;
    r.mem_flags = one_in(8) ? pick_mem_flags() : 0;
    r.domid = (domid_t)whose_memory;

    return r;
}

static void make_reservation_op(unsigned int d, struct hypercall *call)
{
    static const unsigned char command[] = { XENMEM_populate_physmap,
                                             XENMEM_populate_physmap,
                                             XENMEM_increase_reservation,
                                             XENMEM_decrease_reservation };
    unsigned int nr = draw(5), id = whose(d);
    struct xen_memory_reservation r = make_reservation(nr, LIST_AT, id);

    call->argument[0] = command[draw(ARRAY_SIZE(command))];
    fill_list(id == DOMID_SELF ? d : id - 1, LIST_AT, nr,
              call->argument[0] == XENMEM_populate_physmap);
    if (call->argument[0] == XENMEM_increase_reservation && one_in(4))
        r.extent_start = NULL;
    if (one_in(64))
        call->argument[0] |= (unsigned long)draw(6) << MEMOP_EXTENT_SHIFT;
    memcpy(calls.memory + STRUCT_AT, &r, sizeof(r));
}

static void make_exchange(unsigned int d, struct hypercall *call)
{
    unsigned int nr = one_in(2) ? 1 : draw(5), id = whose(d);
    struct xen_memory_exchange e = { 0 };

    e.in = make_reservation(nr, LIST_AT, id);
    e.out = make_reservation(nr, OUT_AT, one_in(32) ? 1 : id);
    if (!one_in(16))
        e.out.nr_extents = e.in.nr_extents << (e.in.extent_order & 31) >>
                           (e.out.extent_order & 31);
    if (e.out.nr_extents > LIST_MAX && !one_in(16))
        e.out.nr_extents = LIST_MAX;
    e.nr_exchanged = one_in(16) ? draw(3) : 0;
    fill_list(id == DOMID_SELF ? d : id - 1, LIST_AT, nr, false);
    fill_list(d, OUT_AT, LIST_MAX, true);
    call->argument[0] = XENMEM_exchange | (one_in(64) ? 64 : 0);
    memcpy(calls.memory + STRUCT_AT, &e, sizeof(e));
}

void make_memory_op(unsigned int d, struct hypercall *call)
{
    static const unsigned char command[] = { XENMEM_maximum_ram_page,
                                             XENMEM_current_reservation,
                                             XENMEM_maximum_reservation,
                                             XENMEM_machphys_mapping,
                                             5,
                                             7 };
    domid_t id = (domid_t)whose(d);

    call->number = __HYPERVISOR_memory_op;
    call->argument[1] = one_in(64) ? draw(2) * 0x9000 : CALL_MEMORY + STRUCT_AT;
    switch (draw(8)) {
    case 0:
        call->argument[0] = command[draw(ARRAY_SIZE(command))];
        memcpy(calls.memory + STRUCT_AT, &id, sizeof(id));
        break;
    case 1: make_exchange(d, call); break;
    default: make_reservation_op(d, call); break;
    }
}

void make_descriptor_call(unsigned int d, struct hypercall *call)
{
    unsigned int nr = draw(3);

    if (one_in(2)) {
        call->number = __HYPERVISOR_update_descriptor;
        call->argument[0] = pick_mfn(d, 0) << PAGE_SHIFT |
                            (one_in(16) ? draw(64) : pick_slot() * 8);
        call->argument[1] = make_descriptor();
        return;
    }
    fill_list(d, LIST_AT, LIST_MAX, false);
    for (unsigned int i = 0; i < nr; i++) {
        xen_pfn_t mfn = pick_mfn(d, 0);

        memcpy(calls.memory + LIST_AT + i * sizeof(mfn), &mfn, sizeof(mfn));
    }
    call->number = __HYPERVISOR_set_gdt;
    call->argument[0] = list_address(nr, sizeof(xen_pfn_t));
    call->argument[1] =
        one_in(32) ? 14 * 512 + draw(2) : nr * 512 - draw(2) * nr;
}
