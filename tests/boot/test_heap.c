/* SPDX-License-Identifier: MIT */
/* The heap over all of the machine's memory: taken to the last frame, looked
 * at, and given back. */
#include <test.h>

#include <boot/setup.h>
#include <cpu/layout.h>
#include <xen/arch.h>
#include <xen/bits.h>
#include <xen/bootmem.h>
#include <xen/frame_table.h>
#include <xen/numa.h>
#include <xen/page_alloc.h>
#include <xen/printk.h>
#include <xen/string.h>

/* A block that is out; stands in its own first bytes, so it needs no room. */
struct block {
    struct block *next;
    unsigned int order;
    paddr_t address;
};

/* How many blocks a test takes at most of the largest order that it asks for,
 * so that it takes seconds, and little of the host's memory. */
#define MAX_BLOCKS 4096U

/* A test writes into each block that it takes. */
#define MAPPED_LIMIT DIRECT_MAP_SIZE

static paddr_t page_address(struct page_info *pg)
{
    return mfn_to_maddr(page_to_mfn(pg));
}

/* Take blocks of @order below @limit as long as there are any. */
static struct block *take_all(unsigned int order, paddr_t limit,
                              struct block *list)
{
    struct page_info *pg;

    while ((pg = alloc_heap_pages(order, limit, HEAP_NO_SCRUB, NULL)) != NULL) {
        struct block *block = maddr_to_virt(page_address(pg));

        *block = (struct block){ list, order, page_address(pg) };
        list = block;
    }

    return list;
}

/* Take everything there is below @limit, in blocks of 2 MiB and less if they
 * are few enough. Failing is how this ends, and no news. */
static struct block *take_everything(paddr_t limit)
{
    enum log_level level = console_level();
    struct block *list = NULL;
    unsigned int order = 9;

    while (heap_nr_free() >> order > MAX_BLOCKS)
        order++;
    console_set_level(LOG_ERROR);
    for (unsigned int o = order + 1; o-- > 0;)
        list = take_all(o, limit, list);
    console_set_level(level);

    return list;
}

/* Every other block first, so that most of them wait for their buddies. */
static void give_back(struct block *list)
{
    struct block *second = NULL;

    while (list) {
        struct block *first = list, *other = list->next;
        unsigned int order = first->order;

        list = other ? other->next : NULL;
        if (other) {
            other->next = second;
            second = other;
        }
        free_heap_pages(mfn_to_page(maddr_to_mfn(first->address)), order,
                        TLB_NO_DEBT);
    }
    while (second) {
        struct block *block = second;

        second = block->next;
        free_heap_pages(mfn_to_page(maddr_to_mfn(block->address)), block->order,
                        TLB_NO_DEBT);
    }
}

static paddr_t block_end(const struct block *block)
{
    return block->address + (PAGE_SIZE << block->order);
}

/* The reservation that @block overlaps, or NULL. */
static const char *overlapped(const struct block *block)
{
    const struct bootmem_reservation *r;

    for (unsigned int i = 0; (r = bootmem_reservation(i)) != NULL; i++) {
        if (r->start < block_end(block) && r->end > block->address)
            return r->owner;
    }

    return NULL;
}

static void check_place(const struct block *block)
{
    const struct memory_map *map = &boot_state()->map;

    EXPECT(IS_ALIGNED(block->address, PAGE_SIZE << block->order));
    EXPECT(memory_map_is_ram(map, block->address, block_end(block)));
    if (overlapped(block))
        test_fail(__FILE__, __LINE__, "%#lx, order %u, overlaps %s",
                  block->address, block->order, overlapped(block));
}

TEST(live_heap, hands_out_all_that_is_free_and_nothing_that_is_kept)
{
    unsigned long nr_free = heap_nr_free(), nr = 0;
    struct block *list = take_everything(MAPPED_LIMIT);
    unsigned long nr_left = heap_nr_free();

    if (memory_map_ram_end(&boot_state()->map) <= MAPPED_LIMIT)
        EXPECT_EQ(nr_left, 0);
    for (const struct block *b = list; b; b = b->next) {
        check_place(b);
        nr += BIT(b->order);
    }
    EXPECT_EQ(nr + nr_left, nr_free);
    give_back(list);
}

/* The last 8 bytes of a block, which are nobody's but its own. */
static uint64_t *last_word(const struct block *block)
{
    return (uint64_t *)maddr_to_virt(block_end(block)) - 1;
}

/* Were two blocks the same memory, the later mark would show in the first. */
TEST(live_heap, no_two_blocks_are_the_same_memory)
{
    struct block *list = take_everything(MAPPED_LIMIT);

    for (const struct block *b = list; b; b = b->next)
        *last_word(b) = b->address;
    for (const struct block *b = list; b; b = b->next) {
        EXPECT_EQ(*last_word(b), b->address);
        EXPECT(maddr_to_virt(b->address) == (const void *)b);
    }
    give_back(list);
}

TEST(live_heap, merges_back_to_the_shape_it_had)
{
    struct heap_statistics before, after;

    heap_drain();
    heap_statistics(&before);
    give_back(take_everything(MAPPED_LIMIT));
    heap_drain();
    heap_statistics(&after);
    EXPECT_EQ(after.nr_cached, 0);
    for (unsigned int order = 0; order < NR_ORDERS; order++)
        EXPECT_EQ(after.nr_blocks[order], before.nr_blocks[order]);
    EXPECT_EQ(after.nr_free, before.nr_free);
}

/* Look at each @step-th frame below @limit: none may be free. */
static void expect_none_free(paddr_t limit, paddr_t step)
{
    for (paddr_t at = 0; at < limit; at += step) {
        mfn_t mfn = maddr_to_mfn(at);
        unsigned int order;

        EXPECT(!mfn_has_place(mfn) ||
               mfn_eq(heap_block_of(mfn, &order), INVALID_MFN));
    }
}

static void check_limit(paddr_t limit)
{
    struct block *list = take_everything(limit);

    for (const struct block *b = list; b; b = b->next)
        EXPECT(block_end(b) <= limit);
    expect_none_free(limit, ALIGN_UP(limit / 4096, PAGE_SIZE));
    give_back(list);
}

TEST(live_heap, a_limit_of_16_MiB_holds)
{
    check_limit(16UL << 20);
}

TEST(live_heap, a_limit_of_4_GiB_holds)
{
    check_limit(4UL << 30);
}

/* In the middle of blocks of most orders. */
TEST(live_heap, a_limit_that_is_not_aligned_holds)
{
    check_limit((20UL << 20) + 5 * PAGE_SIZE);
}

TEST(live_heap, low_memory_is_used_last)
{
    const struct memory_map *map = &boot_state()->map;
    paddr_t end = memory_map_ram_end(map), tier = 4UL << 30;
    struct page_info *pg;

    heap_drain(); /* what a CPU has at hand may be from anywhere */
    pg = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    REQUIRE(pg != NULL);
    if (end <= tier)
        tier = 16UL << 20;
    /* Of a node that has no other memory it is what there is. */
    if (end > tier + SUPERPAGE_SIZE * 2 &&
        node_of_pdx(mfn_to_pdx(maddr_to_mfn(end - PAGE_SIZE))) ==
            node_of_cpu(arch_cpu_id()))
        EXPECT(page_address(pg) >= tier);
    free_heap_pages(pg, 0, TLB_NO_DEBT);
}
