/* SPDX-License-Identifier: MIT */
/*
 * mmu_update: a guest changes its page tables, a word at a time, and the names
 * of its frames.
 */
#include <public/xen.h>
#include <xen/entry_update.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/hypercall.h>
#include <xen/m2p.h>
#include <xen/page_ref.h>
#include <xen/page_type.h>

#include <asm/contents.h>

#include "batch.h"
#include "update_leaf.h"

/* Read from the guest at once. */
#define CHUNK 16

#define COMMAND_MASK 7UL

struct updates {
    struct vcpu *v;
    struct domain *tables; /* whose tables are changed */
    struct domain *frames; /* whose frames go into them */
    uint64_t refused;      /* PTE_PRESENT, if they may not */

    /* The frame that the last one wrote to: most write to it again. */
    struct page_info *page;
    mfn_t mfn; /* INVALID_MFN: none */
};

/* Both with a reference, or NULL. 0, or the reason why they will not do. */
static int find_domains(struct updates *u, unsigned int fd)
{
    unsigned int tables = fd >> 16;
    bool may_map;

    u->tables =
        tables ? named_domain_get(u->v, (domid_t)(tables - 1)) : u->v->domain;
    u->frames = named_owner_get(u->v, (domid_t)fd);
    if (!u->tables || !u->frames)
        return -ESRCH;
    if (!may_act_for(u->v, u->tables) ||
        (u->frames != dom_io && !may_act_for(u->v, u->frames)))
        return -EPERM;
    /* A privileged caller does not make others so. */
    may_map =
        u->frames == u->tables || u->frames == dom_io || u->tables->privileged;
    u->refused = may_map ? 0 : PTE_PRESENT;

    return 0;
}

static void forget_page(struct updates *u)
{
    if (u->page)
        put_page(u->page);
    u->page = NULL;
    u->mfn = INVALID_MFN;
}

static __noinline bool find_page(struct updates *u, mfn_t mfn)
{
    forget_page(u);
    u->page = get_page_from_mfn(mfn, u->tables);
    if (u->page)
        u->mfn = mfn;

    return u->page != NULL;
}

/* The frame is no table now: what a guest may write, this may write for it. */
static int write_plain(struct updates *u, uint64_t address, uint64_t value)
{
    char *contents = frame_contents(u->mfn);

    if (!get_page_writable(u->page))
        return -EINVAL;
    __atomic_store_n((uint64_t *)(contents + (address & ~PAGE_MASK)), value,
                     __ATOMIC_RELAXED);
    put_page_writable(u->page);

    return 0;
}

/* What is no valid table of level 1. */
static __noinline int update_other_word(struct updates *u, unsigned long type,
                                        uint64_t address, uint64_t value,
                                        unsigned int flags)
{
    unsigned int slot = (unsigned int)(address & ~PAGE_MASK) / PTE_SIZE;

    if (!type_is_table(type) || !(type & PGT_validated))
        return write_plain(u, address, value);
    if (value & u->refused)
        return -EPERM;

    return update_entry(u->v, u->tables, u->frames, u->page,
                        level_of_type(type), slot, value, flags);
}

static __inlined int update_word(struct updates *u, uint64_t address,
                                 uint64_t value, unsigned int flags)
{
    mfn_t mfn = maddr_to_mfn(address);
    unsigned int offset = (unsigned int)(address & ~PAGE_MASK);
    unsigned long type;

    if (!mfn_eq(mfn, u->mfn) && !find_page(u, mfn))
        return -EINVAL;
    type = __atomic_load_n(&u->page->inuse_overlay.type_info, __ATOMIC_RELAXED);
    if (likely((type & (PGT_type_mask | PGT_validated)) ==
                   (PGT_l1_page_table | PGT_validated) &&
               !(value & u->refused)) &&
        offset < PTES_PER_TABLE * PTE_SIZE)
        return update_leaf(u->tables, u->frames, u->page,
                           frame_contents(mfn) + offset, value, flags);

    return update_other_word(u, type, address, value, flags);
}

static int update_name(struct updates *u, mfn_t mfn, uint64_t name)
{
    struct page_info *pg;

    if (u->tables != u->v->domain)
        return -EPERM;
    if (u->frames == dom_io || u->frames == dom_xen)
        return -EINVAL;
    pg = get_page_from_mfn(mfn, u->frames);
    if (!pg)
        return -EINVAL;
    m2p_set(mfn, name);
    put_page(pg);

    return 0;
}

static __noinline int update_otherwise(struct updates *u, unsigned long command,
                                       uint64_t address, uint64_t value)
{
    switch (command) {
    case MMU_PT_UPDATE_NO_TRANSLATE: return update_word(u, address, value, 0);
    case MMU_PT_UPDATE_PRESERVE_AD:
        return update_word(u, address, value, UPDATE_PRESERVE_AD);
    case MMU_MACHPHYS_UPDATE:
        return update_name(u, maddr_to_mfn(address), value);
    default: return -ENOSYS;
    }
}

static __inlined int update(struct updates *u, const struct mmu_update *request)
{
    unsigned long command = request->ptr & COMMAND_MASK;

    if (likely(command == MMU_NORMAL_PT_UPDATE))
        return update_word(u, request->ptr, request->val, 0);

    return update_otherwise(u, command, request->ptr - command, request->val);
}

static int update_all(struct batch *b, struct updates *u)
{
    struct mmu_update chunk[CHUNK];
    unsigned int i;

    for (; b->nr < b->count; b->nr++) {
        int rc = batch_next(b, chunk, CHUNK, &i) ?: update(u, &chunk[i]);

        if (rc)
            return rc;
    }

    return 0;
}

void do_mmu_update(struct vcpu *v, struct hypercall *call)
{
    struct updates u = { .v = v, .mfn = INVALID_MFN };
    struct batch b;
    int rc;

    if (!batch_begin(&b, v, call, sizeof(struct mmu_update)))
        return;
    rc = find_domains(&u, (unsigned int)call->argument[3]);
    if (rc)
        call->result = rc;
    else
        batch_end(&b, update_all(&b, &u));
    forget_page(&u);
    named_domain_put(v, u.tables);
    named_domain_put(v, u.frames);
}
