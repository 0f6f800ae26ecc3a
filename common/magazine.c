/* SPDX-License-Identifier: MIT */
/* Fills each CPU's stacks of frames from chunks, and empties them again. */
#include <xen/arch.h>
#include <xen/scrub.h>
#include <xen/smp.h>

#include "magazine.h"
#include "parked.h"

struct heap_cpu heap_cpus[CONFIG_NR_CPUS];
struct heap_cpu heap_nobody;
cpumask_t heap_users;

static const uint8_t small_size[NR_SMALL] = { 32, 16, 8, 8 };
const uint8_t small_order[NR_SMALL] = { 1, 2, 3, CHUNK_ORDER };

unsigned int magazines_shortening;

static bool is_short(void)
{
    return __atomic_load_n(&magazines_shortening, __ATOMIC_RELAXED) != 0;
}

struct heap_cpu *magazines_here(void)
{
    struct heap_cpu *me = cpu_heap();
    unsigned int cpu;

    if (likely(me != &heap_nobody))
        return me;
    cpu = arch_cpu_id();
    me = &heap_cpus[cpu];
    for (unsigned int c = 0; c < NR_CONTENTS; c++)
        me->magazine[c] = (struct magazine){ .page = me->frames[2 * c],
                                             .spare = me->frames[2 * c + 1] };
    for (unsigned int i = 0; i < NR_SMALL; i++)
        me->small[i] = (struct small_stack){ .size = small_size[i] };
    me->node = node_of_cpu(cpu);
    me->too_long = CHUNK_ORDER;
    me->pages = pdx_to_page(heap_nodes[me->node].base * CHUNK_FRAMES);
    me->nr_pages =
        (heap_nodes[me->node].end - heap_nodes[me->node].base) * CHUNK_FRAMES;
    if (me->pages == frame_table) { /* frame 0 is none of them */
        me->pages++;
        me->nr_pages--;
    }
    if (scrub_mode == SCRUB_EAGER) /* nothing comes back by a quick way */
        me->nr_pages = 0;
    cpu_set_heap(me);
    cpumask_set_atomic(&heap_users, cpu);

    return me;
}

void magazines_begin(struct heap_cpu *me)
{
    __atomic_store_n(&me->busy, true, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

void magazines_end(struct heap_cpu *me)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&me->busy, false, __ATOMIC_RELAXED);
}

static void swap(struct magazine *m)
{
    struct page_info **page = m->page;
    unsigned long nr = magazine_nr(m);

    m->page = m->spare;
    set_number(&m->height, m->nr_spare + 1);
    m->spare = page;
    set_number(&m->nr_spare, nr);
}

static uint32_t owner_of(const struct heap_cpu *me)
{
    return (uint32_t)(me - heap_cpus) + 1;
}

void magazine_release(struct heap_cpu *me)
{
    unsigned long number = me->current - 1;

    if (number != BIT_TREE_NONE)
        supply_release(owner_of(me), number);
    me->current = 0;
}

unsigned long magazine_chunk(struct heap_cpu *me)
{
    unsigned long number = me->current - 1;

    if (number == BIT_TREE_NONE ||
        chunk_owner(&chunk_table[number]) != owner_of(me))
        return BIT_TREE_NONE;

    return number;
}

/* The next chunk to take from: @another than the one there is. */
static unsigned long next_chunk(struct heap_cpu *me, bool another,
                                enum contents prefer)
{
    unsigned long number = magazine_chunk(me);

    if (number != BIT_TREE_NONE && !another)
        return number;
    number = supply_chunk(&heap_nodes[me->node], owner_of(me), number,
                          &(struct wanted_chunk){ .prefer = prefer });
    set_number(&me->current, number + 1);
    me->too_long = CHUNK_ORDER;

    return number;
}

/* So that the lowest of them is popped first. */
static void push_word(struct magazine *m, struct page_info *pg,
                      unsigned long bits)
{
    struct page_info **page = m->page + m->height - 1;

    set_number(&m->height, m->height + count_bits(bits));
    while (bits) {
        unsigned int bit = highest_bit(bits);

        *page++ = pg + bit;
        bits ^= BIT(bit);
    }
}

static void push_words(struct heap_cpu *me, unsigned long number,
                       const unsigned long bits[CHUNK_WORDS])
{
    const struct chunk *chunk = &chunk_table[number];
    struct page_info *pg = pdx_to_page(number * CHUNK_FRAMES);

    for (unsigned int w = CHUNK_WORDS; w-- > 0;) {
        unsigned long dirty;

        if (bits[w] == 0)
            continue;
        dirty = chunk_dirty(chunk, w, bits[w]);
        me->owing |= dirty && debt_table[number].taint != 0;
        push_word(&me->magazine[DIRTY], pg + w * BITS_PER_LONG, dirty);
        push_word(&me->magazine[CLEAN], pg + w * BITS_PER_LONG,
                  bits[w] ^ dirty);
    }
}

static void open(struct magazine *m)
{
    if (m->height == 0)
        set_number(&m->height, 1);
}

/* How many to take at once: where there is little, all CPUs want some. */
static unsigned long batch(const struct heap_cpu *me)
{
    unsigned long clean = magazine_nr(&me->magazine[CLEAN]),
                  used = magazine_nr(&me->magazine[DIRTY]);
    unsigned long room = MAGAZINE_SIZE - (clean > used ? clean : used);
    unsigned long share = node_share(&heap_nodes[me->node]);

    return share < room ? share + 1 : room;
}

/* From one chunk alone, so that what is taken is of one tier. */
static bool refill(struct heap_cpu *me, enum contents prefer)
{
    struct heap_node *node = &heap_nodes[me->node];
    unsigned long nr = node_reserve(node, batch(me), 1), taken = 0;
    bool another = false;

    open(&me->magazine[CLEAN]);
    open(&me->magazine[DIRTY]);

    while (taken == 0 && nr > 0) {
        unsigned long bits[CHUNK_WORDS], number;

        number = next_chunk(me, another, prefer);
        if (number == BIT_TREE_NONE)
            break;
        taken = chunk_take_some(&chunk_table[number], nr, bits);
        if (any_leaving())
            park_marked_of_taken(number, bits);
        if (taken > 0)
            push_words(me, number, bits);
        another = true;
    }
    if (taken < nr)
        node_unreserve(node, nr - taken);

    return taken > 0;
}

static struct tlb_debt debt_of_frames(struct page_info *const *page,
                                      unsigned long nr)
{
    struct tlb_debt debt = TLB_NO_DEBT;

    for (unsigned long i = 0; i < nr; i++)
        if (page[i]->free_overlay.tlb_taint)
            debt = tlb_debt_join(debt, debt_of(page[i]));

    return debt;
}

/* How many from @page on are neighbours, upwards or down as @step is 1 or -1?
 * At most @max. */
static unsigned long count_neighbours(struct page_info *const *page, long step,
                                      unsigned long max)
{
    const struct page_info *pg = page[0];
    unsigned long nr = 1;

    for (; nr < max; nr++) {
        pg += step;
        if (page[nr] != pg)
            break;
    }

    return nr;
}

/* Give back the first of @page with its neighbours, so far as they are of the
 * same word. Returns how many these were. */
static unsigned long give_neighbours(struct page_info *const *page,
                                     unsigned long max, bool dirty, bool owing)
{
    unsigned long pdx = page_to_pdx(page[0]), nr, bits;
    unsigned int at = pdx % BITS_PER_LONG, room = at + 1;
    long step = -1;

    if (max > 1 && page[1] > page[0]) {
        room = BITS_PER_LONG - at;
        step = 1;
    }
    nr = count_neighbours(page, step, max < room ? max : room);
    bits = ~0UL >> (BITS_PER_LONG - nr) << (step > 0 ? at : at + 1 - nr);
    give_bits(pdx / CHUNK_FRAMES, pdx % CHUNK_FRAMES / BITS_PER_LONG, bits,
              dirty, owing ? debt_of_frames(page, nr) : TLB_NO_DEBT);

    return nr;
}

static bool are_neighbours(const struct page_info *a, const struct page_info *b)
{
    return a + 1 == b || a == b + 1;
}

void give_frames(struct page_info *const *page, unsigned long nr, bool dirty,
                 bool owing)
{
    for (unsigned long i = 0, n; i < nr; i += n) {
        n = 1;
        if (owing || (i + 1 < nr && are_neighbours(page[i], page[i + 1])))
            n = give_neighbours(page + i, nr - i, dirty, owing);
        else
            give_frame(page_to_pdx(page[i]), dirty);
        if (unlikely(nr_nodes > 1))
            node_unreserve(node_of_chunk(page_to_pdx(page[i]) / CHUNK_FRAMES),
                           n);
    }
    if (likely(nr_nodes == 1))
        node_unreserve(&heap_nodes[0], nr);
    if (dirty && nr > 0)
        node_soil(node_of_chunk(page_to_pdx(page[0]) / CHUNK_FRAMES));
    if (any_leaving())
        for (unsigned long i = 0; i < nr; i++)
            park_marked(page[i]);
}

static void spill_spare(struct heap_cpu *me, enum contents contents)
{
    struct magazine *m = &me->magazine[contents];

    if (m->nr_spare > 0)
        give_frames(m->spare, m->nr_spare, contents == DIRTY,
                    contents == DIRTY && me->owing);
    set_number(&m->nr_spare, 0);
}

/* Put what is there aside. */
static void make_room(struct heap_cpu *me, enum contents contents)
{
    spill_spare(me, contents);
    swap(&me->magazine[contents]);
}

bool magazine_refill(struct heap_cpu *me, enum contents prefer)
{
    struct magazine *want = &me->magazine[prefer];
    bool any = true;

    if (is_short())
        return false;
    magazines_begin(me);
    if (magazine_nr(want) == 0 && want->nr_spare > 0) {
        swap(want);
    } else {
        if (magazine_nr(&me->magazine[prefer ^ 1]) > MAGAZINE_SIZE / 2)
            make_room(me, prefer ^ 1);
        any = refill(me, prefer);
    }
    magazines_end(me);

    return any;
}

void magazine_put(struct heap_cpu *me, enum contents contents,
                  struct page_info *pg)
{
    struct magazine *m = &me->magazine[contents];

    if (magazine_push(m, pg))
        return;
    magazines_begin(me);
    if (is_short()) {
        give_frames(&pg, 1, contents == DIRTY, true);
    } else {
        if (m->height > 0)
            make_room(me, contents);
        open(m);
        m->page[m->height - 1] = pg;
        set_number(&m->height, m->height + 1);
    }
    magazines_end(me);
}

struct page_info *magazine_take_paid(struct heap_cpu *me)
{
    struct magazine *m = &me->magazine[DIRTY];
    struct page_info *pg = NULL;

    magazines_begin(me);
    for (unsigned long i = 0; i < magazine_nr(m) && !pg; i++) {
        if (!tlb_debt_is_paid(debt_of(m->page[i])))
            continue;
        pg = m->page[i];
        m->page[i] = m->page[m->height - 2];
        set_number(&m->height, m->height - 1);
    }
    magazines_end(me);

    return pg;
}

struct tlb_debt magazine_debt(struct heap_cpu *me)
{
    const struct magazine *m = &me->magazine[DIRTY];
    struct tlb_debt debt;

    magazines_begin(me);
    debt = debt_of_frames(m->page, magazine_nr(m));
    magazines_end(me);

    return debt;
}

void give_small(struct page_info *pg, unsigned int order)
{
    unsigned long pdx = page_to_pdx(pg);

    if (order < CHUNK_ORDER)
        give_run(pdx, order, true, TLB_NO_DEBT);
    else
        give_block((struct whole){
            .chunk = pdx / CHUNK_FRAMES, .order = order, .dirty = true });
}

static void spill_small(struct small_stack *stack, enum small small)
{
    unsigned long half = small_size[small] / 2;

    for (unsigned long i = 0; i < half; i++)
        give_small(stack->page[i], small_order[small]);
    for (unsigned long i = half; i < stack->nr; i++)
        stack->page[i - half] = stack->page[i];
    set_number(&stack->nr, stack->nr - half);
}

void small_put(struct heap_cpu *me, enum small small, struct page_info *pg)
{
    struct small_stack *stack = &me->small[small];

    if (small_push(me, small, pg))
        return;
    magazines_begin(me);
    spill_small(stack, small);
    stack->page[stack->nr] = pg;
    set_number(&stack->nr, stack->nr + 1);
    magazines_end(me);
}
