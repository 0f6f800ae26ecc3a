/* SPDX-License-Identifier: MIT */
/*
 * Takes single frames out of the machine, and back.
 *
 * The owner of a magazine locks nothing, and who writes the entries of a block
 * does so by plain stores. So first the chunk is noted (node_note()): from then
 * on it is no block any more, and who gives frames back looks at their marks.
 * When all who may have begun before that are through, the frame is marked. An
 * unlocked compare and exchange that another CPU is amid may undo that: it is
 * interrupted, which tells that the instruction is over, and the mark is looked
 * for again. Then the frame is fetched from wherever it is free; from CPUs'
 * caches by having them emptied.
 */
#include <xen/arch.h>
#include <xen/errno.h>
#include <xen/memory_room.h>
#include <xen/offline.h>
#include <xen/string.h>

#include "magazine.h"
#include "parked.h"

static const struct memory_map *map_of_ram;
static const char *(*who_keeps)(mfn_t mfn);

/* One at a time: the CPU, and 1; 0: none. */
static unsigned int whose_turn;

void offline_init(const struct memory_map *map,
                  const char *(*keeper)(mfn_t mfn))
{
    map_of_ram = map;
    who_keeps = keeper;
}

/* Frame 0 is nobody's, ever. */
static const char *keeper_of(mfn_t mfn)
{
    if (mfn_x(mfn) == 0)
        return "nobody";

    return who_keeps ? who_keeps(mfn) : NULL;
}

static void begin_turn(void)
{
    unsigned int nobody = 0;

    while (!__atomic_compare_exchange_n(&whose_turn, &nobody, arch_cpu_id() + 1,
                                        false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED)) {
        nobody = 0;
        smp_wait_a_turn();
    }
}

static void end_turn(void)
{
    __atomic_store_n(&whose_turn, 0, __ATOMIC_RELEASE);
}

static void note_busy(void *data)
{
    const struct heap_cpu *me = cpu_heap();

    if (me->busy)
        __atomic_store_n((bool *)data, true, __ATOMIC_RELAXED);
}

/* Each other CPU is now between two instructions, and outside of what it must
 * not be interrupted at; or it was since we were called. */
static void interrupt_others(void)
{
    cpumask_t others;
    bool was_busy;

    do {
        was_busy = false;
        cpumask_copy(&others, &cpu_online_map);
        cpumask_clear(&others, arch_cpu_id());
        smp_call(&others, note_busy, &was_busy, true);
    } while (__atomic_load_n(&was_busy, __ATOMIC_RELAXED));
}

static unsigned long mark_of(unsigned long seen, bool broken)
{
    unsigned long state = seen & PGC_state;

    if (broken)
        seen |= PGC_broken;
    if (state == PGC_state_free)
        return seen | PGC_leaving;
    if (state == PGC_state_inuse)
        return seen | PGC_state_offlining;

    return seen;
}

static void set_mark(struct page_info *pg, bool broken)
{
    unsigned long seen = __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED);

    while (!__atomic_compare_exchange_n(&pg->count_info, &seen,
                                        mark_of(seen, broken), false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        ;
}

static bool mark_is_there(const struct page_info *pg, bool broken)
{
    unsigned long seen = __atomic_load_n(&pg->count_info, __ATOMIC_SEQ_CST);

    return seen == mark_of(seen, broken);
}

static void mark(struct page_info *pg, bool broken)
{
    do {
        set_mark(pg, broken);
        interrupt_others();
    } while (!mark_is_there(pg, broken));
}

/* What an entry says counts only where the chunk has a note. */
static bool is_marked(const struct page_info *pg)
{
    return chunk_is_noted(&chunk_table[page_to_pdx(pg) / CHUNK_FRAMES]) &&
           has_mark(__atomic_load_n(&pg->count_info, __ATOMIC_RELAXED));
}

static bool is_out(const struct page_info *pg)
{
    return is_marked(pg) && is_parked(pg);
}

static int take_out(struct page_info *pg, bool broken)
{
    unsigned long pdx = page_to_pdx(pg);

    heap_open(pdx, 0);
    if (is_marked(pg)) {
        if (broken)
            mark(pg, broken);
        return -EEXIST;
    }
    leaving_begins();
    supply_note(pdx / CHUNK_FRAMES);
    interrupt_others();
    mark(pg, broken);
    park_marked(pg);
    if (!is_parked(pg)) {
        heap_drain();
        park_marked(pg);
    }

    return is_parked(pg) ? OFFLINE_DONE : OFFLINE_PENDING;
}

static bool is_ram(mfn_t mfn)
{
    paddr_t start = mfn_to_maddr(mfn);

    return mfn_has_place(mfn) &&
           (!map_of_ram || memory_is_ram(map_of_ram, start, start + PAGE_SIZE));
}

/* 0: it is the heap's, or was, so there is a mark for it. */
static int find(mfn_t mfn)
{
    if (!is_ram(mfn))
        return -EINVAL;
    if (keeper_of(mfn))
        return -EPERM;
    frame_table_open(mfn);

    return 0;
}

int offline_page(mfn_t mfn, bool broken)
{
    int rc = find(mfn);

    ASSERT(spin_holds_none());
    if (rc)
        return rc;
    begin_turn();
    rc = take_out(mfn_to_page(mfn), broken);
    end_turn();

    return rc;
}

/* Its note goes first, so that the chunk may be whole. */
static void give_parked(struct page_info *pg)
{
    unsigned long pdx = page_to_pdx(pg), number = pdx / CHUNK_FRAMES;
    struct heap_node *node = node_of_chunk(number);
    unsigned int w = pdx % CHUNK_FRAMES / BITS_PER_LONG;
    unsigned long bit = BIT(pdx % BITS_PER_LONG);
    struct tlb_debt debt = debt_of(pg);
    bool dirty = chunk_dirty(&chunk_table[number], w, bit) != 0;

    __atomic_store_n(&pg->count_info,
                     PGC_state_free | (debt.taint ? PGC_owing : 0),
                     __ATOMIC_RELAXED);
    __atomic_fetch_sub(&node->nr_offline, 1, __ATOMIC_RELAXED);
    supply_unnote(number);
    give_run(pdx, 0, dirty, debt);
}

/* Who has the frame in use keeps it. False: the mark is there still, as he was
 * just about to give it back. */
static bool cancel(struct page_info *pg, unsigned long seen)
{
    if (!__atomic_compare_exchange_n(&pg->count_info, &seen, seen & ~PGC_state,
                                     false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        return false;
    interrupt_others();
    if (has_mark(__atomic_load_n(&pg->count_info, __ATOMIC_SEQ_CST)))
        return false;
    leaving_ends();
    supply_unnote(page_to_pdx(pg) / CHUNK_FRAMES);

    return true;
}

static int take_back(struct page_info *pg)
{
    unsigned long seen;

    if (!heap_is_open(page_to_pdx(pg)) || !is_marked(pg))
        return -ENOENT;
    do {
        seen = __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED);
        if (seen & PGC_broken)
            return -EACCES;
        if ((seen & PGC_state) == PGC_state_offlined) {
            give_parked(pg);
            return 0;
        }
        if ((seen & PGC_state) != PGC_state_offlining)
            return -EAGAIN;
    } while (!cancel(pg, seen));

    return 0;
}

int online_page(mfn_t mfn)
{
    int rc = find(mfn);

    ASSERT(spin_holds_none());
    if (rc)
        return rc;
    begin_turn();
    rc = take_back(mfn_to_page(mfn));
    end_turn();

    return rc;
}

static enum page_place place_of(const struct page_info *pg)
{
    unsigned int order;

    if (heap_is_open(page_to_pdx(pg)) && is_marked(pg))
        return is_out(pg)       ? PAGE_OFFLINE
               : is_waiting(pg) ? PAGE_WAITING
                                : PAGE_PENDING;
    if (mfn_eq(heap_block_of(page_to_mfn(pg), &order), INVALID_MFN))
        return PAGE_IN_USE;

    return magazines_times(page_to_pdx(pg)) > 0 ? PAGE_CACHED : PAGE_FREE;
}

struct page_query query_page(mfn_t mfn)
{
    struct page_query query = { PAGE_NOT_RAM, false };
    const struct page_info *pg;
    const char *keeper;

    if (!is_ram(mfn))
        return query;
    query.place = PAGE_RESERVED;
    keeper = keeper_of(mfn);
    query.broken = keeper && strcmp(keeper, BAD_PAGE_KEEPER) == 0;
    if (keeper)
        return query;
    frame_table_open(mfn);
    pg = mfn_to_page(mfn);
    query.place = place_of(pg);
    query.broken =
        query.place >= PAGE_PENDING &&
        __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED) & PGC_broken;

    return query;
}

const char *page_place_name(enum page_place place)
{
    static const char *const name[NR_PAGE_PLACES] = {
        [PAGE_NOT_RAM] = "not RAM",
        [PAGE_RESERVED] = "reserved",
        [PAGE_FREE] = "free",
        [PAGE_CACHED] = "free, cached by a CPU",
        [PAGE_IN_USE] = "in use",
        [PAGE_PENDING] = "in use, offline when given back",
        [PAGE_WAITING] = "free but claimed, offline when that ends",
        [PAGE_OFFLINE] = "offline",
    };

    return place < NR_PAGE_PLACES ? name[place] : "unknown";
}

unsigned long offline_nr(void)
{
    unsigned long sum = 0;

    for (unsigned int node = 0; node < nr_nodes; node++)
        sum += __atomic_load_n(&heap_nodes[node].nr_offline, __ATOMIC_RELAXED);

    return sum;
}

unsigned long offline_nr_pending(void)
{
    return __atomic_load_n(&nr_leaving, __ATOMIC_RELAXED);
}

/* The last chunk before @number with a note, of any node; or BIT_TREE_NONE. */
static unsigned long last_noted(unsigned long number)
{
    unsigned long last = BIT_TREE_NONE;

    for (unsigned int id = 0; id < nr_nodes; id++) {
        struct heap_node *node = &heap_nodes[id];
        unsigned long i;

        spin_lock(&node->lock);
        i = bit_tree_last(&node->noted, node_index(node, number));
        spin_unlock(&node->lock);
        if (i != BIT_TREE_NONE &&
            (last == BIT_TREE_NONE || node->base + i > last))
            last = node->base + i;
    }

    return last;
}

mfn_t offline_last(mfn_t below)
{
    unsigned long end = nr_pdxs, number;

    if (!mfn_eq(below, INVALID_MFN))
        end = mfn_to_pdx(below);
    while ((number = last_noted((end + CHUNK_FRAMES - 1) / CHUNK_FRAMES)) !=
           BIT_TREE_NONE) {
        unsigned long first = number * CHUNK_FRAMES;

        if (end > first + CHUNK_FRAMES)
            end = first + CHUNK_FRAMES;
        while (end > first)
            if (is_marked(pdx_to_page(--end)))
                return pdx_to_mfn(end);
    }

    return INVALID_MFN;
}

void offline_go_on(void)
{
    if (any_leaving())
        park_all_waiting();
}
