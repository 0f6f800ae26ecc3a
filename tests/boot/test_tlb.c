/* SPDX-License-Identifier: MIT */
/*
 * Does a CPU really use a translation that is stale? It does, and so these
 * tests see what a flush too few does: they change what an address leads to,
 * and look at once, as a TLB keeps an entry only for so long.
 */
#include <test.h>

#include <cpu/delay.h>
#include <cpu/fixed_map.h>
#include <xen/frame_table.h>
#include <xen/machine.h>
#include <xen/page_alloc.h>
#include <xen/printk.h>
#include <xen/smp.h>
#include <xen/string.h>
#include <xen/tlb.h>

#include <asm/processor.h>

#include "frame_pool.h"
#include "on_cpus.h"

/* So many addresses are tried: some may share a place in the TLB with what is
 * used on the way. */
#define NR_TRIES 16U

#define SLOT(n) (FIXED_TEMPORARY + (n))

/* Two frames, each with a byte that tells which. */
static struct page_info *pair[2];

static bool take_pair(void)
{
    for (unsigned int i = 0; i < 2; i++) {
        pair[i] = alloc_heap_pages(0, DIRECT_MAP_SIZE, HEAP_NO_SCRUB, NULL);
        if (!pair[i])
            return false;
        *frame_bytes(pair[i]) = (uint8_t)('A' + i);
    }

    return true;
}

static void return_pair(void)
{
    for (unsigned int i = 0; i < 2; i++)
        free_heap_pages(pair[i], 0, tlb_debt_now(NULL));
}

/* A look at the byte at an address, on whatever CPU it is called. */
struct look {
    const void *at;
    uint8_t seen;
};

static void look(void *data)
{
    struct look *l = data;

    if (!machine_probe_read(l->at, &l->seen))
        l->seen = 0;
}

static uint8_t look_on(unsigned int cpu, unsigned int slot)
{
    struct look l = { fixed_page(slot), 0 };
    cpumask_t mask = only(cpu);

    smp_call(&mask, look, &l, true);
    return l.seen;
}

/*
 * Have @cpu see the first frame at an address, let the address lead to the
 * second, flush or not, and have @cpu look again. How often is it the first?
 */
static unsigned int count_stale(unsigned int cpu, bool flush)
{
    unsigned int nr = 0;
    cpumask_t mask = only(cpu);

    for (unsigned int i = 0; i < NR_TRIES; i++) {
        uint8_t seen;

        fixed_map(SLOT(i), page_to_mfn(pair[0]));
        flush_tlb_mask(&mask);
        EXPECT_EQ(look_on(cpu, SLOT(i)), 'A');
        fixed_map(SLOT(i), page_to_mfn(pair[1]));
        if (flush)
            flush_tlb_mask(&mask);
        seen = look_on(cpu, SLOT(i));
        EXPECT(seen == 'A' || seen == 'B');
        nr += seen == 'A';
        fixed_unmap(SLOT(i));
    }

    return nr;
}

static void try_on(unsigned int cpu)
{
    unsigned int stale = count_stale(cpu, false);

    EXPECT(stale > 0);
    EXPECT_EQ(count_stale(cpu, true), 0);
    console_printf("# CPU %u: %u of %u looks without a flush were stale\n", cpu,
                   stale, NR_TRIES);
}

TEST(tlb, without_a_flush_this_cpu_sees_the_old_frame_and_never_with_one)
{
    REQUIRE(take_pair());
    try_on(0);
    return_pair();
}

TEST(tlb, without_a_flush_another_cpu_sees_the_old_frame_and_never_with_one)
{
    if (last_cpu() == 0)
        return;
    REQUIRE(take_pair());
    try_on(last_cpu());
    return_pair();
}

/*
 * A frame that changes hands: @cpu sees it at an address, it is unmapped and
 * freed with its debt, and allocated by somebody else, who writes into it. Does
 * @cpu still see it at the old address? The pool has no other frame.
 */
static bool sees_what_was_handed_out(unsigned int cpu, unsigned int slot)
{
    struct page_info *pg = pool_take(), *next;
    cpumask_t who = only(cpu);

    *frame_bytes(pg) = 'A';
    fixed_map(slot, page_to_mfn(pg));
    EXPECT_EQ(look_on(cpu, slot), 'A');
    fixed_unmap(slot);
    pool_return(pg, &who);
    next = pool_take();
    EXPECT_EQ((uintptr_t)next, (uintptr_t)pg);
    *frame_bytes(next) = 'N';
    if (look_on(cpu, slot) == 'N') {
        pool_return(next, &who);
        return true;
    }
    pool_return(next, NULL);

    return false;
}

TEST(tlb, nobody_sees_a_frame_at_an_old_address_once_it_was_handed_out)
{
    const unsigned int cpus[] = { 0, last_cpu() };

    REQUIRE(pool_open(1));
    for (unsigned int i = 0; i < ARRAY_SIZE(cpus); i++) {
        unsigned int nr = 0;

        for (unsigned int slot = 0; slot < NR_TRIES; slot++)
            nr += sees_what_was_handed_out(cpus[i], SLOT(slot));
        EXPECT_EQ(nr, 0);
    }
    pool_close();
}

/*
 * CPUs that each take a frame, let all see it in a window, and leave it to the
 * next one to give back, as fast as they can: what a CPU gives back itself it
 * has at hand, and that would hardly change hands. All write what belongs
 * there: the mark of whose window it is. So a byte with another's mark was
 * seen, or written, by a translation that outlived a change of hands.
 */
#define NR_PLAYERS 8U
#define NR_BYTES   64U
#define GAME_MS    1000U
#define SOLO_MS    100U

static cpumask_t players;
static uint64_t end_of_game;

/* What each is to give back, or NULL. */
static struct page_info *left[NR_PLAYERS];

static struct player {
    unsigned long nr_rounds, nr_visits, nr_wrong_seen, nr_wrong_written;
} player[NR_PLAYERS];

/* Which of the players is @cpu? */
static unsigned int place_of(unsigned int cpu)
{
    unsigned int place = 0;

    while (cpu-- > 0)
        place += cpumask_test(&players, cpu);

    return place;
}

static uint8_t mark_of(unsigned int place)
{
    return (uint8_t)('1' + place);
}

/* Read a byte in each window that is open, and write one. */
static void visit_all(unsigned int me)
{
    for (unsigned int i = 0; i < cpumask_weight(&players); i++) {
        uint8_t *window = fixed_page(SLOT(i)), seen;

        if (!machine_probe_read(window + me, &seen))
            continue;
        player[me].nr_wrong_seen += seen != mark_of(i);
        player[me].nr_visits +=
            machine_probe_write(window + NR_PLAYERS + me, mark_of(i));
    }
}

static void return_what_is_left(unsigned int me)
{
    struct page_info *pg =
        __atomic_exchange_n(&left[me], NULL, __ATOMIC_ACQ_REL);

    if (pg)
        pool_return(pg, &players);
}

static void own_a_frame(unsigned int me)
{
    struct page_info *pg = pool_take();
    uint8_t *bytes = frame_bytes(pg);

    memset(bytes, mark_of(me), NR_BYTES);
    fixed_map(SLOT(me), page_to_mfn(pg));
    visit_all(me);
    cpu_relax(); /* where CPUs run by turns, that is the others' */
    visit_all(me);
    for (unsigned int i = 0; i < NR_BYTES; i++)
        player[me].nr_wrong_written += bytes[i] != mark_of(me);
    fixed_unmap(SLOT(me));
    return_what_is_left(me);
    pg = __atomic_exchange_n(&left[(me + 1) % cpumask_weight(&players)], pg,
                             __ATOMIC_ACQ_REL);
    if (pg)
        pool_return(pg, &players);
}

static void play(unsigned int cpu)
{
    unsigned int me = place_of(cpu);

    while (!deadline_is_over(end_of_game)) {
        own_a_frame(me);
        player[me].nr_rounds++;
        tlb_clock_restart();
    }
}

static void sum_up(struct player *sum)
{
    memset(sum, 0, sizeof(*sum));
    for (unsigned int i = 0; i < NR_PLAYERS; i++) {
        sum->nr_rounds += player[i].nr_rounds;
        sum->nr_visits += player[i].nr_visits;
        sum->nr_wrong_seen += player[i].nr_wrong_seen;
        sum->nr_wrong_written += player[i].nr_wrong_written;
    }
}

TEST(tlb, frames_that_change_hands_all_the_time_are_seen_by_nobody_else)
{
    struct tlb_counters before, after;
    struct player sum;
    unsigned int nr;

    players = some_cpus(NR_PLAYERS);
    nr = cpumask_weight(&players);
    memset(player, 0, sizeof(player));
    REQUIRE(pool_open(2 * nr + 1));
    tlb_counters(&before);
    end_of_game = deadline_ms(nr > 1 ? GAME_MS : SOLO_MS);
    on_cpus(&players, play);
    tlb_counters(&after);
    for (unsigned int i = 0; i < nr; i++)
        return_what_is_left(i);
    pool_close();

    sum_up(&sum);
    EXPECT_EQ(sum.nr_wrong_seen, 0);
    EXPECT_EQ(sum.nr_wrong_written, 0);
    EXPECT(sum.nr_visits >= sum.nr_rounds);
    console_printf(
        "# %u CPUs: %lu frames, %lu looks, %lu flushes, %lu "
        "interrupts, %lu restarts\n",
        nr, sum.nr_rounds, sum.nr_visits, after.flushes - before.flushes,
        after.interrupts - before.interrupts, after.restarts - before.restarts);
}
