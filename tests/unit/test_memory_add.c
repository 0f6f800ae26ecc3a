/* SPDX-License-Identifier: MIT */
/* Memory that is plugged in: what joins, what is refused, and what is left when
 * it cannot be done. */
#include "plugged_machine.h"

TEST(memory_add, what_is_plugged_in_is_the_heaps)
{
    unsigned long free, tables = TABLES_OF_GIB + M2P_OF_GIB;
    struct page_info *pg;

    start_machine(1);
    free = heap_nr_free();
    EXPECT(!mfn_has_place(_mfn(FRAMES(ROOM_START))));
    EXPECT_EQ(memory_add(map, ROOM_START, ROOM_START + GIB, NODE_NONE), 0);
    EXPECT(says("joins node 0: 1024 MiB, "));
    EXPECT_EQ(heap_nr_free(), free + FRAMES(GIB - tables));
    EXPECT(mfn_has_place(_mfn(FRAMES(ROOM_START))));
    EXPECT(mfn_has_place(_mfn(FRAMES(ROOM_START + GIB) - 1)));
    EXPECT(!mfn_has_place(_mfn(FRAMES(ROOM_START + GIB))));
    expect_sound();

    pg = alloc_heap_pages(17, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    REQUIRE(pg != NULL);
    EXPECT_EQ(mfn_x(page_to_mfn(pg)), FRAMES(ROOM_START));
    m2p_set(page_to_mfn(pg), 5);
    EXPECT_EQ(m2p_get(page_to_mfn(pg)), 5);
    EXPECT_EQ(m2p_get(mfn_add(page_to_mfn(pg), 1)), M2P_INVALID);
    m2p_set(page_to_mfn(pg), M2P_INVALID);
    free_heap_pages(pg, 17, TLB_NO_DEBT);
    expect_sound();
}

TEST(memory_add, the_map_says_ram_where_there_was_room)
{
    start_machine(1);
    EXPECT_EQ(map->nr, 2);
    EXPECT_EQ(memory_add(map, ROOM_START + GIB, ROOM_START + 2 * GIB, 0), 0);
    EXPECT_EQ(map->nr, 4);
    EXPECT_EQ(map->range[1].kind, MEMORY_ROOM);
    EXPECT_EQ(map->range[2].kind, MEMORY_RAM);
    EXPECT_EQ(map->range[2].reason, REASON_PLUGGED);
    EXPECT_EQ(map->range[3].kind, MEMORY_ROOM);
    EXPECT(memory_is_ram(map, ROOM_START + GIB, ROOM_START + 2 * GIB));

    /* Neighbours are one. */
    EXPECT_EQ(memory_add(map, ROOM_START, ROOM_START + GIB, 0), 0);
    EXPECT_EQ(map->nr, 3);
    EXPECT_EQ(memory_add(map, ROOM_START + 2 * GIB, ROOM_END, 0), 0);
    EXPECT_EQ(map->nr, 2);
    EXPECT_EQ(memory_map_size(map, MEMORY_ROOM), 0);
    expect_sound();
}

/* On the node that it is plugged into, or that firmware has for the room. */
TEST(memory_add, it_is_of_its_node)
{
    struct heap_node_statistics s;
    unsigned long frames[2];
    struct page_info *pg;

    start_machine(2);
    frames[0] = node_nr_frames(0);
    frames[1] = node_nr_frames(1);
    EXPECT_EQ(numa_node_of_domain(0), 0);
    EXPECT_EQ(numa_node_of_domain(7), 1);
    EXPECT_EQ(numa_node_of_domain(1), NODE_NONE);
    EXPECT_EQ(memory_add(map, ROOM_START, ROOM_START + GIB, 0), 0);
    EXPECT_EQ(node_nr_frames(0), frames[0] + FRAMES(GIB));
    EXPECT_EQ(
        memory_add(map, ROOM_START + GIB, ROOM_START + 3 * GIB, NODE_NONE), 0);
    EXPECT_EQ(node_nr_frames(1), frames[1] + FRAMES(2 * GIB));
    expect_sound();

    for (unsigned int node = 0; node < 2; node++) {
        heap_node_statistics(node, &s);
        EXPECT(s.nr_free > FRAMES(GIB));
        pg = alloc_heap_pages(17, HEAP_NO_LIMIT,
                              HEAP_NO_SCRUB | HEAP_EXACT_NODE | HEAP_NODE(node),
                              NULL);
        REQUIRE(pg != NULL);
        EXPECT_EQ(node_of_pdx(page_to_pdx(pg)), node);
        EXPECT(mfn_x(page_to_mfn(pg)) >= FRAMES(ROOM_START));
        free_heap_pages(pg, 17, TLB_NO_DEBT);
    }
    expect_sound();
}

/* Its entries lie in it, so on its node, whatever others have. */
TEST(memory_add, its_entries_are_its_own_memorys)
{
    start_machine(2);
    while (alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL))
        continue;
    EXPECT_EQ(memory_add(map, ROOM_START, ROOM_START + GIB, 0), 0);
    EXPECT_STR(bootmem_owner(_mfn(FRAMES(ROOM_START + GIB) - 1)),
               "entries of added RAM");
    EXPECT(bootmem_owner(_mfn(FRAMES(ROOM_START))) == NULL);
    EXPECT_EQ(heap_nr_free(), FRAMES(GIB - TABLES_OF_GIB - M2P_OF_GIB));
    expect_sound();
}

static void expect_refused(paddr_t start, paddr_t end, unsigned int node,
                           int rc, const char *why)
{
    static struct memory_map before;
    unsigned long free = heap_nr_free();

    before = *map;
    hosted_console_clear();
    EXPECT_EQ(memory_add_check(map, start, end, node), rc);
    EXPECT_EQ(memory_add(map, start, end, node), rc);
    if (!says(why) || !says("cannot be added"))
        test_fail(__FILE__, __LINE__, "no \"%s\" in: %s", why,
                  hosted_console());
    EXPECT(memcmp(&before, map, sizeof(before)) == 0);
    EXPECT_EQ(heap_nr_free(), free);
    expect_sound();
}

TEST(memory_add, what_cannot_join_is_refused_and_the_log_says_why)
{
    const paddr_t a = ROOM_START, b = ROOM_START + GIB;

    start_machine(2);
    EXPECT_EQ(memory_add(map, a, b, 0), 0);
    expect_refused(b + PAGE_SIZE, b + GIB, 0, -EINVAL, "multiple of 2 MiB");
    expect_refused(b, b + GIB + PAGE_SIZE, 0, -EINVAL, "multiple of 2 MiB");
    expect_refused(b, b, 0, -EINVAL, "multiple of 2 MiB");
    expect_refused(b + GIB, b, 0, -EINVAL, "multiple of 2 MiB");
    expect_refused(b, PADDR_MAX + SUPERPAGE_SIZE, 0, -EINVAL,
                   "multiple of 2 MiB");
    expect_refused(a, b, 0, -EEXIST, "at 0x100000000 is RAM (plugged in)");
    expect_refused(b - SUPERPAGE_SIZE, b + GIB, 0, -EEXIST, "is RAM");
    expect_refused(ROOM_END - GIB, ROOM_END + GIB, 0, -ENOSPC, "no room");
    expect_refused(2 * GIB, 3 * GIB, 0, -ENOSPC, "no room");
    expect_refused(0, SUPERPAGE_SIZE, 0, -ENOSPC, "no room");
    expect_refused(SUPERPAGE_SIZE, 2 * SUPERPAGE_SIZE, 0, -EEXIST,
                   "is RAM (firmware says so)");
    expect_refused(b, b + GIB, 2, -EINVAL, "of none that is known");
    expect_refused(b, b + TABLES_OF_GROUP + M2P_OF_GIB, 0, -EINVAL,
                   "its entries would take all of it");
}

TEST(memory_add, what_is_neither_ram_nor_room_is_named)
{
    start_machine(1);
    memory_map_drop_room(map);
    map->range[map->nr++] =
        (struct memory_range){ ROOM_START, ROOM_START + GIB, MEMORY_RESERVED,
                               REASON_OVERLAP };
    expect_refused(ROOM_START, ROOM_START + GIB, 0, -EINVAL,
                   "at 0x100000000 is reserved (entries overlap");
}

TEST(memory_add, a_map_without_space_for_ranges_takes_none)
{
    start_machine(1);
    while (map->nr + 2 <= MEMORY_MAP_MAX_RANGES) {
        paddr_t start = ROOM_END + map->nr * GIB;

        map->range[map->nr++] =
            (struct memory_range){ start, start + 1, MEMORY_RESERVED,
                                   REASON_FIRMWARE };
    }
    expect_refused(ROOM_START, ROOM_START + GIB, 0, -ENOSPC, "too many ranges");
}

/* Of domains 0 and 7, each half of it, and nobody says which. */
TEST(memory_add, what_is_of_two_nodes_needs_a_word_which)
{
    static const struct ram ram[] = { { 1, FRAMES(RAM_END) - 1 } };
    static const struct ram room[] = { { FRAMES(ROOM_START), FRAMES(GIB) } };
    static char for_auditor[64 << 10] __aligned(16);
    struct srat *srat = fake_srat();

    audit_lend(for_auditor, sizeof(for_auditor));
    map = small_machine_with_room(ram, 1, room, 1);
    srat_begin(srat);
    srat_add_memory(srat, 0, ROOM_START + GIB / 2, 0, false);
    srat_add_memory(srat, ROOM_START + GIB / 2, GIB / 2, 7, true);
    numa_init(map, srat);
    heap_add(_mfn(ram[0].start), ram[0].nr);
    expect_refused(ROOM_START, ROOM_START + GIB, NODE_NONE, -EINVAL,
                   "of several nodes");
    EXPECT_EQ(memory_add(map, ROOM_START, ROOM_START + GIB, 1), 0);
    expect_sound();
}

/* Whichever mapping fails, what was mapped before it is no longer. */
TEST(memory_add, when_a_mapping_fails_nothing_is_left)
{
    start_machine(1);
    for (unsigned int nr = 0; nr < 2; nr++) {
        unsigned long unmapped = hosted_nr_unmapped();

        hosted_fail_map_after(nr);
        hosted_console_clear();
        EXPECT_EQ(memory_add_check(map, ROOM_START, ROOM_START + GIB, 0), 0);
        EXPECT_EQ(memory_add(map, ROOM_START, ROOM_START + GIB, 0), -ENOMEM);
        EXPECT(says("no memory for page tables"));
        EXPECT_EQ(hosted_nr_unmapped() - unmapped,
                  FRAMES(M2P_OF_GIB + nr * TABLES_OF_GIB));
        EXPECT(!mfn_has_place(_mfn(FRAMES(ROOM_START))));
        EXPECT_EQ(map->nr, 2);
        EXPECT_EQ(node_nr_frames(0), FRAMES(RAM_END) - 1);
        expect_sound();
    }
    hosted_fail_map_after(2);
    EXPECT_EQ(memory_add(map, ROOM_START, ROOM_START + GIB, 0), 0);
    expect_sound();
}

/* badpage= may name frames that there are not yet. */
TEST(memory_add, what_is_reserved_there_stays_with_who_reserved_it)
{
    const paddr_t bad = ROOM_START + GIB - SUPERPAGE_SIZE;
    unsigned long free, tables = TABLES_OF_GIB + M2P_OF_GIB;
    unsigned int order;

    EXPECT_EQ(bootmem_reserve(bad, bad + 1, "bad"), 0);
    EXPECT_EQ(bootmem_reserve(ROOM_START + 5, ROOM_START + 6, "worse"), 0);
    EXPECT_EQ(bootmem_reserve(ROOM_START + 3 * PAGE_SIZE + 5,
                              ROOM_START + 4 * PAGE_SIZE + 1, "worst"),
              0);
    start_machine(1);
    free = heap_nr_free();
    EXPECT_EQ(memory_add(map, ROOM_START, ROOM_START + GIB, 0), 0);
    EXPECT_EQ(heap_nr_free(), free + FRAMES(GIB - tables) - 4);
    for (unsigned long i = 0; i < 6; i++)
        EXPECT_EQ(mfn_eq(heap_block_of(_mfn(FRAMES(ROOM_START) + i), &order),
                         INVALID_MFN),
                  i != 1 && i != 2 && i != 5);
    EXPECT(mfn_eq(heap_block_of(_mfn(FRAMES(bad)), &order), INVALID_MFN));
    EXPECT(!mfn_eq(heap_block_of(_mfn(FRAMES(bad) + 1), &order), INVALID_MFN));
    EXPECT_STR(bootmem_owner(_mfn(FRAMES(bad))), "bad");
    expect_sound();
}

TEST(memory_add, so_much_reserved_that_there_is_no_place_for_its_entries)
{
    for (paddr_t at = ROOM_START; at < ROOM_START + GIB; at += 8 * MIB)
        EXPECT_EQ(bootmem_reserve(at, at + 1, "in the way"), 0);
    start_machine(1);
    hosted_console_clear();
    EXPECT_EQ(memory_add(map, ROOM_START, ROOM_START + GIB, 0), -EINVAL);
    EXPECT(says("too much of it is reserved"));
    expect_sound();
}
