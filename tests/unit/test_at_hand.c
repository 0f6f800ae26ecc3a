/* SPDX-License-Identifier: MIT */
/* What comes in between while a CPU takes what it has at hand, or keeps what
 * comes back; and whose frames it keeps. */
#include <hosted.h>
#include <test.h>
#include <xen/frame_table.h>
#include <xen/heap_watch.h>
#include <xen/numa.h>
#include <xen/scrub.h>
#include <xen/smp.h>

#include "../../common/magazine.h"
#include "../../common/parked.h"
#include "../model/fake_nodes.h"
#include "../model/small_machine.h"

#define FIRST 4096U
#define NR    4096U

static void heap(void)
{
    static const struct ram ram[] = { { FIRST, NR } };

    small_machine_heap(ram, 1);
    hosted_arena_init();
}

/* As offline_page() marks a frame that is at hand, without what follows. */
static void mark(struct page_info *pg)
{
    leaving_begins();
    supply_note(page_to_pdx(pg) / CHUNK_FRAMES);
    pg->count_info |= PGC_leaving;
}

/* The short way does not like the first, and the long one, which parks it, does
 * not like the second. */
TEST(at_hand, a_frame_that_is_marked_is_parked_when_it_is_taken)
{
    heap();
    for (unsigned int contents = NR_CONTENTS; contents-- > 0;) {
        unsigned int flags = contents == DIRTY ? HEAP_NO_SCRUB : 0;
        const struct magazine *m;
        struct page_info *pg[2];

        EXPECT(alloc_heap_pages(0, HEAP_NO_LIMIT, flags, NULL) != NULL);
        m = &magazines_here()->magazine[contents];
        REQUIRE(m->height > 2);
        for (unsigned int i = 0; i < 2; i++) {
            pg[i] = m->page[m->height - 2 - i];
            mark(pg[i]);
        }
        EXPECT(alloc_heap_pages(0, HEAP_NO_LIMIT, flags, NULL) != NULL);
        EXPECT(is_parked(pg[0]));
        EXPECT(is_parked(pg[1]));
        heap_drain();
        while (scrub_step())
            ;
    }
    EXPECT_EQ(nr_leaving, 0);
    EXPECT_EQ(heap_check(), 0);
}

/* Between the look at a stack that is full, and the moment that half of it is
 * given back, an interrupt has emptied it. */
TEST(at_hand, a_stack_that_was_emptied_meanwhile_gives_nothing_back)
{
    struct page_info *pg;
    struct heap_cpu *me;
    unsigned long size;

    heap();
    pg = alloc_heap_pages(1, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    me = magazines_here();
    size = me->small[SMALL_1].size;
    me->small[SMALL_1].size = 0;
    for (unsigned int i = 0; i < 2; i++)
        pg[i].count_info = PGC_state_free;
    small_put(me, SMALL_1, pg);
    me->small[SMALL_1].size = size;
    EXPECT_EQ(me->small[SMALL_1].nr, 1);
    EXPECT(me->small[SMALL_1].page[0] == pg);
    EXPECT_EQ(heap_check(), 0);
}

/* Marks are looked at before the frame is had, and may be taken back. */
TEST(at_hand, what_is_not_marked_any_more_is_not_parked)
{
    struct page_info *pg;

    heap();
    pg = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    pg->count_info = PGC_state_free;
    EXPECT(!park_frame(pg));
    EXPECT_EQ(page_state(pg), PGC_state_free);
    park_taken(pg, true);
    heap_drain();
    EXPECT_EQ(heap_nr_free(), NR);
    EXPECT_EQ(heap_check(), 0);
}

static bool is_of_node(const struct heap_cpu *cpu)
{
    for (unsigned long i = 0; i < cpu->nr_pages; i++)
        if (node_of_pdx(page_to_pdx(cpu->pages + i)) != cpu->node)
            return false;

    return true;
}

/* Nodes that lie within one another, and one that has CPUs alone: what comes
 * back by the short ways is of the CPU's node. */
TEST(at_hand, only_frames_of_its_node_are_kept)
{
    static const struct ram ram[] = { { FIRST, 3 * NR } };
    static const struct fake_node nodes[] = { { FIRST, NR, 0 },
                                              { FIRST + NR, NR, 1 },
                                              { FIRST + 2 * NR, NR, 0 } };
    const struct memory_map *map = small_machine_map(ram, 1);

    small_machine(ram, 1);
    srat_begin(fake_srat());
    for (unsigned int i = 0; i < ARRAY_SIZE(nodes); i++)
        srat_add_memory(fake_srat(), nodes[i].start << PAGE_SHIFT,
                        nodes[i].nr << PAGE_SHIFT, nodes[i].domain, false);
    for (unsigned int cpu = 0; cpu < 3; cpu++)
        srat_add_cpu(fake_srat(), cpu, cpu);
    numa_init(map, fake_srat());
    heap_add(_mfn(FIRST), 3 * NR);
    for (unsigned int cpu = 0; cpu < 3; cpu++)
        numa_set_cpu(cpu, cpu);
    smp_set_nr_cpus(3);
    EXPECT_EQ(nr_nodes, 3);
    for (unsigned int cpu = 0; cpu < 3; cpu++) {
        hosted_set_cpu_id(cpu);
        smp_join();
        EXPECT_EQ(magazines_here()->node, cpu);
        EXPECT(is_of_node(magazines_here()));
        EXPECT_EQ(magazines_here()->nr_pages > 0, cpu < 2);
    }
}

/* Who notes the number after it has changed would find too little still, and
 * then that nothing has. */
static void expect_uncounted(struct heap_watch *watch)
{
    if (!heap_watch_is_low(watch))
        EXPECT_EQ(heap_times_hidden(), 0);
}

/* What is reserved may be more than there is in one piece, and be available
 * again a moment later: who finds too little knows that. */
TEST(at_hand, who_has_reserved_is_waited_for)
{
    static struct heap_watch watch = { .low = 1,
                                       .high = NR,
                                       .changed = expect_uncounted };
    struct heap_cpu *other;

    heap();
    smp_set_nr_cpus(2);
    hosted_answer_at_once(true);
    hosted_set_cpu_id(1);
    smp_join();
    other = magazines_here();
    magazines_begin(other);
    EXPECT_EQ(node_reserve(&heap_nodes[0], NR, NR), NR);
    heap_watch(&watch);
    EXPECT(heap_watch_is_low(&watch));
    hosted_set_cpu_id(0);
    EXPECT(magazines_have_any());
    EXPECT(magazines_are_moving(magazines_here()));
    EXPECT(!magazines_are_moving(other));
    reserve_in_vain(&heap_nodes[0], NR);
    magazines_end(other);
    EXPECT(!heap_watch_is_low(&watch));
    EXPECT_EQ(heap_times_hidden(), 1);
    EXPECT(!magazines_have_any());
    EXPECT(!magazines_are_moving(magazines_here()));
    EXPECT_EQ(heap_check(), 0);
}
