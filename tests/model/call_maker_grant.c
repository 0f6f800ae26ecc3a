/* SPDX-License-Identifier: MIT */
/* Draws hypercalls about grants, and what stands in tables of grants. */
#include <public/grant_table.h>
#include <public/xen.h>
#include <string.h>

#include <xen/grant_table.h>

#include "call_parts.h"

#define NR_REFS    4U
#define NR_HANDLES 6U

void draw_grant(const struct call_maker *maker, unsigned int d,
                struct grant_table *table)
{
    struct grant_entry_v1 entry;
    unsigned int ref;

    calls = *maker;
    if (table->nr_frames == 0 || one_in(2))
        return;
    ref = draw(NR_REFS);
    memcpy(&entry, &table->shared[0][ref], sizeof(entry));
    entry.flags = (uint16_t)(one_in(8) ? draw(512) : 1 | draw(2) * 4);
    entry.domid = (domid_t)(1 + draw(NAIVE_DOMAINS));
    entry.frame = (unsigned int)pick_mfn(d, draw(3) / 2);
    memcpy(&table->shared[0][ref], &entry, sizeof(entry));
}

/* An address, or that of an entry of a table of level 1. */
static unsigned long draw_place(unsigned int d, unsigned int v, bool is_entry)
{
    return is_entry ? pick_mfn(d, 1) << PAGE_SHIFT | pick_slot() * 8
                    : draw_va(&calls.g->domain[d].vcpu[v]);
}

static void draw_map(unsigned int d, unsigned int v,
                     struct gnttab_map_grant_ref *op)
{
    op->flags = one_in(16) ? draw(64) : GNTMAP_host_map | draw(2) * 4;
    op->flags |= one_in(4) ? GNTMAP_device_map : 0;
    op->flags |= one_in(3) ? 0 : GNTMAP_contains_pte;
    op->host_addr = draw_place(d, v, op->flags & GNTMAP_contains_pte);
    op->ref = one_in(16) ? draw(2) * 1000 : draw(NR_REFS);
    op->dom = (domid_t)(one_in(8) ? strange_domain() : 1 + draw(NAIVE_DOMAINS));
}

static void draw_unmap(unsigned int d, unsigned int v,
                       struct gnttab_unmap_grant_ref *op)
{
    op->handle = one_in(16) ? draw(2) * 1000 : draw(NR_HANDLES);
    if (!one_in(4))
        op->host_addr = draw_place(d, v, one_in(2));
    if (one_in(3))
        op->dev_bus_addr = pick_mfn(draw(NAIVE_DOMAINS), 0) << PAGE_SHIFT;
}

static void draw_copy(unsigned int d, struct gnttab_copy *op)
{
    struct gnttab_copy_ptr *end[] = { &op->source, &op->dest };

    for (unsigned int i = 0; i < 2; i++) {
        bool by_ref = one_in(2);

        if (by_ref)
            op->flags |= i == 0 ? GNTCOPY_source_gref : GNTCOPY_dest_gref;
        end[i]->domid =
            (domid_t)(by_ref ? 1 + draw(NAIVE_DOMAINS) : DOMID_SELF);
        end[i]->offset = (uint16_t)(one_in(4) ? draw(5000) : 0);
        if (by_ref)
            end[i]->u.ref = draw(NR_REFS);
        else
            end[i]->u.gmfn = pick_mfn(d, 0);
    }
    op->len = (uint16_t)(one_in(8) ? draw(5000) : draw(64));
}

static unsigned int draw_elements(unsigned int d, unsigned int v,
                                  unsigned int command)
{
    unsigned int nr = 1 + draw(3);
    union {
        struct gnttab_map_grant_ref map[3];
        struct gnttab_unmap_grant_ref unmap[3];
        struct gnttab_copy copy[3];
    } list;

    memset(&list, 0, sizeof(list));
    for (unsigned int i = 0; i < nr; i++) {
        if (command == GNTTABOP_map_grant_ref)
            draw_map(d, v, &list.map[i]);
        else if (command == GNTTABOP_unmap_grant_ref)
            draw_unmap(d, v, &list.unmap[i]);
        else
            draw_copy(d, &list.copy[i]);
    }
    memcpy(calls.memory + LIST_AT, &list, sizeof(list));

    return nr;
}

static void draw_setup(void)
{
    struct gnttab_setup_table op = {
        .dom = (domid_t)(one_in(4) ? strange_domain() : DOMID_SELF),
        .nr_frames = one_in(64) ? draw(40) : draw(3),
        .frame_list = (void *)(CALL_MEMORY + STRUCT_AT),
    };

    memcpy(calls.memory + LIST_AT, &op, sizeof(op));
}

void make_grant_call(const struct call_maker *maker, unsigned int d,
                     unsigned int v, struct hypercall *call)
{
    static const unsigned char command[] = {
        GNTTABOP_map_grant_ref,
        GNTTABOP_map_grant_ref,
        GNTTABOP_unmap_grant_ref,
        GNTTABOP_unmap_grant_ref,
        GNTTABOP_copy,
        GNTTABOP_setup_table,
        GNTTABOP_query_size,
        GNTTABOP_get_version,
    };
    unsigned int nr = 1;

    calls = *maker;
    *call = (struct hypercall){ .number = __HYPERVISOR_grant_table_op };
    call->argument[0] = one_in(32) ? draw(16) : command[draw(8)];
    if (call->argument[0] == GNTTABOP_map_grant_ref ||
        call->argument[0] == GNTTABOP_unmap_grant_ref ||
        call->argument[0] == GNTTABOP_copy)
        nr = draw_elements(d, v, (unsigned int)call->argument[0]);
    else
        draw_setup();
    call->argument[1] = list_address(nr, 40);
    call->argument[2] = one_in(32) ? draw(60000) : nr;
}

/* Wrap it, in the place of guests for such things. */
void make_multicall(const struct call_maker *maker, struct hypercall *call)
{
    struct multicall_entry entry = { .op = call->number };

    memcpy(entry.args, call->argument, sizeof(call->argument));
    memcpy(maker->memory + STRUCT_AT + 200, &entry, sizeof(entry));
    *call = (struct hypercall){
        .number = __HYPERVISOR_multicall,
        .argument = { CALL_MEMORY + STRUCT_AT + 200, 1 },
    };
}
