/* SPDX-License-Identifier: MIT */
/* What the monitor answers about domains, and about frames that they own. */
#include <stdio.h>
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/m2p.h>
#include <xen/memory_map.h>
#include <xen/monitor.h>
#include <xen/page_alloc.h>

#include "../model/sound_machine.h"

static struct sound_machine m;
static struct memory_map map;
static const struct monitor_view view = { .map = &map };

static void expect_said(int line, const char *part)
{
    if (!strstr(said(), part))
        test_fail(__FILE__, line, "no \"%s\" in: %s", part, said());
}

#define EXPECT_ANSWER(command, part)                                           \
    do {                                                                       \
        char line_[] = command;                                                \
                                                                               \
        listen();                                                              \
        monitor_command(&view, line_);                                         \
        expect_said(__LINE__, part);                                           \
    } while (0)

#define EXPECT_FRAME(pg, part)                                                 \
    do {                                                                       \
        listen();                                                              \
        monitor_show_frame(&map, page_to_mfn(pg));                             \
        expect_said(__LINE__, part);                                           \
    } while (0)

TEST(monitor_domains, before_there_are_domains_there_are_none)
{
    EXPECT_ANSWER("domains", "domains none");
}

TEST(monitor_domains, each_is_shown_with_what_it_has)
{
    char line[64];

    m = sound_machine();
    snprintf(line, sizeof(line), "d1      alive, %lu frames of at most",
             m.d->nr_pages);
    EXPECT_ANSWER("domains", line);
    EXPECT_ANSWER("domains", " and 1 extra, 2 references\n");
    EXPECT_ANSWER("domains", "d2      alive, privileged, 1 frames");
    EXPECT_ANSWER("domains", "alive, of devices, 0 frames and 0 extra");
    EXPECT_ANSWER("domains", "alive, of the hypervisor,");
    domain_pause(m.d);
    EXPECT_ANSWER("domains", "d1      paused");
    m.other->state = DOMAIN_DYING;
    EXPECT_ANSWER("domains", "d2      dying");
}

TEST(monitor_domains, each_vcpu_is_shown_with_what_it_holds)
{
    char line[96];

    m = sound_machine();
    snprintf(
        line, sizeof(line),
        "  vcpu 0   waits, kernel's base mfn %#lx, descriptors in 0 frames",
        mfn_x(page_to_mfn(m.root)));
    EXPECT_ANSWER("domains", line);
    EXPECT_ANSWER("domains", "  vcpu 1   waits, descriptors in 0 frames\n");
    m.v->deferred = (struct page_holder){ m.partial, HOLD_HALF };
    snprintf(line, sizeof(line), ", put off mfn %#lx (half)",
             mfn_x(page_to_mfn(m.partial)));
    EXPECT_ANSWER("domains", line);
    pv_run(0, m.v);
    EXPECT_ANSWER("domains", "  vcpu 0   runs, ");
}

TEST(monitor_domains, the_audit_says_whether_all_is_well)
{
    m = sound_machine();
    EXPECT_ANSWER("audit", "audit   every invariant holds\n");
    m.plain->count_info++;
    EXPECT_ANSWER("audit", "I1 is broken at frame");
    EXPECT_ANSWER("audit", "audit   breaks I1\n");
    m.plain->count_info--;
    while (alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL))
        ;
    audit_lend(NULL, 0);
    EXPECT_ANSWER("audit", "audit   not possible: no memory");
}

TEST(monitor_domains, a_frame_is_shown_with_owner_type_and_counts)
{
    m = sound_machine();
    EXPECT_FRAME(m.leaf, "in use: count 3, owner d1, allocated, mapped by");
    EXPECT_FRAME(m.leaf, "type    writable: count 1, valid\n");
    EXPECT_FRAME(m.extra, "owner d1, allocated, extra\n");
    EXPECT_FRAME(m.pinned, "type    L3 table: count 1, valid, pinned\n");
    EXPECT_FRAME(m.partial, "type    L3 table: count 1, partial\n");
    EXPECT_FRAME(m.partial, "partial up to entry 0, which is half taken\n");
    EXPECT_FRAME(m.plain, "name    0xffffffffffffffff\n");
    m2p_set(page_to_mfn(m.plain), 0x123);
    EXPECT_FRAME(m.plain, "name    0x123\n");
}
