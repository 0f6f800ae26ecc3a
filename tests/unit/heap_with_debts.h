/* SPDX-License-Identifier: MIT */
/* A heap whose frames owe flushes. */
#ifndef HEAP_WITH_DEBTS_H
#define HEAP_WITH_DEBTS_H

#include <soft_tlb.h>
#include <test.h>
#include <xen/frame_table.h>
#include <xen/smp.h>

#include "../../common/heap_node.h"
#include "../model/small_machine.h"
#include "../model/some_cpus.h"

#define NR_CPUS 4U
#define TOP     11U
#define FIRST   BIT(21) /* above 4 GiB */
#define NR      BIT(TOP)

static inline void start(void)
{
    static const struct ram ram[] = { { FIRST, NR } };

    small_machine_heap(ram, 1);
    some_cpus(NR_CPUS);
}

static inline struct page_info *take(unsigned int order)
{
    struct tlb_debt debt;
    struct page_info *pg =
        alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, &debt);

    EXPECT(pg != NULL);

    return pg;
}

static inline struct tlb_debt debt_of_cpu(unsigned int cpu)
{
    cpumask_t who = { { 0 } };

    cpumask_set(&who, cpu);

    return tlb_debt_now(&who);
}

/* What the free frame @pg owes: by its entry, or as a part of a whole block. */
static inline struct tlb_debt debt_of_free(const struct page_info *pg)
{
    const struct page_free *entry = &pg->free_overlay;
    unsigned int order;
    mfn_t head = heap_block_of(page_to_mfn(pg), &order);
    unsigned long chunk;

    EXPECT(!mfn_eq(head, INVALID_MFN));
    if (order < CHUNK_ORDER)
        return (struct tlb_debt){ entry->tlb_taint, entry->tlbflush_timestamp };
    chunk = mfn_to_pdx(head) / CHUNK_FRAMES;

    return bit_tree_test(&heap_nodes[0].owing, chunk) ? debt_table[chunk]
                                                      : TLB_NO_DEBT;
}

static inline void expect_debt(const struct page_info *pg, uint64_t taint,
                               uint32_t stamp)
{
    EXPECT_EQ(debt_of_free(pg).taint, taint);
    EXPECT_EQ(debt_of_free(pg).stamp, stamp);
    EXPECT_EQ(heap_check(), 0);
}

/* All that is free, for good; a frame at a time. */
static inline void take_rest(void)
{
    while (heap_nr_free() > 0)
        EXPECT(take(0) != NULL);
}

#endif /* HEAP_WITH_DEBTS_H */
