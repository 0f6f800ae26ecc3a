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

unsigned int magazines_shortening;

static bool is_short(void)
{
    return __atomic_load_n(&magazines_shortening, __ATOMIC_RELAXED) != 0;
}

/* Let the frames that come back by the short ways be those of the largest part
 * of the node's memory that is in one piece: between such parts there may be
 * that of others. */
static void find_pages(struct heap_cpu *me)
{
    unsigned long piece = nr_nodes > 1 ? BIT(node_shift) : nr_pdxs, first = 0;
    unsigned long base = 0, nr = 0;

    for (unsigned long pdx = 0; pdx < nr_pdxs; pdx += piece) {
        if (node_of_pdx(pdx) != me->node)
            first = pdx + piece;
        if (pdx + piece - first > nr) {
            base = first;
            nr = pdx + piece - first;
        }
    }
    if (nr > 0 && base == 0) { /* frame 0 is none of them */
        base++;
        nr--;
    }
    if (scrub_mode == SCRUB_EAGER) /* nothing comes back by a short way */
        nr = 0;
    me->pages = pdx_to_page(base);
    me->nr_pages = nr;
}

struct heap_cpu *magazines_begin_here(void)
{
    unsigned int cpu = arch_cpu_id();
    struct heap_cpu *me = &heap_cpus[cpu];

    for (unsigned int c = 0; c < NR_CONTENTS; c++)
        me->magazine[c] = (struct magazine){ .page = me->frames[2 * c],
                                             .spare = me->frames[2 * c + 1] };
    for (unsigned int i = 0; i < NR_SMALL; i++)
        me->small[i] = (struct small_stack){ .size = small_size[i] };
    me->node = node_of_cpu(cpu);
    me->home = &heap_nodes[me->node];
    me->too_long = CHUNK_ORDER;
    find_pages(me);
    cpu_set_heap(me);
    cpumask_set_atomic(&heap_users, cpu);

    return me;
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

/* All frames of a word. */
static void push_full_word(struct page_info **page, struct page_info *pg)
{
    struct page_info **end = page + BITS_PER_LONG;

    for (pg += BITS_PER_LONG - 4; page < end; page += 4, pg -= 4) {
        page[0] = pg + 3;
        page[1] = pg + 2;
        page[2] = pg + 1;
        page[3] = pg;
    }
}

/* So that the lowest of them is popped first. */
static void push_word(struct magazine *m, struct page_info *pg,
                      unsigned long bits)
{
    struct page_info **page = m->page + m->height - 1;

    set_number(&m->height, m->height + count_bits(bits));
    if (bits == ~0UL) {
        push_full_word(page, pg);
        return;
    }
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
        me->owing |= dirty && __atomic_load_n(&debt_table[number].taint,
                                              __ATOMIC_RELAXED) != 0;
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

    magazines_begin(me);
    if (is_short()) {
        any = false;
    } else if (magazine_nr(want) == 0 && want->nr_spare > 0) {
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
    /* Its entry has said that it is free. Who has marked it since, and then had
     * this emptied and closed, has not found it. */
    if (unlikely(is_leaving(pg))) {
        park_taken(pg, contents == DIRTY);
    } else if (is_short()) {
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
