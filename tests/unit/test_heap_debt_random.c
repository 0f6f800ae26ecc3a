/* SPDX-License-Identifier: MIT */
/* Random frames come and go, and owe flushes to random CPUs. */
#include "heap_with_debts.h"

/* T5: of each frame the CPUs that have not flushed since its use ended. */
static uint64_t still_owe[NR];
static bool is_free[NR];

static void expect_covered(const struct page_info *pg, struct tlb_debt debt)
{
    uint64_t owe = still_owe[mfn_x(page_to_mfn(pg)) - FIRST];
    cpumask_t cpus;

    tlb_debt_cpus(debt, &cpus);
    EXPECT_EQ(owe & ~cpus.bits[0], 0);
}

static void note(const struct page_info *pg, unsigned int order, uint64_t owe,
                 bool free)
{
    unsigned long first = mfn_x(page_to_mfn(pg)) - FIRST;

    for (unsigned long i = first; i < first + BIT(order); i++) {
        still_owe[i] = owe;
        is_free[i] = free;
    }
}

static void note_flush(uint64_t cpus)
{
    for (unsigned int i = 0; i < NR; i++)
        still_owe[i] &= ~cpus;
}

static void give_or_take(void)
{
    static struct page_info *out[32];
    static unsigned int order[32];
    unsigned int i = (unsigned int)(test_random() % 32);
    struct tlb_debt debt = TLB_NO_DEBT;

    if (out[i]) {
        if (test_random() % 4)
            debt = debt_of_cpu((unsigned int)(test_random() % NR_CPUS));
        note(out[i], order[i], debt.taint, true);
        free_heap_pages(out[i], order[i], debt);
        out[i] = NULL;
        return;
    }
    order[i] = (unsigned int)(test_random() % (test_random() % 4 ? 5 : TOP));
    out[i] = alloc_heap_pages(order[i], HEAP_NO_LIMIT, HEAP_NO_SCRUB, &debt);
    for (unsigned int k = 0; out[i] && k < BIT(order[i]); k++)
        expect_covered(out[i] + k, debt);
    if (!out[i])
        return;
    heap_clear_entries(out[i], order[i]);
    note(out[i], order[i], 0, false);
}

static void flush_or_restart(void)
{
    unsigned int cpu = (unsigned int)(test_random() % NR_CPUS);

    if (tlb_clock_now() == 0 && test_random() % 8 == 0) {
        tlb_clock_restart();
        note_flush(~0UL);
    } else {
        AS_CPU(cpu, flush_tlb_local());
        note_flush(BIT(cpu));
    }
}

TEST(heap_debt_random, what_is_free_owes_at_least_what_it_was_given_back_with)
{
    struct page_info *all;

    start();
    all = pdx_to_page(mfn_to_pdx(_mfn(FIRST)));
    note(all, TOP, 0, true);
    for (unsigned int step = 0; step < 40000; step++) {
        AS_CPU((unsigned int)(test_random() % NR_CPUS), give_or_take());
        if (test_random() % 8 == 0)
            flush_or_restart();
        if (test_random() % 64 == 0)
            heap_drain();
        for (unsigned int i = 0; step % 256 == 0 && i < NR; i++) {
            if (is_free[i])
                expect_covered(all + i, debt_of_free(all + i));
        }
        if (step % 2000 == 0)
            EXPECT_EQ(heap_check(), 0);
    }
}
