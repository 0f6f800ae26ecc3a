/* SPDX-License-Identifier: MIT */
/* What is looked at after each step: the word that changed, and the TLBs. */
#include <stdio.h>

#include <hosted.h>
#include <soft_tlb.h>
#include <test.h>
#include <x86/pte.h>
#include <xen/frame_table.h>
#include <xen/page_type.h>
#include <xen/smp.h>

#include <asm/contents.h>

#include "explore.h"
#include "stage.h"

_Static_assert(STAGE_FRAMES <= 64, "a mask has a bit for each frame");

/* The frames that each CPU's TLB may let it write. */
static uint64_t can_write[STAGE_CPUS];

/* The tag of the domain that each runs; 0: none. */
static uint16_t runs[STAGE_CPUS];

static struct page_info *page_number(unsigned int frame)
{
    return mfn_to_page(_mfn(STAGE_FIRST)) + frame;
}

static unsigned long type_word(const struct page_info *pg)
{
    return __atomic_load_n(&pg->inuse_overlay.type_info, __ATOMIC_RELAXED);
}

static bool is_valid_l1(unsigned long word)
{
    return (word & (PGT_type_mask | PGT_validated)) ==
               (PGT_l1_page_table | PGT_validated) &&
           (word & PGT_count_mask) > 0;
}

/* The frame that @entry lets be written, as a mask. */
static uint64_t written_by(uint64_t entry)
{
    uint64_t flags = PTE_PRESENT | PTE_WRITABLE;
    unsigned long frame =
        mfn_x(maddr_to_mfn(entry & PTE_ADDRESS)) - STAGE_FIRST;

    return (entry & flags) == flags && frame < STAGE_FRAMES ? BIT(frame) : 0;
}

static uint64_t written_by_table(unsigned int frame)
{
    const uint64_t *table = frame_contents(_mfn(STAGE_FIRST + frame));
    uint64_t written = 0;

    for (unsigned int i = 0; i < PTES_PER_TABLE; i++)
        written |= written_by(__atomic_load_n(&table[i], __ATOMIC_RELAXED));

    return written;
}

static uint16_t owner_of(const struct page_info *pg)
{
    return __atomic_load_n(&pg->inuse_overlay.owner, __ATOMIC_RELAXED);
}

/* All that @cpu may look up just now. */
static uint64_t reachable(unsigned int cpu)
{
    uint64_t written = 0;

    for (unsigned int i = 0; i < STAGE_FRAMES; i++) {
        const struct page_info *pg = page_number(i);

        if (is_valid_l1(type_word(pg)) && owner_of(pg) == runs[cpu])
            written |= written_by_table(i);
    }

    return written;
}

static void look_up(const struct page_info *l1, uint64_t written)
{
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++) {
        if (runs[cpu] == owner_of(l1))
            can_write[cpu] |= written;
    }
}

void stage_fill_tlbs(void)
{
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++) {
        struct vcpu *v;

        hosted_set_cpu_id(cpu);
        v = current_vcpu();
        runs[cpu] = v ? v->domain->tag : 0;
        can_write[cpu] = reachable(cpu);
    }
    hosted_set_cpu_id(0);
}

/* This CPU has flushed. */
static void refill(void)
{
    can_write[arch_cpu_id()] = reachable(arch_cpu_id());
}

/* Without a flush nobody may be left who can write it (I10). */
static void expect_unwritable(unsigned int frame)
{
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++) {
        if (can_write[cpu] & BIT(frame))
            test_fail(__FILE__, __LINE__,
                      "I10: frame %#lx is a table, and CPU %u can write it",
                      STAGE_FIRST + frame, cpu);
    }
}

static void expect_type_word(unsigned int frame, unsigned long word)
{
    unsigned long count = word & PGT_count_mask;
    unsigned long state = word & (PGT_validated | PGT_partial | PGT_busy);

    if ((state & (state - 1)) || /* I5 */
        ((word & PGT_locked) && (state != PGT_validated || count < 2)) ||
        ((word & PGT_partial) &&
         (count != 1 || !type_is_table(word))) || /* I4 */
        ((word & PGT_busy) && count != 1) ||
        ((word & PGT_pinned) &&
         (!type_is_table(word) || count == 0)) || /* I3 */
        (state == 0 && count != 0))
        test_fail(__FILE__, __LINE__, "frame %#lx has the type word %#lx",
                  STAGE_FIRST + frame, word);
    if (count > 0 && state == PGT_validated &&
        (type_is_table(word) || (word & PGT_type_mask) == PGT_seg_desc_page))
        expect_unwritable(frame);
}

/* Without a count there is no type in use, and no owner's reference (I11). */
static void expect_count_word(unsigned int frame, unsigned long word)
{
    if ((word & PGC_state) != PGC_state_inuse)
        return;
    if ((word & PGC_count_mask) == 0 &&
        ((word & PGC_allocated) ||
         (type_word(page_number(frame)) & PGT_count_mask)))
        test_fail(__FILE__, __LINE__,
                  "frame %#lx has the count word %#lx, and the type word %#lx",
                  STAGE_FIRST + frame, word, type_word(page_number(frame)));
    if ((word & PGC_count_mask) > 0 &&
        page_number(frame)->inuse_overlay.owner == 0)
        test_fail(__FILE__, __LINE__,
                  "I11: frame %#lx has a count and no owner",
                  STAGE_FIRST + frame);
}

static void look_at_page(unsigned int frame, const void *address)
{
    const struct page_info *pg = page_number(frame);

    if (address == &pg->inuse_overlay.type_info) {
        if (is_valid_l1(type_word(pg)))
            look_up(pg, written_by_table(frame));
        expect_type_word(frame, type_word(pg));
    } else if (address == &pg->count_info) {
        expect_count_word(frame, pg->count_info);
    }
}

static void look(const void *address)
{
    size_t in_table =
        (size_t)((const char *)address - (const char *)page_number(0));
    size_t in_arena = (size_t)((const char *)address - hosted_arena);
    size_t frame = in_arena / PAGE_SIZE - STAGE_FIRST;

    if (in_table < STAGE_FRAMES * sizeof(struct page_info)) {
        look_at_page((unsigned int)(in_table / sizeof(struct page_info)),
                     address);
    } else if (frame < STAGE_FRAMES) {
        const struct page_info *pg = page_number((unsigned int)frame);

        if (is_valid_l1(type_word(pg)))
            look_up(pg, written_by(*(const uint64_t *)address));
    }
}

void stage_watch(void)
{
    soft_tlb_walker(refill);
    explore_each_step(look);
}
