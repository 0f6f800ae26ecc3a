/* SPDX-License-Identifier: MIT */
/* Reserves what is available of a node, and tells those who watch it. */
#include <xen/bug.h>
#include <xen/heap_watch.h>

#include "heap_node.h"

/* All watches, the last one first. Atomic; what is there, stays. */
static struct heap_watch *watches;

static unsigned long nr_available(void)
{
    unsigned long sum = 0;

    for (unsigned int node = 0; node < nr_nodes; node++)
        sum +=
            __atomic_load_n(&heap_nodes[node].nr_available, __ATOMIC_RELAXED);

    return sum;
}

static bool must_change(const struct heap_watch *watch, bool is_low)
{
    unsigned long nr = nr_available();

    return is_low ? nr >= watch->high : watch->low > 0 && nr <= watch->low;
}

/*
 * Of CPUs that see the same change one makes the call. Then it looks again:
 * whoever changed what is available meanwhile either has seen the watch as it
 * is now, or is seen.
 */
static void look_at(struct heap_watch *watch)
{
    bool is_low = heap_watch_is_low(watch);

    while (must_change(watch, is_low)) {
        if (__atomic_compare_exchange_n(&watch->is_low, &is_low, !is_low, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            watch->changed(watch);
        is_low = heap_watch_is_low(watch);
    }
}

/* Returns @result: so who has nothing else to do needs no stack. */
static __noinline unsigned long look_at_all(unsigned long result)
{
    struct heap_watch *watch;

    /* Full barrier between what has changed and what a watch is: pairs with the
     * exchange in look_at(). */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    watch = __atomic_load_n(&watches, __ATOMIC_ACQUIRE);
    for (; watch; watch = watch->next)
        look_at(watch);

    return result;
}

void heap_watch(struct heap_watch *watch)
{
    struct heap_watch *next = __atomic_load_n(&watches, __ATOMIC_RELAXED);

    watch->is_low = false;
    do
        watch->next = next;
    while (!__atomic_compare_exchange_n(&watches, &next, watch, true,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    (void)look_at_all(0);
}

/* What is available has changed. */
static unsigned long tell(unsigned long result)
{
    if (likely(__atomic_load_n(&watches, __ATOMIC_RELAXED) == NULL))
        return result;

    return look_at_all(result);
}

unsigned long node_reserve(struct heap_node *node, unsigned long nr,
                           unsigned long at_least)
{
    unsigned long have = __atomic_load_n(&node->nr_available, __ATOMIC_RELAXED);
    unsigned long get;

    do {
        if (have < at_least)
            return 0;
        get = have < nr ? have : nr;
    } while (!__atomic_compare_exchange_n(&node->nr_available, &have,
                                          have - get, true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));

    return tell(get);
}

void node_unreserve(struct heap_node *node, unsigned long nr)
{
    /* Who adds memory counts it in nr_frames, and then comes by here. */
    unsigned long now =
        __atomic_add_fetch(&node->nr_available, nr, __ATOMIC_ACQ_REL);

    if (unlikely(now > __atomic_load_n(&node->nr_frames, __ATOMIC_RELAXED)))
        BUG("heap: what was never the heap's was given back: more is free than "
            "it was given");
    (void)tell(0);
}

unsigned long heap_nr_hidden;

void reserve_in_vain(struct heap_node *node, unsigned long nr)
{
    node_unreserve(node, nr);
    /* After they are available, and before this CPU is not busy any longer: who
     * has found too few sees that it is, or that the number has changed since
     * he tried. */
    __atomic_fetch_add(&heap_nr_hidden, 1, __ATOMIC_SEQ_CST);
}
