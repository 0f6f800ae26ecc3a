/* SPDX-License-Identifier: MIT */
/* Hypercalls about whole tables, and about frames of descriptors. */
#include <public/xen.h>
#include <string.h>
#include <xen/errno.h>

#include "naive_calls.h"

static int pin(struct naive_caller *c, unsigned int owner, unsigned long mfn,
               unsigned int level)
{
    struct naive_frame *frame;
    int rc;

    if (!naive_get(c->g, mfn, owner))
        return -EINVAL;
    frame = &c->g->frame[naive_frame_of(c->g, mfn)];
    rc = naive_take_type(c->g, level);
    if (rc == 0 &&
        (frame->pinned ||
         (owner != c->d && c->g->domain[owner].state != DOMAIN_ALIVE)))
        rc = -EINVAL;
    if (rc) {
        naive_drop(c->g);
        return rc;
    }
    frame->pinned = true;
    naive_let_go(c->g);

    return 0;
}

static int unpin(struct naive_caller *c, unsigned int owner, unsigned long mfn)
{
    unsigned int f = naive_frame_of(c->g, mfn);

    if (!naive_get(c->g, mfn, owner))
        return -EINVAL;
    naive_drop(c->g);
    if (!c->g->frame[f].pinned)
        return -EINVAL;
    c->g->frame[f].pinned = false;
    naive_push(c->g, f, HOLD_FULL);
    naive_drop(c->g);

    return 0;
}

static int new_base(struct naive_caller *c, struct naive_hold *base,
                    unsigned long mfn)
{
    struct naive_hold old = *base;
    int rc;

    if (old.hold != HOLD_NONE && old.frame == naive_frame_of(c->g, mfn))
        return 0;
    if (base == &naive_vcpu(c)->user_base && mfn == 0) {
        naive_drop_hold(c->g, base);
        return 0;
    }
    if (!naive_get(c->g, mfn, c->d))
        return -EINVAL;
    rc = naive_take_type(c->g, 4);
    if (rc) {
        naive_drop(c->g);
        return rc;
    }
    if (base == &naive_vcpu(c)->kernel_base)
        for (unsigned int i = 0; i < LDT_FRAMES; i++)
            naive_drop_hold(c->g, &naive_vcpu(c)->ldt[i]);
    *base = naive_let_go(c->g);
    naive_drop_hold(c->g, &old);

    return 0;
}

static int fill(struct naive_caller *c, unsigned int owner, unsigned long mfn,
                const uint64_t *from)
{
    uint64_t *words;
    int rc;

    if (!naive_get(c->g, mfn, owner))
        return -EINVAL;
    words = c->g->frame[naive_frame_of(c->g, mfn)].word;
    rc = naive_take_type(c->g, NAIVE_WRITABLE) ? -EINVAL : 0;
    for (unsigned int i = 0; i < NAIVE_WORDS && !rc; i++)
        words[i] = from ? from[i] : 0;
    naive_drop(c->g);

    return rc;
}

static int copy(struct naive_caller *c, unsigned int owner, unsigned long to,
                unsigned long from)
{
    int rc;

    if (!naive_get(c->g, from, owner))
        return -EINVAL;
    rc = fill(c, owner, to, c->g->frame[naive_frame_of(c->g, from)].word);
    naive_drop(c->g);

    return rc;
}

static int set_ldt(struct naive_caller *c, unsigned long base,
                   unsigned int entries)
{
    struct naive_vcpu *v = naive_vcpu(c);

    if (entries == 0)
        base = 0;
    if (base % PAGE_SIZE || entries > 8192 ||
        !naive_range_ok(base, entries * 8))
        return -EINVAL;
    for (unsigned int i = 0; i < LDT_FRAMES; i++)
        naive_drop_hold(c->g, &v->ldt[i]);
    v->ldt_base = base;
    v->ldt_entries = entries;

    return 0;
}

static int own(struct naive_caller *c, const struct mmuext_op *op)
{
    unsigned long bits;

    switch (op->cmd) {
    case MMUEXT_NEW_BASEPTR:
        return new_base(c, &naive_vcpu(c)->kernel_base, op->arg1.mfn);
    case MMUEXT_NEW_USER_BASEPTR:
        return new_base(c, &naive_vcpu(c)->user_base, op->arg1.mfn);
    case MMUEXT_TLB_FLUSH_MULTI:
    case MMUEXT_INVLPG_MULTI:
        return naive_read(c, (uint64_t)op->arg2.vcpumask, &bits, sizeof(bits))
                   ? 0
                   : -EINVAL;
    case MMUEXT_TLB_FLUSH_LOCAL:
    case MMUEXT_INVLPG_LOCAL:
    case MMUEXT_TLB_FLUSH_ALL:
    case MMUEXT_INVLPG_ALL: return 0;
    case MMUEXT_FLUSH_CACHE:
    case MMUEXT_FLUSH_CACHE_GLOBAL:
        return c->g->domain[c->d].privileged ? 0 : -EACCES;
    case MMUEXT_SET_LDT:
        return set_ldt(c, op->arg1.linear_addr, op->arg2.nr_ents);
    default: return -ENOSYS;
    }
}

static int mmuext_one(struct naive_caller *c, unsigned int owner,
                      const struct mmuext_op *op)
{
    switch (op->cmd) {
    case MMUEXT_PIN_L1_TABLE:
    case MMUEXT_PIN_L2_TABLE:
    case MMUEXT_PIN_L3_TABLE:
    case MMUEXT_PIN_L4_TABLE:
        return pin(c, owner, op->arg1.mfn, op->cmd - MMUEXT_PIN_L1_TABLE + 1);
    case MMUEXT_UNPIN_TABLE: return unpin(c, owner, op->arg1.mfn);
    case MMUEXT_CLEAR_PAGE: return fill(c, owner, op->arg1.mfn, NULL);
    case MMUEXT_COPY_PAGE:
        return copy(c, owner, op->arg1.mfn, op->arg2.src_mfn);
    case MMUEXT_MARK_SUPER:
    case MMUEXT_UNMARK_SUPER: return -EOPNOTSUPP;
    default:
        if (owner != c->d && op->cmd <= MMUEXT_UNMARK_SUPER)
            return -EPERM;
        return own(c, op);
    }
}

static int may_serve(const struct naive_caller *c, unsigned int owner)
{
    if (owner == NAIVE_NONE)
        return -ESRCH;
    if (!naive_may_act_for(c, owner))
        return -EPERM;

    return owner >= NAIVE_DOMAINS ? -EINVAL : 0;
}

long naive_mmuext_op(struct naive_caller *c, const struct hypercall *call)
{
    unsigned int owner = naive_domain_of(c, (unsigned int)call->argument[3]);
    struct mmuext_op op;
    unsigned int count;
    int rc = naive_list_begin(c, call, &count, sizeof(op));

    if (!rc)
        rc = may_serve(c, owner);
    if (rc)
        return rc;
    for (unsigned int i = 0; i < count && i < c->limit && !rc; i++) {
        rc = naive_read(c, call->argument[0] + i * sizeof(op), &op, sizeof(op))
                 ? mmuext_one(c, owner, &op)
                 : -EFAULT;
        c->nr_done += !rc;
    }

    return naive_list_end(c, call, rc);
}

static int set_gdt(struct naive_caller *c, uint64_t list, unsigned int entries)
{
    unsigned int nr = (entries + 511) / 512, got = 0;
    struct naive_vcpu *v = naive_vcpu(c);
    xen_pfn_t mfn[GDT_FRAMES];
    int rc = 0;

    if (entries > FIRST_RESERVED_GDT_ENTRY)
        return -EINVAL;
    if (!naive_read(c, list, mfn, nr * sizeof(mfn[0])))
        return -EFAULT;
    while (got < nr && !rc) {
        if (!naive_get(c->g, mfn[got], c->d)) {
            rc = -EINVAL;
        } else if (naive_take_type(c->g, NAIVE_DESCRIPTORS)) {
            naive_drop(c->g);
            rc = -EINVAL;
        } else {
            got++;
        }
    }
    if (rc) {
        while (got-- > 0)
            naive_drop(c->g);
        return rc;
    }
    for (unsigned int i = 0; i < GDT_FRAMES; i++)
        naive_drop_hold(c->g, &v->gdt[i]);
    while (got-- > 0)
        v->gdt[got] = naive_let_go(c->g);

    return 0;
}

static int update_descriptor(struct naive_caller *c, uint64_t address,
                             uint64_t descriptor)
{
    struct naive_frame *frame;
    int rc;

    if (address % 8 != 0 || naive_check_descriptor(&descriptor) ||
        !naive_get(c->g, address >> PAGE_SHIFT, c->d))
        return -EINVAL;
    frame = &c->g->frame[naive_frame_of(c->g, address >> PAGE_SHIFT)];
    rc = naive_take_type(c->g, frame->phase == NAIVE_VALID &&
                                       frame->type == NAIVE_DESCRIPTORS
                                   ? NAIVE_DESCRIPTORS
                                   : NAIVE_WRITABLE);
    if (!rc && address % PAGE_SIZE / 8 < NAIVE_WORDS)
        frame->word[address % PAGE_SIZE / 8] = descriptor;
    naive_drop(c->g);

    return rc ? -EINVAL : 0;
}

bool naive_load_ldt(struct naive_caller *c, unsigned int index)
{
    struct naive_vcpu *v = naive_vcpu(c);
    unsigned long va = v->ldt_base + index / 512 * PAGE_SIZE;
    unsigned int f;
    uint64_t entry;

    if (index >= v->ldt_entries)
        return false;
    if (v->ldt[index / 512].hold != HOLD_NONE)
        return true;
    f = naive_walk(c, va, 1);
    if (f == NAIVE_NONE || !naive_get(c->g, c->g->first + f, c->d))
        return false;
    naive_drop(c->g);
    entry = c->g->frame[f].word[PTE_INDEX(va, 1)];
    if (!(entry & PTE_PRESENT) ||
        !naive_get(c->g, (entry & PTE_ADDRESS) >> PAGE_SHIFT, c->d))
        return false;
    if (naive_take_type(c->g, NAIVE_DESCRIPTORS)) {
        naive_drop(c->g);
        return false;
    }
    v->ldt[index / 512] = naive_let_go(c->g);

    return true;
}

long naive_descriptor_call(struct naive_caller *c, const struct hypercall *call)
{
    return call->number == __HYPERVISOR_set_gdt
               ? set_gdt(c, call->argument[0], (unsigned int)call->argument[1])
               : update_descriptor(c, call->argument[0], call->argument[1]);
}
