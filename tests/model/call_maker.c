/* SPDX-License-Identifier: MIT */
/* Draws hypercalls: here those about page tables. */
#include <public/xen.h>
#include <string.h>

#include "call_parts.h"

static unsigned int d; /* who calls */

/* Does it try to do something to another? */
static bool is_meddling(void)
{
    return one_in(calls.g->domain[d].privileged ? 3 : 32);
}

/* The arguments of those that serve lists. */
static void list_arguments(struct hypercall *call, unsigned int nr,
                           unsigned int size, unsigned int whose)
{
    uint32_t nothing = 0;

    memcpy(calls.memory + DONE_AT, &nothing, sizeof(nothing));
    call->argument[0] = list_address(nr, size);
    call->argument[1] = nr;
    call->argument[2] =
        whose == DOMID_SELF && one_in(32) ? draw(2) * 8 : CALL_MEMORY + DONE_AT;
    call->argument[3] = whose;
}

static void make_update(struct mmu_update *to, unsigned int tables,
                        unsigned int frames)
{
    unsigned int part = one_in(6) ? 0 : tables != frames ? 1 : 1 + draw(4);
    unsigned long mfn = pick_mfn(tables, part);
    unsigned int slot = pick_slot(), f = (unsigned int)(mfn - calls.g->first);

    to->ptr = mfn << PAGE_SHIFT | slot * 8UL;
    to->val = make_word(f < NAIVE_FRAMES ? f : 0, slot, frames);
    switch (draw(24)) {
    case 0: to->ptr |= draw(8); break;
    case 1: to->ptr |= MMU_PT_UPDATE_NO_TRANSLATE; break;
    case 2:
        to->ptr |= MMU_MACHPHYS_UPDATE;
        to->val = one_in(4) ? ~0UL : draw(1000);
        break;
    case 3:
    case 4: to->ptr |= MMU_PT_UPDATE_PRESERVE_AD; break;
    default: break;
    }
}

static void make_mmu_update(struct hypercall *call)
{
    unsigned int nr = draw(4) ? 1 + draw(6) : draw(LIST_MAX),
                 whose = DOMID_SELF;
    unsigned int tables = d, frames = d;
    struct mmu_update list[LIST_MAX];

    if (is_meddling()) {
        whose = strange_domain();
        frames = (whose & 0xffff) - 1;
    }
    if (is_meddling()) {
        unsigned int id = strange_domain();

        whose |= (id + 1) << 16;
        tables = id - 1;
    }
    for (unsigned int i = 0; i < nr; i++)
        make_update(&list[i], tables, frames);
    memcpy(calls.memory + LIST_AT, list, nr * sizeof(list[0]));
    call->number = __HYPERVISOR_mmu_update;
    list_arguments(call, nr, sizeof(list[0]), whose);
}

/* One that is pinned, most of the time. */
static unsigned long pick_pinned(unsigned int owner)
{
    unsigned int first = draw(NAIVE_FRAMES);

    for (unsigned int i = 0; i < NAIVE_FRAMES; i++) {
        unsigned int f = (first + i) % NAIVE_FRAMES;

        if (calls.g->frame[f].owner == owner + 1 && calls.g->frame[f].pinned)
            return calls.g->first + f;
    }

    return pick_mfn(owner, 1 + draw(4));
}

static void make_pin(struct mmuext_op *op, unsigned int owner)
{
    unsigned int part = draw(5);

    if (!one_in(3)) {
        op->cmd = part && !one_in(12) ? part - 1 : draw(4);
        op->arg1.mfn = pick_mfn(owner, part);
    } else {
        op->cmd = MMUEXT_UNPIN_TABLE;
        op->arg1.mfn = one_in(12) ? pick_mfn(owner, part) : pick_pinned(owner);
    }
}

static void make_base(struct mmuext_op *op, unsigned int owner)
{
    op->cmd = one_in(2) ? MMUEXT_NEW_BASEPTR : MMUEXT_NEW_USER_BASEPTR;
    if (op->cmd == MMUEXT_NEW_BASEPTR || !one_in(4))
        op->arg1.mfn = pick_mfn(owner, 4);
}

static void make_fill(struct mmuext_op *op, unsigned int owner)
{
    op->cmd = one_in(2) ? MMUEXT_CLEAR_PAGE : MMUEXT_COPY_PAGE;
    op->arg1.mfn = pick_mfn(owner, 0);
    op->arg2.src_mfn = pick_mfn(owner, draw(5));
}

/* What is about no frame. */
static void make_other_ext(struct mmuext_op *op)
{
    static const unsigned char command[] = {
        MMUEXT_TLB_FLUSH_LOCAL,
        MMUEXT_INVLPG_LOCAL,
        MMUEXT_TLB_FLUSH_MULTI,
        MMUEXT_INVLPG_MULTI,
        MMUEXT_TLB_FLUSH_ALL,
        MMUEXT_INVLPG_ALL,
        MMUEXT_FLUSH_CACHE,
        MMUEXT_FLUSH_CACHE_GLOBAL,
        MMUEXT_MARK_SUPER,
        MMUEXT_UNMARK_SUPER,
        MMUEXT_SET_LDT,
        MMUEXT_SET_LDT,
        MMUEXT_SET_LDT,
        MMUEXT_SET_LDT,
        14,
        21, /* there are none */
    };

    op->cmd = command[draw(ARRAY_SIZE(command))];
    op->arg1.linear_addr = (unsigned long)pick_slot() << PAGE_SHIFT;
    if (op->cmd == MMUEXT_SET_LDT)
        op->arg2.nr_ents = one_in(16) ? 8193 : draw(3) * 512;
    else if (!one_in(8))
        op->arg2.src_mfn = CALL_MEMORY + STRUCT_AT; /* vCPUs */
}

static void make_ext(struct mmuext_op *op, unsigned int owner)
{
    unsigned int what = draw(24);

    memset(op, 0, sizeof(*op));
    if (what < 12)
        make_pin(op, owner);
    else if (what < 16)
        make_base(op, owner);
    else if (what < 20)
        make_fill(op, owner);
    else
        make_other_ext(op);
}

static void make_mmuext_op(struct hypercall *call)
{
    unsigned int nr = one_in(2) ? 1 : draw(5), whose = DOMID_SELF, owner = d;
    struct mmuext_op list[LIST_MAX];

    if (is_meddling()) {
        whose = strange_domain();
        owner = whose - 1;
    }
    for (unsigned int i = 0; i < nr; i++)
        make_ext(&list[i], owner);
    memcpy(calls.memory + LIST_AT, list, nr * sizeof(list[0]));
    call->number = __HYPERVISOR_mmuext_op;
    list_arguments(call, nr, sizeof(list[0]), whose);
}

void make_call(const struct call_maker *maker, unsigned int caller,
               unsigned int v, struct hypercall *call)
{
    unsigned int what;

    calls = *maker;
    d = caller;
    *call = (struct hypercall){ 0 };
    what = naive_nr_pages(calls.g, d) < 12 && one_in(2) ? 30 : draw(40);
    if (what < 18)
        make_mmu_update(call);
    else if (what < 30)
        make_mmuext_op(call);
    else if (what < 34)
        make_memory_op(d, call);
    else if (what < 37)
        make_va_mapping(d, v, call);
    else if (what < 39)
        make_descriptor_call(d, call);
    else
        call->number = 64 + draw(64); /* there is none */
}
