/* SPDX-License-Identifier: MIT */
/*
 * Grants mapped, unmapped, taken back and closed at once, in every order.
 * "xsa_n" is the number of the advisory whose mistake is tried.
 */
#include <hosted.h>
#include <test.h>
#include <xen/entry_update.h>
#include <xen/page_ref.h>
#include <xen/tlb.h>

#include <asm/contents.h>

#include "../model/granting.h"
#include "explore.h"
#include "points.h"

#define REF 1U

#define HOST   GNTMAP_host_map
#define DEVICE GNTMAP_device_map
#define READ   GNTMAP_readonly

/* What a CPU does, and what has come of it. */
struct part {
    enum { MAP, UNMAP, UNMAP_DEVICE, CLOSE, TAKE_BACK, MAKE_READ_ONLY } what;
    unsigned int flags, slot;
    grant_handle_t handle;
    short status;
};

static struct party *granter, *user;
static struct page_info *frame;
static struct part part[3];
static unsigned int nr_parts;

static void (*prepare)(void), (*judge)(void);

/* When each entry of the user's was last taken away. */
static uint32_t cleared_at[PTES_PER_TABLE];

static uint64_t *granted_entry(void)
{
    return (uint64_t *)frame_contents(granter->shared) + REF;
}

static uint64_t *users_entry(unsigned int slot)
{
    return (uint64_t *)frame_contents(page_to_mfn(user->l1)) + slot;
}

static bool leads_to_frame(unsigned int slot)
{
    uint64_t entry = pv_read(user->l1, slot);

    return entry & PTE_PRESENT &&
           mfn_eq(pv_entry_mfn(entry), page_to_mfn(frame));
}

/* The granter can see that it is over: so it is (G3). */
static void look_at_marks(void)
{
    EXPECT_EQ(pv_count(frame), 1);
    EXPECT_EQ(pv_type_count(frame), 0);
    for (unsigned int slot = 1; slot < PTES_PER_TABLE; slot++) {
        EXPECT(!leads_to_frame(slot));
        for (unsigned int cpu = 0; cpu < nr_parts; cpu++)
            EXPECT(!tlb_may_be_stale(tlb_cpu_flushed(cpu), cleared_at[slot],
                                     tlb_clock_now()));
    }
}

static void look(const void *address)
{
    for (unsigned int slot = 1; slot < PTES_PER_TABLE; slot++)
        if (address == users_entry(slot) && !leads_to_frame(slot))
            cleared_at[slot] = tlb_clock_now();
    if (address == granted_entry() &&
        !(grant_flags(granter, REF) & GTF_reading))
        look_at_marks();
}

/* As the interface says that a guest does it: only while it is not in use. */
static bool change_flags(unsigned int unless, uint64_t keep, uint64_t set)
{
    uint64_t seen = __atomic_load_n(granted_entry(), __ATOMIC_RELAXED);

    return !(seen & unless) && __atomic_compare_exchange_n(
                                   granted_entry(), &seen, (seen & keep) | set,
                                   false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static void act(void)
{
    struct party me = *user;
    struct part *p = &part[arch_cpu_id()];

    me.v = &user->d->vcpu[arch_cpu_id()];
    switch (p->what) {
    case MAP:
        p->status = map_at(&me, granter, REF, p->flags, p->slot, &p->handle);
        break;
    case UNMAP: p->status = unmap_at(&me, p->handle, p->slot); break;
    case UNMAP_DEVICE: p->status = unmap_device(&me, p->handle, frame); break;
    case CLOSE:
        while (grant_table_relinquish(granter->d))
            ;
        break;
    case TAKE_BACK:
        p->status = change_flags(GTF_reading | GTF_writing, 0, 0);
        break;
    case MAKE_READ_ONLY:
        p->status = change_flags(GTF_writing, ~0UL, GTF_readonly);
        break;
    }
}

/* What the last schedule has closed is opened, with a new frame. */
static void open_table(void)
{
    struct gnttab_setup_table setup = { .dom = granter->d->id, .nr_frames = 1 };
    unsigned long *list = (unsigned long *)guest_memory(0) + 64;

    granter->d->grants.closed = false;
    setup.frame_list = (unsigned long *)(guest_address(0) + 64 * sizeof(*list));
    user->d->privileged = true;
    EXPECT_EQ(
        grant_call(user->v, GNTTABOP_setup_table, &setup, sizeof(setup), 1), 0);
    user->d->privileged = false;
    granter->shared = _mfn(*list);
}

static void reset(void)
{
    if (granter->d->grants.closed)
        open_table();
    grant(granter, REF, 0, user->d->id, frame);
    prepare();
}

static grant_handle_t mapped(unsigned int flags, unsigned int slot)
{
    grant_handle_t handle;

    EXPECT_EQ(map_at(user, granter, REF, flags, slot, &handle), GNTST_okay);

    return handle;
}

/* Everything is in order, and all that is left can be unmapped. */
static void check(void)
{
    EXPECT(all_is_well());
    judge();
    EXPECT(all_is_well());
    EXPECT_EQ(pv_count(frame), 1);
    if (!granter->d->grants.closed)
        EXPECT_EQ(grant_flags(granter, REF) & (GTF_reading | GTF_writing), 0);
}

static void run(const char *name, unsigned int nr, void (*before)(void),
                void (*after)(void))
{
    const struct exploration it = { .name = name,
                                    .nr_cpus = nr,
                                    .stops = nr > 2 ? 1 : 2,
                                    .yields = 1,
                                    .reset = reset,
                                    .body = act,
                                    .check = check };

    granting_machine(nr, nr);
    granter = &party[1];
    user = &party[2];
    frame = pv_page(granter->d);
    for (unsigned int cpu = 0; cpu < nr; cpu++)
        pv_run(cpu, &user->d->vcpu[cpu]);
    nr_parts = nr;
    prepare = before;
    judge = after;
    explore_each_step(look);
    EXPECT(explore(&it));
    explore_report(name);
}

static void map_two_of_three(void)
{
    part[0] =
        (struct part){ .what = UNMAP, .slot = 1, .handle = mapped(HOST, 1) };
    part[1] =
        (struct part){ .what = UNMAP, .slot = 2, .handle = mapped(HOST, 2) };
    part[2] = (struct part){ .what = MAP, .flags = HOST, .slot = 3 };
}

static void expect_the_third_mapped(void)
{
    for (unsigned int i = 0; i < 3; i++)
        EXPECT_EQ(part[i].status, GNTST_okay);
    EXPECT_EQ(pv_count(frame), 3);
    EXPECT_EQ(pv_type_count(frame), 2);
    EXPECT_EQ(grant_flags(granter, REF) & GTF_writing, GTF_writing);
    EXPECT_EQ(unmap_at(user, part[2].handle, 3), GNTST_okay);
}

/* XSA-218 and 236: pins and references ended in two steps, in the wrong order.
 */
TEST(explore_grants, xsa_218_and_236_two_unmap_and_one_maps)
{
    run("two unmap, one maps", 3, map_two_of_three, expect_the_third_mapped);
}

static void map_one_for_two(void)
{
    grant_handle_t handle = mapped(HOST, 1);

    part[0] = part[1] =
        (struct part){ .what = UNMAP, .slot = 1, .handle = handle };
}

static void expect_one_of_two(void)
{
    EXPECT((part[0].status == GNTST_okay) != (part[1].status == GNTST_okay));
    EXPECT_EQ(part[0].status + part[1].status, GNTST_bad_handle);
}

TEST(explore_grants, xsa_218_of_two_that_unmap_one_handle_one_does)
{
    run("two unmap one handle", 2, map_one_for_two, expect_one_of_two);
}

/* By the entry of one of them. */
static void map_two_and_name_one(void)
{
    part[0] =
        (struct part){ .what = UNMAP, .slot = 1, .handle = mapped(HOST, 1) };
    part[1] =
        (struct part){ .what = UNMAP, .slot = 1, .handle = mapped(HOST, 2) };
}

static void expect_one_entry_left(void)
{
    unsigned int left = part[0].status ? 0 : 1;

    EXPECT_EQ(part[left].status, GNTST_general_error);
    EXPECT_EQ(part[!left].status, GNTST_okay);
    EXPECT_EQ(pv_count(frame), 3);
    EXPECT_EQ(unmap_at(user, part[left].handle, 2), GNTST_okay);
}

TEST(explore_grants, one_entry_is_the_end_of_one_handle)
{
    run("two handles by one entry", 2, map_two_and_name_one,
        expect_one_entry_left);
}

static void map_both_sides(void)
{
    grant_handle_t handle = mapped(HOST | DEVICE, 1);

    part[0] = (struct part){ .what = UNMAP, .slot = 1, .handle = handle };
    part[1] = (struct part){ .what = UNMAP_DEVICE, .handle = handle };
}

static void expect_all_okay(void)
{
    for (unsigned int i = 0; i < nr_parts; i++)
        EXPECT_EQ(part[i].status, GNTST_okay);
}

/* XSA-394: what the handle held went with the first side. */
TEST(explore_grants, xsa_394_a_side_each)
{
    run("a side each", 2, map_both_sides, expect_all_okay);
}

static void prepare_to_map_two(void)
{
    part[0] = (struct part){ .what = MAP, .flags = HOST | READ, .slot = 1 };
    part[1] = (struct part){ .what = MAP, .flags = HOST | DEVICE, .slot = 2 };
}

static void expect_two_handles(void)
{
    expect_all_okay();
    EXPECT(part[0].handle != part[1].handle);
    EXPECT_EQ(pv_count(frame), 6);
    EXPECT_EQ(pv_type_count(frame), 3);
    EXPECT_EQ(unmap_at(user, part[1].handle, 2), GNTST_okay);
    EXPECT_EQ(unmap_at(user, part[0].handle, 1), GNTST_okay);
    EXPECT_EQ(unmap_device(user, part[1].handle, frame), GNTST_okay);
}

/* XSA-228: of the handles that were free one was given out twice. */
TEST(explore_grants, xsa_228_two_that_map_get_a_handle_each)
{
    run("two map", 2, prepare_to_map_two, expect_two_handles);
}

static void map_to_read_and_to_write(void)
{
    part[0] =
        (struct part){ .what = UNMAP, .slot = 1, .handle = mapped(HOST, 1) };
    part[1] = (struct part){ .what = MAP, .flags = HOST | READ, .slot = 2 };
}

static void expect_the_reader(void)
{
    expect_all_okay();
    EXPECT_EQ(grant_flags(granter, REF) & (GTF_reading | GTF_writing),
              GTF_reading);
    EXPECT_EQ(unmap_at(user, part[1].handle, 2), GNTST_okay);
}

TEST(explore_grants, the_last_writer_goes_as_a_reader_comes)
{
    run("a writer goes, a reader comes", 2, map_to_read_and_to_write,
        expect_the_reader);
}

static void take_back_and_map(void)
{
    part[0] = (struct part){ .what = MAP, .flags = HOST, .slot = 1 };
    part[1] = (struct part){ .what = TAKE_BACK };
}

/* Either it could be taken back, or it is mapped. */
static void expect_one_or_the_other(void)
{
    EXPECT((part[0].status == GNTST_okay) != part[1].status);
    if (part[0].status == GNTST_okay)
        EXPECT_EQ(unmap_at(user, part[0].handle, 1), GNTST_okay);
}

TEST(explore_grants, what_is_taken_back_is_not_mapped)
{
    run("taken back", 2, take_back_and_map, expect_one_or_the_other);
}

static void make_read_only_and_map(void)
{
    take_back_and_map();
    part[1].what = MAKE_READ_ONLY;
}

TEST(explore_grants, what_is_made_read_only_is_not_written)
{
    run("made read-only", 2, make_read_only_and_map, expect_one_or_the_other);
}

static void close_and_map(void)
{
    part[0] = (struct part){ .what = MAP, .flags = HOST | DEVICE, .slot = 1 };
    part[1] = (struct part){ .what = CLOSE };
}

static void close_and_unmap(void)
{
    part[0] =
        (struct part){ .what = UNMAP, .slot = 1, .handle = mapped(HOST, 1) };
    part[1] = (struct part){ .what = CLOSE };
}

static void give_up_shared(void)
{
    struct page_info *shared = mfn_to_page(granter->shared);

    EXPECT(granter->d->grants.pins[0] == NULL);
    pv_write(shared, REF, 0);
    EXPECT_EQ(pv_count(shared), 1);
    EXPECT(get_page(shared, granter->d) && put_page_allocated(shared));
    put_page(shared);
}

static void expect_closed(void)
{
    if (part[0].what == UNMAP) {
        EXPECT_EQ(part[0].status, GNTST_okay);
    } else if (part[0].status == GNTST_okay) {
        EXPECT_EQ(pv_count(frame), 4);
        EXPECT_EQ(unmap_device(user, part[0].handle, frame), GNTST_okay);
        EXPECT_EQ(unmap_at(user, part[0].handle, 1), GNTST_okay);
    } else {
        EXPECT_EQ(part[0].status, GNTST_bad_domain);
    }
    give_up_shared();
}

TEST(explore_grants, a_table_is_closed_while_it_is_used)
{
    run("closed while mapped", 2, close_and_map, expect_closed);
}

TEST(explore_grants, a_table_is_closed_while_it_is_left)
{
    run("closed while unmapped", 2, close_and_unmap, expect_closed);
}
