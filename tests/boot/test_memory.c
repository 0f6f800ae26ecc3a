/* SPDX-License-Identifier: MIT */
/* The machine's real memory: what is kept, and what the frame table knows. */
#include <test.h>

#include <boot/setup.h>
#include <cpu/image.h>
#include <cpu/layout.h>
#include <xen/bits.h>
#include <xen/bootmem.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/machine.h>
#include <xen/memory_add.h>
#include <xen/numa.h>
#include <xen/page_alloc.h>
#include <xen/string.h>

/* So much room is tried to be filled; its end is no DIMM's, where it is. */
#define PLUGGED (512UL << 20)

static bool is_free(mfn_t mfn)
{
    unsigned int order;

    return mfn_has_place(mfn) &&
           !mfn_eq(heap_block_of(mfn, &order), INVALID_MFN);
}

/* Is all of [@start, @end) kept for somebody, and not in the heap? */
static bool is_kept(paddr_t start, paddr_t end)
{
    for (paddr_t at = start & PAGE_MASK; at < end; at += PAGE_SIZE) {
        if (!bootmem_owner(maddr_to_mfn(at)) || is_free(maddr_to_mfn(at)))
            return false;
    }

    return true;
}

TEST(memory, the_frame_table_agrees_with_the_map)
{
    EXPECT_EQ(frame_table_check(&boot_state()->map), 0);
}

TEST(memory, the_boot_allocators_books_are_in_order)
{
    EXPECT_EQ(bootmem_check(), 0);
    EXPECT_EQ(bootmem_nr_free(), 0);
}

static bool group_has_ram(mfn_t first)
{
    return memory_map_touches_ram(
        &boot_state()->map, mfn_to_maddr(first),
        mfn_to_maddr(mfn_add(first, FRAMES_PER_GROUP)));
}

/* Groups one by one past the end of RAM, then at each power of two. */
TEST(memory, frames_have_a_place_where_there_is_ram_and_nowhere_else)
{
    mfn_t end = maddr_to_mfn(memory_map_ram_end(&boot_state()->map));
    unsigned long group, nr = mfn_x(end) / FRAMES_PER_GROUP + 64;

    if (nr > 8192)
        nr = 8192;
    for (group = 0; group < nr; group++) {
        mfn_t mfn = _mfn(group * FRAMES_PER_GROUP);

        EXPECT_EQ(mfn_has_place(mfn), group_has_ram(mfn));
        EXPECT_EQ(mfn_has_place(mfn_add(mfn, FRAMES_PER_GROUP - 1)),
                  group_has_ram(mfn));
    }
    for (unsigned int bit = lowest_bit(FRAMES_PER_GROUP); bit < BITS_PER_LONG;
         bit++)
        EXPECT_EQ(mfn_has_place(_mfn(BIT(bit))),
                  bit < PADDR_BITS - PAGE_SHIFT &&
                      group_has_ram(_mfn(BIT(bit))));
    EXPECT(!mfn_has_place(INVALID_MFN));
}

TEST(memory, the_image_lies_in_ram_and_is_kept)
{
    paddr_t start = image_maddr(image_start), end = image_maddr(image_end);

    EXPECT(memory_map_is_ram(&boot_state()->map, start, end));
    EXPECT(is_kept(start, end));
    EXPECT_STR(bootmem_owner(maddr_to_mfn(start)), "image");
}

TEST(memory, the_first_frame_video_memory_and_rom_are_kept)
{
    EXPECT(is_kept(0, PAGE_SIZE));
    EXPECT(is_kept(0xa0000, 0x100000));
}

TEST(memory, what_the_loader_told_is_kept)
{
    const struct boot_info *info = &boot_state()->info;

    EXPECT(info->nr_extents > 0);
    for (unsigned int i = 0; i < info->nr_extents; i++)
        EXPECT(is_kept(info->extent[i].start, info->extent[i].end));
}

static bool is_in_use(const struct boot_module *module)
{
    return module->end > module->start &&
           memory_map_is_ram(&boot_state()->map, module->start & PAGE_MASK,
                             ALIGN_UP(module->end, PAGE_SIZE));
}

/* tests/boot/boots.py hands over a file of this sentence, again and again. */
static const char sentence[] = "a module of more than a page ";

static void check_contents(const struct boot_module *module)
{
    const char *at = maddr_to_virt(module->start);
    size_t size = module->end - module->start, length = strlen(sentence);

    if (size < length || memcmp(at, sentence, length) != 0)
        return;
    for (size_t i = 0; i < size; i++) {
        if (at[i] != sentence[i % length]) {
            test_fail(__FILE__, __LINE__, "byte %zu of %s has changed", i,
                      module->name);
            return;
        }
    }
}

TEST(memory, modules_are_kept_and_hold_what_they_held)
{
    const struct boot_info *info = &boot_state()->info;

    for (unsigned int i = 0; i < info->nr_modules; i++) {
        if (!is_in_use(&info->module[i]))
            continue;
        EXPECT(is_kept(info->module[i].start, info->module[i].end));
        check_contents(&info->module[i]);
    }
}

/* There is room for it, but nothing is plugged in there. */
TEST(memory, what_keeps_nothing_cannot_be_added)
{
    struct memory_map *map = (struct memory_map *)&boot_state()->map;
    unsigned int nr = map->nr, i = nr;

    while (i > 0 && map->range[i - 1].kind != MEMORY_ROOM)
        i--;
    if (i == 0 || map->range[i - 1].end - map->range[i - 1].start < PLUGGED)
        return;
    EXPECT_EQ(memory_add(map, map->range[i - 1].end - PLUGGED,
                         map->range[i - 1].end, NODE_NONE),
              -EFAULT);
    EXPECT_EQ(map->nr, nr);
    EXPECT(!mfn_has_place(maddr_to_mfn(map->range[i - 1].end - 1)));
    EXPECT_EQ(frame_table_check(map), 0);
}

TEST(memory, mem_leaves_nothing_above_it)
{
    paddr_t limit = boot_state()->options.mem;
    struct page_info *pg =
        alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);

    REQUIRE(pg != NULL);
    EXPECT(memory_map_ram_end(&boot_state()->map) <= limit);
    EXPECT(mfn_to_maddr(page_to_mfn(pg)) < limit);
    free_heap_pages(pg, 0, TLB_NO_DEBT);
}
