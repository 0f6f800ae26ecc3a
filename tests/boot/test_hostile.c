/* SPDX-License-Identifier: MIT */
/*
 * Two CPUs do what they like to the tables of a domain, on behalf of one that
 * may, while a third destroys it. Afterwards nothing is left of it, and all
 * counts are right.
 */
#include <test.h>

#include <asm/contents.h>
#include <cpu/delay.h>
#include <cpu/percpu.h>
#include <xen/audit.h>
#include <xen/domheap.h>
#include <xen/machine.h>
#include <xen/page_alloc.h>
#include <xen/printk.h>
#include <xen/smp.h>

#include "frame_pool.h"
#include "on_cpus.h"
#include "small_guest.h"

#define MANAGER     1
#define VICTIM      2
#define NR_MANAGERS 2U
#define NR_LOOKS    8U
#define NR_ROUNDS   24U

/* The victim's frames: tables first, that lead to those behind them. */
#define NR_TABLES 12U
#define NR_FRAMES 24U

static struct small_guest manager; /* privileged: it maps what others own */
static struct domain *victim;
static struct page_info *frame[NR_FRAMES];

static bool destroyed; /* atomic */
static struct {
    unsigned long nr_calls, nr_good, nr_writes;
    uint64_t random;
} player[NR_MANAGERS];

static unsigned int draw(unsigned int me, unsigned int below)
{
    uint64_t *r = &player[me].random;

    *r ^= *r << 13;
    *r ^= *r >> 7;
    *r ^= *r << 17;

    return (unsigned int)(*r >> 33) % below;
}

/* Three tables of each level, the lowest ones last. */
static unsigned int level_of(unsigned int i)
{
    return PAGETABLE_LEVELS - i / 3;
}

static uint64_t draw_entry(unsigned int me, unsigned int level)
{
    unsigned int first = level == 1 ? 0 : (PAGETABLE_LEVELS + 1 - level) * 3;
    unsigned int nr = level == 1 ? NR_FRAMES : 3;

    if (draw(me, 4) == 0)
        return 0;

    return guest_entry(frame[first + draw(me, nr)],
                       draw(me, 2) ? GUEST_READ : GUEST_WRITE);
}

/* A hypervisor's slot now and then: it is refused. */
static void update(unsigned int me, unsigned int i)
{
    player[me].nr_good +=
        guest_mmu_update_of(VICTIM, frame[i], draw(me, PTES_PER_TABLE),
                            draw_entry(me, level_of(i))) == 0;
}

/* One of the pages of the window that are its own. */
static unsigned int slot_of(unsigned int me, unsigned int n)
{
    return guest_first_slot(&manager) + me * NR_LOOKS + n;
}

/* See it at an address of ours, and write, if that is allowed. What is seen
 * stays when its owner is gone. */
static void look_in(unsigned int me)
{
    unsigned int slot = slot_of(me, draw(me, NR_LOOKS));
    long rc = guest_map_of(VICTIM, slot, draw_entry(me, 1));

    player[me].nr_good += rc == 0;
    player[me].nr_writes +=
        machine_probe_write(guest_at(slot) + draw(me, 8) * PTE_SIZE, 0);
}

static void act(unsigned int me)
{
    unsigned int i = draw(me, NR_TABLES);

    guest_be_fickle(draw(me, 2));
    player[me].nr_calls++;
    switch (draw(me, 8)) {
    case 0:
    case 1:
        player[me].nr_good +=
            guest_mmuext(MMUEXT_PIN_L1_TABLE + level_of(i) - 1, frame[i],
                         VICTIM) == 0;
        break;
    case 2:
        player[me].nr_good +=
            guest_mmuext(MMUEXT_UNPIN_TABLE, frame[i], VICTIM) == 0;
        break;
    case 3: look_in(me); break;
    case 4: cpu_request_yield(cpu_of(0)); break;
    default: update(me, i); break;
    }
}

static void manage(unsigned int me)
{
    if (!guest_enter(&manager, me))
        return;
    while (!__atomic_load_n(&destroyed, __ATOMIC_RELAXED))
        act(me);
    guest_be_fickle(false);
    for (unsigned int n = 0; n < NR_LOOKS; n++)
        guest_map(slot_of(me, n), 0, UVMF_NONE);
    guest_leave();
}

static cpumask_t players;
static unsigned int round;

/* After a while; every other time in as many steps as there are. */
static void destroy(void)
{
    delay_us(2000 * (round % 5 + 1));
    domain_destroy_at_last(victim, round % 2);
    __atomic_store_n(&destroyed, true, __ATOMIC_RELAXED);
}

/* CPU 0 destroys; the others manage. */
static void play(unsigned int cpu)
{
    unsigned int me = 0;

    if (cpu == 0) {
        destroy();
        return;
    }
    for (unsigned int i = 1; i < cpu; i++)
        me += cpumask_test(&players, i);
    manage(me);
}

/* Half of the tables lead somewhere from the start. */
static bool build_victim(void)
{
    if (domain_create(VICTIM, 1, NR_FRAMES, &victim))
        return false;
    for (unsigned int i = 0; i < NR_FRAMES; i++) {
        frame[i] = alloc_domheap_pages(victim, 0, CONTENTS_LIMIT, 0);
        if (!frame[i])
            return false;
    }
    for (unsigned int i = 0; i < NR_TABLES; i++)
        for (unsigned int j = 0; j < PTES_PER_TABLE / 2; j += 5)
            ((uint64_t *)frame_bytes(frame[i]))[j] = draw_entry(0, level_of(i));

    return true;
}

static void play_round(unsigned int nr)
{
    round = nr;
    for (unsigned int i = 0; i < NR_MANAGERS; i++)
        player[i].random = (nr + 1) * 0x9e3779b97f4a7c15 + i;
    REQUIRE(build_victim());
    __atomic_store_n(&destroyed, false, __ATOMIC_RELAXED);
    on_cpus(&players, play);
    EXPECT_EQ(audit(), 0);
    EXPECT(domain_get(VICTIM) == NULL);
}

TEST(hostile, two_cpus_work_on_the_tables_of_a_domain_that_a_third_destroys)
{
    unsigned long nr_calls = 0, nr_good = 0, nr_restarts = guest_nr_restarts();

    players = some_cpus(NR_MANAGERS + 1);
    if (cpumask_weight(&players) < NR_MANAGERS + 1)
        return;
    REQUIRE(guest_build(&manager, MANAGER, NR_MANAGERS));
    manager.domain->privileged = true;
    for (unsigned int nr = 0; nr < NR_ROUNDS; nr++)
        play_round(nr);
    guest_destroy(&manager);
    EXPECT_EQ(audit(), 0);

    for (unsigned int i = 0; i < NR_MANAGERS; i++) {
        nr_calls += player[i].nr_calls;
        nr_good += player[i].nr_good;
    }
    EXPECT(nr_good > 0 && nr_good < nr_calls);
    console_printf("# %lu calls, %lu of them good, %lu interrupted\n", nr_calls,
                   nr_good, guest_nr_restarts() - nr_restarts);
}
