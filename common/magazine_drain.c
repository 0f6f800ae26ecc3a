/* SPDX-License-Identifier: MIT */
/* Takes back what CPUs have at hand: when memory is short, or a CPU leaves. */
#include <xen/arch.h>
#include <xen/page_list.h>
#include <xen/scrub.h>
#include <xen/smp.h>

#include "magazine.h"

/* All that a CPU had, linked by the entries. */
struct collected {
    page_link_t clean, used, small[NR_SMALL];
    bool was_busy;
};

static void link_all(page_link_t *chain, struct page_info *const *page,
                     unsigned long nr)
{
    for (unsigned long i = 0; i < nr; i++) {
        page[i]->list.next = *chain;
        *chain = link_of_page(page[i]);
    }
}

/* It is closed by the one number that a push looks at last. What is in the
 * arrays stays: an interrupted push may have been there. */
static void link_magazine(page_link_t *chain, struct magazine *m)
{
    link_all(chain, m->spare, m->nr_spare);
    set_number(&m->nr_spare, 0);
    link_all(chain, m->page, magazine_nr(m));
    set_number(&m->height, 0);
}

static void collect(struct collected *all)
{
    struct heap_cpu *me = magazines_here();

    link_magazine(&all->clean, &me->magazine[CLEAN]);
    link_magazine(&all->used, &me->magazine[DIRTY]);
    for (unsigned int i = 0; i < NR_SMALL; i++) {
        link_all(&all->small[i], me->small[i].page, me->small[i].nr);
        set_number(&me->small[i].nr, 0);
    }
}

/* In an interrupt. */
static void collect_if_idle(void *data)
{
    struct collected *all = data;

    if (cpu_heap() == &heap_nobody) /* it has left, or has nothing yet */
        return;
    all->was_busy = magazines_here()->busy;
    if (!all->was_busy)
        collect(all);
}

static struct page_info *unlink(page_link_t *chain)
{
    struct page_info *pg = page_of_link(*chain);

    *chain = pg->list.next;
    pg->list.next = 0;

    return pg;
}

static void give_chain(page_link_t chain, bool dirty)
{
    while (chain != PAGE_LINK_NONE) {
        struct page_info *page[16];
        unsigned int nr = 0;

        while (nr < ARRAY_SIZE(page) && chain != PAGE_LINK_NONE)
            page[nr++] = unlink(&chain);
        give_frames(page, nr, dirty, dirty);
    }
}

static void give_collected(struct collected *all)
{
    give_chain(all->clean, false);
    give_chain(all->used, true);
    for (unsigned int i = 0; i < NR_SMALL; i++)
        while (all->small[i] != PAGE_LINK_NONE)
            give_small(unlink(&all->small[i]), small_order[i]);
}

static void give_magazine(struct heap_cpu *me, enum contents contents)
{
    struct magazine *m = &me->magazine[contents];
    unsigned long nr = magazine_nr(m), nr_spare = m->nr_spare;
    bool dirty = contents == DIRTY;

    set_number(&m->nr_spare, 0);
    set_number(&m->height, 0);
    give_frames(m->spare, nr_spare, dirty, dirty && me->owing);
    give_frames(m->page, nr, dirty, dirty && me->owing);
}

static void drain_here(void)
{
    struct heap_cpu *me = magazines_here();

    magazines_begin(me);
    for (unsigned int contents = 0; contents < NR_CONTENTS; contents++)
        give_magazine(me, contents);
    for (unsigned int small = 0; small < NR_SMALL; small++)
        small_give_all(me, small);
    magazines_end(me);
}

static void drain_cpu(unsigned int cpu)
{
    struct collected all = { PAGE_LINK_NONE,
                             PAGE_LINK_NONE,
                             { [0 ... NR_SMALL - 1] = PAGE_LINK_NONE },
                             false };

    cpumask_t mask;

    if (cpu == arch_cpu_id()) {
        drain_here();
        return;
    }
    cpumask_empty(&mask);
    cpumask_set(&mask, cpu);
    do {
        all.was_busy = false;
        smp_call(&mask, collect_if_idle, &all, true);
    } while (all.was_busy);
    give_collected(&all);
}

static void disown_chunks(struct heap_node *node)
{
    unsigned long number = node->end;

    while (number != BIT_TREE_NONE && number > node->base) {
        node_lock(node);
        number = node_last_owned(node, number);
        if (number != BIT_TREE_NONE)
            node_disown(node, number);
        spin_unlock(&node->lock);
    }
}

void magazines_drain(void)
{
    cpumask_t users;
    unsigned int cpu;

    cpumask_copy(&users, &heap_users);
    for_each_cpu(cpu, &users)
        if (cpumask_test(&cpu_online_map, cpu) || cpu == arch_cpu_id())
            drain_cpu(cpu);
    for (unsigned int node = 0; node < nr_nodes; node++)
        disown_chunks(&heap_nodes[node]);
}

/* One CPU at a time moves what others have: it belongs to nobody meanwhile. */
static void begin_turn(void)
{
    unsigned int nobody = 0;

    while (!__atomic_compare_exchange_n(&magazines_shortening, &nobody,
                                        arch_cpu_id() + 1, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
        nobody = 0;
        smp_wait_a_turn();
    }
}

static void end_turn(void)
{
    __atomic_store_n(&magazines_shortening, 0, __ATOMIC_RELEASE);
}

void magazines_shorten(void)
{
    begin_turn();
    scrub_pause();
    magazines_drain();
    for (unsigned int node = 0; node < nr_nodes; node++)
        supply_waits(&heap_nodes[node]);
}

void magazines_lengthen(void)
{
    scrub_go_on();
    end_turn();
}

void heap_drain(void)
{
    begin_turn();
    magazines_drain();
    end_turn();
}

void heap_leave(void)
{
    unsigned int cpu = arch_cpu_id();

    begin_turn();
    drain_cpu(cpu);
    magazine_release(magazines_here());
    cpumask_clear_atomic(&heap_users, cpu);
    cpu_set_heap(&heap_nobody);
    end_turn();
}
