/* SPDX-License-Identifier: MIT */
/*
 * What the auditor makes of what frames contain. Of page tables: counts what
 * their entries hold, and looks at what they name. Of segment descriptors:
 * looks at each.
 *
 * It shares no code with what it checks. What an entry holds is decided here
 * anew, from what <xen/page_table.h> says.
 */
#include <xen/frame_table.h>
#include <xen/page_table.h>

#include <asm/contents.h>

#include "audit_tally.h"

/* A table that is looked at, the number to report for its entries, and the
 * entry that it is the turn of. */
struct table {
    const struct domain *d;
    struct page_info *pg;
    unsigned int level;
    int invariant;
    struct place at;
};

#define TABLE_FLAGS                                                            \
    (PTE_USER | PTE_THROUGH | PTE_UNCACHED | PTE_LARGE | PTE_GLOBAL |          \
     PTE_UNCOUNTED)

static mfn_t named_by(uint64_t entry)
{
    return maddr_to_mfn(entry & PTE_ADDRESS);
}

static uint16_t owner_of(const struct page_info *pg)
{
    return __atomic_load_n(&pg->inuse_overlay.owner, __ATOMIC_RELAXED);
}

/* A device's frame is not RAM that anybody has, and @t's owner may map it. */
static void audit_device(const struct table *t, mfn_t mfn)
{
    bool is_device =
        !mfn_valid(mfn) ||
        (is_frame_in_use(mfn) && owner_of(mfn_to_page(mfn)) == dom_io->tag);

    audit_expect(9, &t->at, "a device's frame", true, is_device);
    audit_expect(9, &t->at, "a device that it may map", true,
                 domain_may_map_device(t->d, mfn));
}

/*
 * May @t's owner map what is another's? The entries of one that dies stay
 * longer than its grants. And is it known that somebody does?
 */
static void audit_foreign(const struct table *t, const struct page_info *pg)
{
    unsigned long word = __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED);
    const struct tally *tally = tally_of(pg);
    unsigned int wanted =
        t->at.entry & PTE_WRITABLE ? GRANTED : GRANTED_READ_ONLY;

    if (!t->d->privileged && domain_is_alive(t->d))
        audit_expect(9, &t->at, "maps what it may", true,
                     tally && tally->granted >= wanted);
    audit_expect(10, &t->at, "marked as mapped by others", PGC_foreign,
                 word & PGC_foreign);
}

/* A frame that is written is used as nothing else. */
static void audit_written(const struct table *t, const struct page_info *pg)
{
    unsigned long word = type_word(pg), type = word & PGT_type_mask;
    bool used = (word & PGT_count_mask) > 0;

    if (used && type != PGT_none && type != PGT_writable_page)
        audit_expect(10, &t->at, "type of what it lets be written",
                     PGT_writable_page, type);
    else
        audit_expect(9, &t->at, "valid as writable", true,
                     is_valid_as(pg, PGT_writable_page));
}

static void audit_leaf(const struct table *t)
{
    mfn_t mfn = named_by(t->at.entry);
    struct page_info *pg;

    if (t->at.entry & PTE_UNCOUNTED) {
        audit_device(t, mfn);
        return;
    }
    if (!audit_expect(9, &t->at, "names a frame in use", true,
                      is_frame_in_use(mfn)))
        return;

    pg = mfn_to_page(mfn);
    audit_expect(9, &t->at, "flags", PTE_USER, t->at.entry & TABLE_FLAGS);
    if (owner_of(pg) != t->d->tag && owner_of(pg) != 0)
        audit_foreign(t, pg);
    if (t->at.entry & PTE_WRITABLE) {
        count_full(&t->at, pg);
        audit_written(t, pg);
    } else {
        count_general(&t->at, pg);
    }
}

/* An entry for the table that it stands in holds nothing: nothing could be
 * taken from such a table in the end. */
static void audit_linear(const struct table *t, struct page_info *pg)
{
    audit_expect(10, &t->at, "writable, of a table as a table of its level", 0,
                 t->at.entry & PTE_WRITABLE);
    if (pg == t->pg)
        return;
    count_full(&t->at, pg);
    if (tally_of(pg))
        tally_of(pg)->named++;
    if (tally_of(t->pg))
        tally_of(t->pg)->names++;
}

static void audit_child(const struct table *t)
{
    mfn_t mfn = named_by(t->at.entry);
    unsigned long type = (unsigned long)(t->level - 1) << 61;
    uint64_t flags = PTE_USER;
    struct page_info *pg;

    if (!audit_expect(t->invariant, &t->at, "names a frame in use", true,
                      is_frame_in_use(mfn)))
        return;

    pg = mfn_to_page(mfn);
    /* An entry for its own table is marked as one that holds nothing. */
    if (CONFIG_LINEAR_TABLES && pg == t->pg)
        flags |= PTE_UNCOUNTED;
    audit_expect(t->invariant, &t->at, "flags", flags,
                 t->at.entry & TABLE_FLAGS);
    audit_expect(t->invariant, &t->at, "owner of what it names", t->d->tag,
                 owner_of(pg));
    if (CONFIG_LINEAR_TABLES &&
        (pg == t->pg || is_valid_as(pg, type_word(t->pg) & PGT_type_mask))) {
        audit_linear(t, pg);
        return;
    }
    count_full(&t->at, pg);
    audit_expect(t->invariant, &t->at, "type of what it names",
                 type | PGT_validated,
                 type_word(pg) & (PGT_type_mask | PGT_validated));
    audit_expect(t->invariant, &t->at, "without a count", false,
                 (type_word(pg) & PGT_count_mask) == 0);
}

/* What it holds of a type went to the frame, and may be gone from there. */
static void audit_half(const struct table *t)
{
    mfn_t mfn = named_by(t->at.entry);
    bool names = t->at.entry & PTE_PRESENT && is_frame_in_use(mfn);

    if (!audit_expect(8, &t->at, "half an entry names a frame", true, names) ||
        !audit_expect(8, &t->at, "half an entry names its own table", false,
                      mfn_to_page(mfn) == t->pg))
        return;
    count_half(&t->at, mfn_to_page(mfn));
    audit_expect(8, &t->at, "owner of what half an entry names", t->d->tag,
                 owner_of(mfn_to_page(mfn)));
}

static void audit_hypervisor_slots(const struct table *t,
                                   const uint64_t *entries)
{
    struct place at = t->at;

    at.in_entry = true;
    for (unsigned int i = 0; i < HYPERVISOR_SLOTS; i++) {
        at.slot = HYPERVISOR_SLOT_FIRST + i;
        at.entry = __atomic_load_n(&entries[at.slot], __ATOMIC_RELAXED);
        audit_expect(18, &at, "the hypervisor's slot", hypervisor_slots[i],
                     at.entry);
    }
}

/* The entries below @nr, and the one behind them if it is @half. */
static void audit_entries(struct table *t, unsigned int nr, bool half)
{
    const uint64_t *entries = frame_contents(t->at.mfn);

    if (t->level == 4 && is_valid_as(t->pg, PGT_l4_page_table))
        audit_hypervisor_slots(t, entries);
    t->at.in_entry = true;
    for (t->at.slot = 0; t->at.slot < nr + half; t->at.slot++) {
        t->at.entry = __atomic_load_n(&entries[t->at.slot], __ATOMIC_RELAXED);
        if (is_hypervisor_slot(t->level, t->at.slot))
            continue;
        if (t->at.slot == nr)
            audit_half(t);
        else if (t->at.entry & PTE_PRESENT && t->level == 1)
            audit_leaf(t);
        else if (t->at.entry & PTE_PRESENT)
            audit_child(t);
    }
}

/* As far as it has been examined. */
static void audit_table(const struct domain *d, struct page_info *pg)
{
    const struct page_inuse *inuse = &pg->inuse_overlay;
    unsigned long word = type_word(pg);
    unsigned int nr = PTES_PER_TABLE;
    bool half = false;
    struct table t = {
        .d = d,
        .pg = pg,
        .level = (unsigned int)(word >> 61),
        .invariant = word & PGT_partial ? 8 : 7,
        .at = place_of(pg),
    };

    if (word & PGT_partial) {
        nr = __atomic_load_n(&inuse->nr_validated_ptes, __ATOMIC_RELAXED);
        half = __atomic_load_n(&inuse->partial_pte, __ATOMIC_RELAXED) != 0;
        if (nr + half > PTES_PER_TABLE)
            return; /* that is looked at elsewhere */
    }
    audit_entries(&t, nr, half);
}

/* Is it one that gives a guest nothing that it lacks? */
static bool is_good_descriptor(uint64_t descriptor)
{
    unsigned int type = descriptor >> 40 & 0x1f; /* above 15: code or data */
    unsigned int dpl = descriptor >> 45 & 3;
    unsigned int selector = descriptor >> 16 & 0xffff;

    if (!(descriptor >> 47 & 1))
        return true;
    if (type == 0 || type > 15)
        return dpl == 3;

    return type == 12 && dpl == 0 && (descriptor >> 32 & 0xff) == 0 &&
           (selector & 4 || selector / 8 < FIRST_RESERVED_GDT_ENTRY);
}

static void audit_descriptors(struct place *at)
{
    const uint64_t *descriptors = frame_contents(at->mfn);

    at->in_entry = true;
    for (at->slot = 0; at->slot < PAGE_SIZE / sizeof(uint64_t); at->slot++) {
        at->entry = __atomic_load_n(&descriptors[at->slot], __ATOMIC_RELAXED);
        audit_expect(23, at, "a good descriptor", true,
                     is_good_descriptor(at->entry));
    }
}

void audit_contents(const struct domain *d, struct page_info *pg)
{
    unsigned long word = type_word(pg), type = word & PGT_type_mask;
    struct place at = place_of(pg);

    if (!(word & (PGT_validated | PGT_partial)) ||
        (word & PGT_count_mask) == 0 || type == PGT_none ||
        type == PGT_writable_page)
        return;
    if (!audit_expect(7, &at, "contents out of reach", false,
                      mfn_to_maddr(mfn_add(at.mfn, 1)) > CONTENTS_LIMIT))
        return;
    if (type <= PGT_l4_page_table)
        audit_table(d, pg);
    else if (type == PGT_seg_desc_page)
        audit_descriptors(&at);
}
