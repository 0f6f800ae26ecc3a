/* SPDX-License-Identifier: MIT */
/* Counts what is free, and tells where a frame is. */
#include <xen/heap_statistics.h>

#include "heap.h"
#include "magazine.h"

static unsigned long *blocks_at(struct heap_node_statistics *s,
                                unsigned long pdx)
{
    unsigned int tier = NR_TIERS - 1;

    while (tier > 0 && pdx < tier_start[tier])
        tier--;

    return s->nr_blocks[tier];
}

/* The blocks of a chunk that is taken apart: its longest aligned runs. */
static void count_runs(struct heap_node_statistics *s, unsigned long number)
{
    const struct chunk *chunk = &chunk_table[number];
    unsigned long *blocks = blocks_at(s, number * CHUNK_FRAMES);
    unsigned long words[CHUNK_WORDS];
    unsigned int nr = CHUNK_WORDS;

    for (unsigned int w = 0; w < CHUNK_WORDS; w++) {
        unsigned long bits = __atomic_load_n(&chunk->free[w], __ATOMIC_RELAXED);

        words[w] = bits == ~0UL;
        s->nr_free += count_bits(bits);
        s->nr_dirty += count_bits(chunk_dirty(chunk, w, bits));
        for (unsigned int order = 0; order < 6; order++) {
            unsigned long pairs = runs_of_word(bits, order + 1);
            unsigned long runs = runs_of_word(bits, order);

            blocks[order] += count_bits(runs) - 2 * count_bits(pairs);
        }
    }
    for (unsigned int order = 6; order < CHUNK_ORDER; order++, nr /= 2) {
        for (unsigned int i = 0; i < nr; i += 2) {
            unsigned long both = words[i] & words[i + 1];

            blocks[order] += words[i] + words[i + 1] - 2 * both;
            words[i / 2] = both;
        }
    }
    blocks[CHUNK_ORDER] += words[0];
}

static void count_broken(struct heap_node_statistics *s, unsigned long number)
{
    const struct chunk *chunk = &chunk_table[number];
    int run = chunk_run(chunk);

    if (chunk_owner(chunk) != NO_OWNER)
        s->nr_owned++;
    else if (run != RUN_NONE)
        s->nr_broken[run == RUN_WHOLE ? RUN_WHOLE - 1 : run]++;
    count_runs(s, number);
}

/* What the node's sets say of the chunk: the whole block, or the first chunk
 * behind it. */
static unsigned long count_chunk(struct heap_node *node,
                                 struct heap_node_statistics *s,
                                 unsigned long number)
{
    unsigned long head, clean = 0;
    unsigned int order;

    node_lock(node);
    do
        head = node_block_of(node, number, &order);
    while (head == BIT_TREE_NONE && node_wait_for_halves(node));
    if (head != BIT_TREE_NONE)
        clean = bit_tree_count_range(&node->clean, head - node->base,
                                     BIT(order - CHUNK_ORDER));
    spin_unlock(&node->lock);
    if (head != BIT_TREE_NONE) {
        blocks_at(s, head * CHUNK_FRAMES)[order]++;
        s->nr_whole += BIT(order - CHUNK_ORDER);
        s->nr_free += BIT(order);
        s->nr_dirty += BIT(order) - clean * CHUNK_FRAMES;
        return head + BIT(order - CHUNK_ORDER);
    }
    if (heap_is_open(number * CHUNK_FRAMES))
        count_broken(s, number);

    return number + 1;
}

static void count_chunks(unsigned int id, struct heap_node_statistics *s)
{
    struct heap_node *node = &heap_nodes[id];
    unsigned long number = heap.first / CHUNK_FRAMES;
    unsigned long end = ALIGN_UP(heap.end, CHUNK_FRAMES) / CHUNK_FRAMES;

    if (number < node->base)
        number = node->base;
    if (end > node->end)
        end = node->end;
    while (number < end)
        number = node_of_pdx(number * CHUNK_FRAMES) == id
                     ? count_chunk(node, s, number)
                     : number + 1;
}

static unsigned long nr_in(const struct magazine *m)
{
    unsigned long height = read_number(&m->height);

    return (height ? height - 1 : 0) + read_number(&m->nr_spare);
}

bool heap_cpu_statistics(unsigned int cpu, struct heap_cpu_statistics *s)
{
    const struct heap_cpu *each = &heap_cpus[cpu];
    unsigned long number;

    if (!cpumask_test(&heap_users, cpu))
        return false;
    *s = (struct heap_cpu_statistics){
        .node = each->node,
        .nr_clean = nr_in(&each->magazine[CLEAN]),
        .nr_dirty = nr_in(&each->magazine[DIRTY]),
        .chunk = INVALID_MFN,
    };
    for (unsigned int i = 0; i < NR_SMALL; i++)
        s->nr_small[small_order[i]] = read_number(&each->small[i].nr);
    number = read_number(&each->current) - 1;
    if (number != BIT_TREE_NONE && chunk_owner(&chunk_table[number]) == cpu + 1)
        s->chunk = pdx_to_mfn(number * CHUNK_FRAMES);

    return true;
}

/* What is in the cache of CPUs of node @id. */
static void count_caches(unsigned int id, struct heap_node_statistics *s)
{
    struct heap_cpu_statistics c;
    cpumask_t users;
    unsigned int cpu;

    cpumask_copy(&users, &heap_users);
    for_each_cpu(cpu, &users) {
        unsigned long dirty;

        if (!heap_cpu_statistics(cpu, &c) || c.node != id)
            continue;
        dirty = c.nr_dirty;
        for (unsigned int order = 1; order <= CHUNK_ORDER; order++)
            dirty += c.nr_small[order] << order;
        s->nr_cached += c.nr_clean + dirty;
        s->nr_free += c.nr_clean + dirty;
        s->nr_dirty += dirty;
    }
}

static void add_node(unsigned int id, struct heap_node_statistics *s)
{
    const struct heap_node *node = &heap_nodes[id];

    s->nr_frames += read_number(&node->nr_frames);
    s->nr_claimed += read_number(&node->nr_claimed);
    s->nr_offline += read_number(&node->nr_offline);
    count_chunks(id, s);
    count_caches(id, s);
}

void heap_node_statistics(unsigned int node, struct heap_node_statistics *s)
{
    *s = (struct heap_node_statistics){ 0 };
    add_node(node, s);
}

void heap_sum_statistics(struct heap_node_statistics *s)
{
    *s = (struct heap_node_statistics){ 0 };
    for (unsigned int node = 0; node < nr_nodes; node++)
        add_node(node, s);
}

void heap_statistics(struct heap_statistics *s)
{
    struct heap_node_statistics sum;

    heap_sum_statistics(&sum);
    *s = (struct heap_statistics){
        .nr_frames = sum.nr_frames,
        .nr_free = sum.nr_free,
        .nr_cached = sum.nr_cached,
        .nr_dirty = sum.nr_dirty,
        .first = heap.first,
        .end = heap.end,
    };
    for (unsigned int tier = 0; tier < NR_TIERS; tier++)
        for (unsigned int order = 0; order < NR_ORDERS; order++)
            s->nr_blocks[order] += sum.nr_blocks[tier][order];
}

/* Frames in free blocks of @order and more, of the tiers [@first, @end). */
static unsigned long nr_in_blocks(const struct heap_node_statistics *s,
                                  unsigned int first, unsigned int end,
                                  unsigned int order)
{
    unsigned long sum = 0;

    for (unsigned int tier = first; tier < end; tier++)
        for (unsigned int o = order; o < NR_ORDERS; o++)
            sum += s->nr_blocks[tier][o] << o;

    return sum;
}

unsigned long heap_tier_free(const struct heap_node_statistics *s,
                             enum heap_tier tier)
{
    return nr_in_blocks(s, tier, tier + 1, 0);
}

unsigned int heap_fragmentation(const struct heap_node_statistics *s,
                                unsigned int order)
{
    unsigned long useful = nr_in_blocks(s, 0, NR_TIERS, order);

    if (order == 0)
        useful += s->nr_cached;
    if (useful >= s->nr_free)
        return 0;

    return (unsigned int)((s->nr_free - useful) * 1000 / s->nr_free);
}

unsigned long heap_nr_free(void)
{
    unsigned long sum = magazines_count();

    for (unsigned int node = 0; node < nr_nodes; node++)
        sum += node_nr_free(&heap_nodes[node]);

    return sum;
}

unsigned long heap_nr_blocks(unsigned int order)
{
    struct heap_statistics statistics;

    heap_statistics(&statistics);

    return order <= MAX_ORDER ? statistics.nr_blocks[order] : 0;
}

/* The longest aligned run of free frames around one of a chunk's. */
static unsigned int order_around(const struct chunk *chunk, unsigned int frame)
{
    unsigned int order = 0;

    while (order + 1 < CHUNK_ORDER) {
        unsigned int next = order + 1, first = ALIGN_DOWN(frame, 1U << next);

        for (unsigned int i = 0; i < 1U << next; i++)
            if (!bitmap_test(chunk->free, first + i))
                return order;
        order = next;
    }

    return order;
}

mfn_t heap_block_of(mfn_t mfn, unsigned int *order)
{
    const struct chunk *chunk;
    unsigned long pdx, head;

    if (!mfn_has_place(mfn) || !chunk_table)
        return INVALID_MFN;
    pdx = mfn_to_pdx(mfn);
    head = node_look_up(node_of_chunk(pdx / CHUNK_FRAMES), pdx / CHUNK_FRAMES,
                        order);
    if (head != BIT_TREE_NONE)
        return pdx_to_mfn(head * CHUNK_FRAMES);
    if (!heap_is_open(pdx))
        return INVALID_MFN;
    chunk = &chunk_table[pdx / CHUNK_FRAMES];
    if (bitmap_test(chunk->free, pdx % CHUNK_FRAMES)) {
        *order = order_around(chunk, pdx % CHUNK_FRAMES);
        return pdx_to_mfn(ALIGN_DOWN(pdx, BIT(*order)));
    }
    *order = 0;

    return magazines_times(pdx) > 0 ? mfn : INVALID_MFN;
}
