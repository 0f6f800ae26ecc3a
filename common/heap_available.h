/* SPDX-License-Identifier: MIT */
/* How much a node has, and may give. heap_node.h includes it. */
#ifndef HEAP_AVAILABLE_H
#define HEAP_AVAILABLE_H

/* Reserve up to @nr of the frames that are available; returns how many. And
 * give back what of them was not taken, or what has become free. */
unsigned long node_reserve(struct heap_node *node, unsigned long nr,
                           unsigned long at_least);
void node_unreserve(struct heap_node *node, unsigned long nr);

/* Available or claimed. Who claims, or gives a claim back, takes from the one
 * before he adds to the other: so the sum is too small meanwhile. It is never
 * too large, as what went from the one to the other between the two looks would
 * make it: then it is looked at again. */
static inline unsigned long node_nr_free(const struct heap_node *node)
{
    unsigned long claimed, available;

    /* Acquire, in this order. Pairs with claim_pages(). */
    do {
        claimed = __atomic_load_n(&node->nr_claimed, __ATOMIC_ACQUIRE);
        available = __atomic_load_n(&node->nr_available, __ATOMIC_ACQUIRE);
    } while (__atomic_load_n(&node->nr_claimed, __ATOMIC_RELAXED) != claimed);

    return claimed + available;
}

/* What a CPU may keep of it for itself, so that enough is left for the others.
 */
static inline unsigned long node_share(const struct heap_node *node)
{
    return __atomic_load_n(&node->nr_available, __ATOMIC_RELAXED) /
           (16UL * nr_cpus);
}

/* Is there so much that every CPU may keep @nr frames a few times over? */
static inline bool node_has_plenty(const struct heap_node *node,
                                   unsigned long nr)
{
    return __atomic_load_n(&node->nr_available, __ATOMIC_RELAXED) >=
           16UL * nr_cpus * nr;
}

/* May there be a whole block of @order? While one is split or merged it is
 * nowhere: only who has the lock can say no @surely, if none is halved. */
static inline bool node_may_have(struct heap_node *node, unsigned int order,
                                 bool surely)
{
    unsigned int lower = order - CHUNK_ORDER;
    bool may_have;

    if (surely) {
        node_lock(node);
        may_have = node->orders >> lower != 0 || node->nr_halved;
        spin_unlock(&node->lock);
    } else {
        /* What is kept may merge with others. */
        may_have = __atomic_load_n(&node->orders, __ATOMIC_RELAXED) >> lower ||
                   __atomic_load_n(&node->kept_orders, __ATOMIC_RELAXED) ||
                   __atomic_load_n(&node->nr_halved, __ATOMIC_RELAXED);
    }

    return may_have;
}

/**
 * reserve_in_vain - what was reserved was not found: it is available again.
 *
 * It was nobody else's meanwhile, though it is free. So who reserves what he
 * may not find is busy while he does so (magazines_begin()): who finds too
 * little meanwhile sees that, or that the number of such times has changed.
 */
void reserve_in_vain(struct heap_node *node, unsigned long nr);

/* How often something free was where nobody found it, and no longer is. Atomic.
 */
extern unsigned long heap_nr_hidden;

/* So is what goes from where others look later to where they look first: from
 * an owner back into a set. */
static inline void heap_was_moved(void)
{
    __atomic_fetch_add(&heap_nr_hidden, 1, __ATOMIC_SEQ_CST);
}

static inline unsigned long heap_times_hidden(void)
{
    return __atomic_load_n(&heap_nr_hidden, __ATOMIC_SEQ_CST);
}

/* Dirty frames of chunks that are taken apart are free now. */
static inline void node_soil(struct heap_node *node)
{
    /* Behind the full barrier of chunk_give(): who finds the mark set has given
     * before it is cleared, and who clears it looks for frames after that. */
    if (!__atomic_load_n(&node->is_soiled, __ATOMIC_RELAXED))
        __atomic_store_n(&node->is_soiled, true, __ATOMIC_RELEASE);
}

#endif /* HEAP_AVAILABLE_H */
