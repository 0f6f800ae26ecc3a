/* SPDX-License-Identifier: MIT */
/* The machine, its state, and what must be true of it. */
#include <stdio.h>

#include <hosted.h>
#include <test.h>
#include <x86/pte.h>
#include <xen/audit.h>
#include <xen/bug.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>
#include <xen/relinquish.h>
#include <xen/smp.h>

#include <asm/contents.h>

#include "../model/small_machine.h"
#include "../model/some_cpus.h"
#include "explore.h"
#include "pieces.h"
#include "stage.h"

#define NR_SEEN      (1UL << 20) /* a power of 2 */
#define TABLE_BYTES  (PTES_PER_TABLE * sizeof(uint64_t))
#define GUEST_VCPUS  (STAGE_CPUS + 1)
#define MAX_PATIENCE 1000U

_Static_assert(STAGE_STATES <= KEPT_STATES && STAGE_FRAMES + 8 <= MAX_PIECES,
               "more than can be kept");

struct domain *guest, *other;

static unsigned int first_compared; /* piece */
static const char *name_of[STAGE_FRAMES];
static unsigned long nr_free_at_first;
static bool guest_is_gone;

static struct page_info *first_page(void)
{
    return mfn_to_page(_mfn(STAGE_FIRST));
}

/* Domains are in frames, the rest of which nobody looks at. */
static void add_domain(struct domain *d, unsigned int nr_vcpus)
{
    piece_add(d, sizeof(*d) + nr_vcpus * sizeof(struct vcpu));
}

/* What leads to the domains by their numbers is at the start of a frame. */
static void add_tables_of_domains(void)
{
    for (unsigned int i = 0; i < STAGE_FRAMES; i++) {
        mfn_t mfn = _mfn(STAGE_FIRST + i);
        unsigned int order;

        if (mfn_eq(heap_block_of(mfn, &order), INVALID_MFN))
            piece_add(frame_contents(mfn), 8 * sizeof(struct domain *));
    }
}

static void add_pieces(void)
{
    pieces_add_core();
    add_tables_of_domains();
    first_compared = nr_pieces;
    piece_add(first_page(), STAGE_FRAMES * sizeof(struct page_info));
    add_domain(guest, GUEST_VCPUS);
    add_domain(other, 1);
    add_domain(dom_io, 0);
    add_domain(dom_xen, 0);
}

struct vcpu *stage_spare_vcpu(void)
{
    return &guest->vcpu[GUEST_VCPUS - 1];
}

/* All at once, however often it is interrupted. */
static void destroy(struct domain *d)
{
    unsigned int patience = 0;

    domain_pause(d);
    while (domain_destroy(d) && patience++ < MAX_PATIENCE)
        ;
    EXPECT(patience < MAX_PATIENCE);
}

/* What a CPU has for the heap's use from the first time on is not state. */
static void begin_to_use_heap(unsigned int nr)
{
    for (unsigned int cpu = 0; cpu < nr; cpu++) {
        hosted_set_cpu_id(cpu);
        free_heap_pages(alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL),
                        0, TLB_NO_DEBT);
    }
    hosted_set_cpu_id(0);
    heap_drain();
}

void stage_build(unsigned int nr)
{
    static const struct ram ram[] = { { STAGE_FIRST, STAGE_FRAMES } };
    static char memory_of_audit[16 << 10];

    BUG_ON(nr > STAGE_CPUS);
    some_cpus(nr);
    small_machine_heap(ram, 1);
    hosted_arena_init();
    begin_to_use_heap(nr);
    audit_lend(memory_of_audit, sizeof(memory_of_audit));
    BUG_ON(domains_init());
    /* What leads to a domain by its number stays. */
    BUG_ON(domain_create(1, 1, 0, &guest));
    destroy(guest);
    nr_free_at_first = heap_nr_free();
    BUG_ON(domain_create(1, GUEST_VCPUS, STAGE_FRAMES, &guest));
    BUG_ON(domain_create(2, 1, STAGE_FRAMES, &other));
    other->privileged = true;
    for (unsigned int cpu = 0; cpu < nr; cpu++) {
        hosted_set_cpu_id(cpu);
        BUG_ON(vcpu_enter(&guest->vcpu[cpu]));
    }
    hosted_set_cpu_id(0);
    add_pieces();
    stage_watch();
    explore_names(stage_name);
}

/* Of its contents only what a table of few entries has is state. */
struct page_info *stage_page(struct domain *d, const char *name)
{
    struct page_info *pg = alloc_domheap_pages(d, 0, HEAP_NO_LIMIT, 0);

    BUG_ON(!pg);
    name_of[pg - first_page()] = name;
    piece_add(frame_contents(page_to_mfn(pg)), TABLE_BYTES);

    return pg;
}

void stage_keep(unsigned int n)
{
    pieces_keep(n);
}

void stage_put_back(unsigned int n)
{
    pieces_put_back(n);
    guest_is_gone = false;
    hosted_console_clear();
    stage_fill_tlbs();
}

static uint64_t mix(uint64_t lane, uint64_t word)
{
    lane = (lane ^ word) * 0x9e3779b97f4a7c15;

    return lane ^ lane >> 32;
}

/* In four lanes, as each step waits for the one before. */
static uint64_t hash_of_state(void)
{
    uint64_t a = 1, b = 2, c = 3, d = 4;

    for (unsigned int i = first_compared; i < nr_pieces; i++) {
        const uint64_t *word = piece[i].start;
        const uint64_t *end = word + piece[i].size / sizeof(*word);

        for (; end - word >= 4; word += 4) {
            a = mix(a, word[0]);
            b = mix(b, word[1]);
            c = mix(c, word[2]);
            d = mix(d, word[3]);
        }
        while (word < end)
            a = mix(a, *word++);
    }

    return mix(mix(mix(a, b), c), d) | 1;
}

bool stage_is_new(void)
{
    static uint64_t seen[NR_SEEN];
    static unsigned long nr_seen;
    uint64_t hash = hash_of_state();
    unsigned long i = hash % NR_SEEN;

    while (seen[i] != 0 && seen[i] != hash)
        i = (i + 1) % NR_SEEN;
    if (seen[i] == hash)
        return false;
    if (nr_seen++ < NR_SEEN / 2)
        seen[i] = hash;

    return true;
}

void stage_check(void)
{
    EXPECT_EQ(audit_heap(), 0);
}

void stage_destroy_guest(void)
{
    do {
        if (domain_destroy(guest) == 0) {
            guest_is_gone = true;
            return;
        }
    } while (explore_choose(2) == 0);
}

void stage_strike(void)
{
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++) {
        hosted_set_cpu_id(cpu);
        vcpu_leave();
    }
    hosted_set_cpu_id(0);
    if (!guest_is_gone)
        destroy(guest);
    destroy(other);
    EXPECT_EQ(audit_heap(), 0);
    EXPECT_EQ(heap_nr_free(), nr_free_at_first);
}

static const char *part_of_page(size_t offset)
{
    if (offset == offsetof(struct page_inuse, count_info))
        return "count_info";
    if (offset == offsetof(struct page_inuse, type_info))
        return "type_info";
    if (offset == offsetof(struct page_inuse, owner))
        return "owner";

    return "progress or time";
}

void stage_name(const void *address, char *text, size_t size)
{
    size_t in_table =
        (size_t)((const char *)address - (const char *)first_page());
    size_t in_arena = (size_t)((const char *)address - hosted_arena);
    unsigned long frame = in_arena / PAGE_SIZE - STAGE_FIRST;

    if (in_table < STAGE_FRAMES * sizeof(struct page_info)) {
        frame = in_table / sizeof(struct page_info);
        snprintf(text, size, "%s of %s, now %#lx",
                 part_of_page(in_table % sizeof(struct page_info)),
                 name_of[frame] ? name_of[frame] : "?",
                 *(const unsigned long *)address);
    } else if (frame < STAGE_FRAMES) {
        snprintf(text, size, "entry %lu of %s",
                 in_arena % PAGE_SIZE / sizeof(uint64_t),
                 name_of[frame] ? name_of[frame] : "?");
    } else {
        snprintf(text, size, "%p", address);
    }
}
