/* SPDX-License-Identifier: MIT */
/* Hypercalls that change entries of tables, and what all of them share. */
#include <public/xen.h>
#include <string.h>
#include <test.h>
#include <xen/errno.h>

#include "naive_calls.h"

bool naive_range_ok(uint64_t address, uint64_t size)
{
    if (address >> 47 == 0)
        return size <= BIT(47) && address + size <= BIT(47);

    return address >= HYPERVISOR_VIRT_END &&
           (size == 0 || address + size - 1 >= address);
}

bool naive_read(const struct naive_caller *c, uint64_t from, void *to,
                size_t size)
{
    if (!naive_range_ok(from, size) || from < c->address ||
        from - c->address > c->size || c->size - (from - c->address) < size)
        return false;
    memcpy(to, c->memory + (from - c->address), size);

    return true;
}

unsigned int naive_domain_of(const struct naive_caller *c, unsigned int id)
{
    unsigned int d = (id & 0xffff) - 1;

    if ((id & 0xffff) == DOMID_SELF)
        return c->d;
    if ((id & 0xffff) == DOMID_IO)
        return NAIVE_IO;
    if ((id & 0xffff) == DOMID_XEN)
        return NAIVE_XEN;

    /* It is there as long as it owns something. */
    return d < NAIVE_DOMAINS && (c->g->domain[d].state != DOMAIN_DEAD ||
                                 naive_nr_pages(c->g, d) > 0)
               ? d
               : NAIVE_NONE;
}

bool naive_may_act_for(const struct naive_caller *c, unsigned int d)
{
    return d == c->d || c->g->domain[c->d].privileged;
}

static bool only_flags_change(unsigned int level, uint64_t old, uint64_t new)
{
    uint64_t flags = PTE_ACCESSED | PTE_DIRTY | PTE_USER | PTE_NX |
                     PTE_AVAILABLE |
                     (level > 1 && !CONFIG_LINEAR_TABLES ? PTE_WRITABLE : 0);

    if (!(old & PTE_PRESENT) && !(new &PTE_PRESENT))
        return true;

    return ((old ^ new) & ~(flags & ~(uint64_t)PTE_UNCOUNTED)) == 0;
}

int naive_update_entry(struct naive_caller *c, unsigned int d,
                       unsigned int owner, unsigned int frame,
                       unsigned int level, unsigned int slot, uint64_t entry,
                       bool preserve)
{
    struct naive_guests *g = c->g;
    struct naive_hold displaced;
    uint64_t old;
    int rc;

    /* A walk by linear entries comes to a table of another level. */
    bool is_table =
        g->frame[frame].phase == NAIVE_VALID && g->frame[frame].type == level;

    if (slot >= PTES_PER_TABLE || naive_is_hypervisors(level, slot))
        return -EINVAL;
    if (entry & PTE_PRESENT) {
        rc = naive_check_entry(level, &entry);
        if (rc)
            return rc;
    }
    old = g->frame[frame].word[slot];
    displaced = naive_entry_hold(g, level, slot, old);
    if (only_flags_change(level, old, entry)) {
        displaced.hold = HOLD_NONE;
    } else if (entry & PTE_PRESENT) {
        rc = naive_take_entry(g, d, owner, frame, level, &entry);
        if (rc)
            return rc;
        if (!is_table) {
            naive_drop(g);
            return -EINVAL;
        }
        naive_let_go(g);
    }
    if (!is_table)
        return -EINVAL;
    if (preserve)
        entry |= old & (PTE_ACCESSED | PTE_DIRTY);
    g->frame[frame].word[slot] = entry;
    naive_drop_hold(g, &displaced);

    return 0;
}

/* What mmu_update is told about whose frames these are. */
struct owners {
    unsigned int tables, frames;
};

static int find_owners(const struct naive_caller *c, unsigned int fd,
                       struct owners *o)
{
    o->tables = fd >> 16 ? naive_domain_of(c, (fd >> 16) - 1) : c->d;
    o->frames = naive_domain_of(c, fd);
    if (o->tables == NAIVE_NONE || o->tables >= NAIVE_DOMAINS ||
        o->frames == NAIVE_NONE)
        return -ESRCH;
    if (!naive_may_act_for(c, o->tables) ||
        (o->frames != NAIVE_IO && !naive_may_act_for(c, o->frames)))
        return -EPERM;

    return 0;
}

static int write_word(struct naive_caller *c, const struct owners *o,
                      unsigned long address, uint64_t value, bool preserve)
{
    struct naive_guests *g = c->g;
    unsigned int f = g->temporary[g->nr_temporary - 1].frame;
    struct naive_frame *frame = &g->frame[f];
    unsigned int word = address % PAGE_SIZE / 8;

    if (frame->phase == NAIVE_VALID && frame->type >= 1 && frame->type <= 4) {
        /* A privileged caller does not make others so. */
        if (value & PTE_PRESENT && o->frames != o->tables &&
            o->frames != NAIVE_IO && !g->domain[o->tables].privileged)
            return -EPERM;
        return naive_update_entry(c, o->tables, o->frames, f, frame->type, word,
                                  value, preserve);
    }
    if (naive_take_type(g, NAIVE_WRITABLE))
        return -EINVAL;
    if (word < NAIVE_WORDS)
        frame->word[word] = value;
    naive_drop_type(g);

    return 0;
}

static int set_name(struct naive_caller *c, const struct owners *o,
                    unsigned long mfn, unsigned long name)
{
    if (o->tables != c->d)
        return -EPERM;
    if (o->frames >= NAIVE_DOMAINS || !naive_get(c->g, mfn, o->frames))
        return -EINVAL;
    c->g->frame[naive_frame_of(c->g, mfn)].m2p = name;
    naive_drop(c->g);

    return 0;
}

/* *@at is the frame that the request before wrote to, which is in hand still.
 */
static int mmu_update_one(struct naive_caller *c, const struct owners *o,
                          const struct mmu_update *request, unsigned long *at)
{
    unsigned long address = request->ptr & ~7UL, mfn = address >> PAGE_SHIFT;
    unsigned int command = request->ptr & 7;

    if (command == MMU_MACHPHYS_UPDATE)
        return set_name(c, o, mfn, request->val);
    if (command > MMU_PT_UPDATE_NO_TRANSLATE)
        return -ENOSYS;
    if (mfn != *at) {
        if (*at != ~0UL)
            naive_drop(c->g);
        *at = ~0UL;
        if (!naive_get(c->g, mfn, o->tables))
            return -EINVAL;
        *at = mfn;
    }

    return write_word(c, o, address, request->val,
                      command == MMU_PT_UPDATE_PRESERVE_AD);
}

int naive_list_begin(const struct naive_caller *c, const struct hypercall *call,
                     unsigned int *count, size_t size)
{
    uint64_t done = call->argument[2];
    uint32_t nr;

    *count = (unsigned int)call->argument[1] & ~MMU_UPDATE_PREEMPTED;
    if (call->argument[1] & MMU_UPDATE_PREEMPTED && done &&
        !naive_read(c, done, &nr, sizeof(nr)))
        return -EFAULT;

    return naive_range_ok(call->argument[0], *count * size) ? 0 : -EFAULT;
}

int naive_list_end(const struct naive_caller *c, const struct hypercall *call,
                   int rc)
{
    struct naive_caller after = *c;
    uint32_t before = 0, told = 0;

    if (call->argument[2] == 0)
        return rc;
    if (!naive_read(c, call->argument[2], &before, sizeof(before)))
        return rc ? rc : -EFAULT;
    if (!(call->argument[1] & MMU_UPDATE_PREEMPTED))
        before = 0;
    after.memory = c->memory_after;
    if (c->compare &&
        naive_read(&after, call->argument[2], &told, sizeof(told)))
        EXPECT_EQ(told, before + c->nr_done);

    return rc;
}

long naive_mmu_update(struct naive_caller *c, const struct hypercall *call)
{
    struct mmu_update request;
    unsigned long at = ~0UL;
    unsigned int count;
    struct owners o;
    int rc = naive_list_begin(c, call, &count, sizeof(request));

    if (!rc)
        rc = find_owners(c, (unsigned int)call->argument[3], &o);
    if (rc)
        return rc;
    for (unsigned int i = 0; i < count && i < c->limit && !rc; i++) {
        rc = naive_read(c, call->argument[0] + i * sizeof(request), &request,
                        sizeof(request))
                 ? mmu_update_one(c, &o, &request, &at)
                 : -EFAULT;
        c->nr_done += !rc;
    }
    if (at != ~0UL)
        naive_drop(c->g);

    return naive_list_end(c, call, rc);
}

unsigned int naive_walk(const struct naive_caller *c, unsigned long va,
                        unsigned int level)
{
    unsigned int f = naive_vcpu(c)->kernel_base.frame;
    unsigned int bits = PTE_SHIFT(5);
    unsigned long top = va >> (bits - 1);

    if (naive_vcpu(c)->kernel_base.hold == HOLD_NONE ||
        (top != 0 && top != ~0UL >> (bits - 1)) ||
        naive_is_hypervisors(4, PTE_INDEX(va, 4)))
        return NAIVE_NONE;
    for (unsigned int l = 4; l > level; l--) {
        uint64_t entry = c->g->frame[f].word[PTE_INDEX(va, l)];

        f = naive_frame_of(c->g, (entry & PTE_ADDRESS) >> PAGE_SHIFT);
        if (!(entry & PTE_PRESENT) || f == NAIVE_NONE ||
            c->g->frame[f].owner != c->d + 1)
            return NAIVE_NONE;
    }

    return f;
}

static long update_va(struct naive_caller *c, const struct hypercall *call,
                      unsigned int owner)
{
    unsigned long va = call->argument[0], flags = call->argument[2], bits;
    unsigned int f = naive_walk(c, va, 1);
    int rc;

    if (f == NAIVE_NONE || !naive_get(c->g, c->g->first + f, c->d))
        return -EINVAL;
    rc = c->limit == 0
             ? 0
             : naive_update_entry(c, c->d, owner, f, 1, PTE_INDEX(va, 1),
                                  call->argument[1], false);
    naive_drop(c->g);
    if (rc)
        return rc;

    /* Whom to tell of it stands in memory, but for two. */
    if ((flags & 3) != UVMF_TLB_FLUSH && (flags & 3) != UVMF_INVLPG)
        return 0;

    return (flags & ~3UL) == UVMF_LOCAL || (flags & ~3UL) == UVMF_ALL ||
                   naive_read(c, flags & ~3UL, &bits, sizeof(bits))
               ? 0
               : -EFAULT;
}

static long update_va_of_other(struct naive_caller *c,
                               const struct hypercall *call)
{
    unsigned int owner = naive_domain_of(c, (unsigned int)call->argument[3]);

    if (owner == NAIVE_NONE)
        return -ESRCH;
    if (owner != NAIVE_IO && !naive_may_act_for(c, owner))
        return -EPERM;

    return update_va(c, call, owner);
}

/* The result of a list that is done, and came back once more. */
static bool is_parked(const struct hypercall *call)
{
    return (unsigned int)call->argument[1] == MMU_UPDATE_PREEMPTED &&
           call->argument[0] == 0;
}

long naive_hypercall(struct naive_caller *c, const struct hypercall *call)
{
    c->nr_done = 0;
    naive_drop_hold(c->g, &naive_vcpu(c)->deferred);
    if (c->limit == 0)
        return 0;
    switch (call->number) {
    case __HYPERVISOR_mmu_update:
        return is_parked(call) ? (int)call->argument[3]
                               : naive_mmu_update(c, call);
    case __HYPERVISOR_mmuext_op:
        return is_parked(call) ? (int)call->argument[3]
                               : naive_mmuext_op(c, call);
    case __HYPERVISOR_update_va_mapping: return update_va(c, call, c->d);
    case __HYPERVISOR_update_va_mapping_otherdomain:
        return update_va_of_other(c, call);
    case __HYPERVISOR_memory_op: return naive_memory_op(c, call);
    case __HYPERVISOR_set_gdt:
    case __HYPERVISOR_update_descriptor: return naive_descriptor_call(c, call);
    default: return -ENOSYS;
    }
}
