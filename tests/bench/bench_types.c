/* SPDX-License-Identifier: MIT */
/*
 * usage: bench_types MACHINE_MIB DOMAIN_MIB
 *
 * Does each operation of the type system a few times, in a function of its own,
 * so that callgrind can count it: measured_*(). A domain owns so much of so
 * large a machine, and the frames that are used lie all over it.
 */
#include <stdio.h>
#include <stdlib.h>

#include <hosted.h>
#include <public/xen.h>
#include <xen/bug.h>
#include <xen/domheap.h>
#include <xen/hypercall.h>
#include <xen/page_alloc.h>
#include <xen/page_ref.h>
#include <xen/page_table.h>

#include <asm/contents.h>

#include "bench_types.h"

#define NR_L2     4U
#define NR_L1     32U /* of all */
#define NR_LEAVES (NR_L1 * PTES_PER_TABLE)
#define NR_BATCH  256U

#define GUEST_ARGUMENTS 0x10000UL /* an address of the guest's */

static struct domain *domain;
static unsigned long nr_frames, nr_taken;
static struct page_info **owned;
static struct page_info *l4, *l3, *l2[NR_L2], *l1[NR_L1];

static union {
    struct mmuext_op op;
    struct mmu_update update[NR_BATCH];
} arguments;

/* Far apart: a step that is prime to the number of frames, which is even. */
static struct page_info *frame(unsigned long i)
{
    return owned[i * 7919 % nr_frames];
}

static struct page_info *take_frame(void)
{
    BUG_ON(nr_taken == nr_frames);

    return frame(nr_taken++);
}

static uint64_t entry_of(const struct page_info *pg, uint64_t flags)
{
    return mfn_to_maddr(page_to_mfn(pg)) | flags;
}

static uint64_t *slots_of(const struct page_info *table)
{
    return frame_contents(page_to_mfn(table));
}

#define LEAF  (PTE_PRESENT | PTE_USER | PTE_WRITABLE | PTE_ACCESSED)
#define TABLE LEAF

static void build_domain(unsigned long mib)
{
    BUG_ON(domains_init());
    BUG_ON(domain_create(1, 1, ~0UL, &domain));
    nr_frames = mib << (20 - PAGE_SHIFT);
    owned = calloc(nr_frames, sizeof(struct page_info *));
    BUG_ON(!owned);
    for (unsigned long i = 0; i < nr_frames; i += SUPERPAGE_FRAMES) {
        struct page_info *pg = alloc_heap_pages(SUPERPAGE_ORDER, CONTENTS_LIMIT,
                                                HEAP_NO_SCRUB, NULL);

        BUG_ON(!pg || assign_pages(domain, pg, SUPERPAGE_ORDER, 0));
        for (unsigned long j = 0; j < SUPERPAGE_FRAMES; j++)
            owned[i + j] = pg + j;
    }
}

static void build_tree(void)
{
    l4 = take_frame();
    l3 = take_frame();
    slots_of(l4)[3] = entry_of(l3, TABLE);
    for (unsigned int i = 0; i < NR_L2; i++) {
        l2[i] = take_frame();
        slots_of(l3)[i] = entry_of(l2[i], TABLE);
    }
    for (unsigned int i = 0; i < NR_L1; i++) {
        l1[i] = take_frame();
        slots_of(l2[i % NR_L2])[i] = entry_of(l1[i], TABLE);
        for (unsigned int j = 0; j < PTES_PER_TABLE; j++)
            slots_of(l1[i])[j] = entry_of(take_frame(), LEAF);
    }
}

static void call(unsigned long number, unsigned long nr)
{
    struct hypercall c = {
        .number = number,
        .argument = { GUEST_ARGUMENTS, nr, 0, DOMID_SELF },
    };

    hypercall(&c);
    BUG_ON(c.restart || c.result != 0);
}

static void prepare_mmuext(unsigned int command, const struct page_info *pg)
{
    arguments.op.cmd = command;
    arguments.op.arg1.mfn = mfn_x(page_to_mfn(pg));
}

/* Let the first table's entries lead to what those of @other do, from its entry
 * @shift on. */
static void prepare_updates(const struct page_info *other, unsigned int shift,
                            uint64_t flags)
{
    for (unsigned int i = 0; i < NR_BATCH; i++) {
        arguments.update[i].ptr =
            mfn_to_maddr(page_to_mfn(l1[0])) + i * PTE_SIZE;
        arguments.update[i].val =
            (slots_of(other)[i + shift] & PTE_ADDRESS) | flags;
    }
}

static struct page_holder holder;

void measured_nothing(void)
{
    asm volatile("");
}

void measured_l1_first(void)
{
    BUG_ON(get_page_table(&holder, 1));
}

void measured_l1_validate(void)
{
    BUG_ON(get_page_table(&holder, 1));
}

void measured_l1_devalidate(void)
{
    BUG_ON(put_holder(&holder));
}

void measured_l4_pin(void)
{
    call(__HYPERVISOR_mmuext_op, 1);
}

void measured_l4_unpin(void)
{
    call(__HYPERVISOR_mmuext_op, 1);
}

void measured_mmu_update_batch(void)
{
    call(__HYPERVISOR_mmu_update, NR_BATCH);
}

void measured_mmu_update_last(void)
{
    call(__HYPERVISOR_mmu_update, NR_BATCH);
}

void measured_mmu_update_flags(void)
{
    call(__HYPERVISOR_mmu_update, NR_BATCH);
}

#define NR_TIMES 4U

static void hold(struct page_info *table)
{
    BUG_ON(!get_page(table, domain));
    holder = (struct page_holder){ table, HOLD_READ_ONLY };
}

/* A frame fresh from the heap takes a moment more, once: let each be used. */
static void use_once(void)
{
    for (unsigned int i = 0; i < NR_TIMES; i++) {
        hold(l1[i]);
        measured_l1_first();
        BUG_ON(put_holder(&holder));
    }
    prepare_mmuext(MMUEXT_PIN_L4_TABLE, l4);
    call(__HYPERVISOR_mmuext_op, 1);
    prepare_mmuext(MMUEXT_UNPIN_TABLE, l4);
    call(__HYPERVISOR_mmuext_op, 1);
}

static void measure_l1(void)
{
    for (unsigned int i = 0; i < NR_TIMES; i++) {
        hold(l1[i]);
        measured_nothing();
        measured_l1_validate();
        measured_l1_devalidate();
    }
}

static void measure_l4(void)
{
    for (unsigned int i = 0; i < NR_TIMES; i++) {
        prepare_mmuext(MMUEXT_PIN_L4_TABLE, l4);
        measured_l4_pin();
        prepare_mmuext(MMUEXT_UNPIN_TABLE, l4);
        measured_l4_unpin();
    }
}

/*
 * Frames that another table maps as well, so that it is nobody's first use nor
 * last; then frames that nobody else maps, so that it is both each time.
 */
static void measure_updates(void)
{
    struct page_info *shared = l1[1], *unmapped = take_frame();

    for (unsigned int i = 0; i < PTES_PER_TABLE; i++)
        slots_of(unmapped)[i] = entry_of(take_frame(), LEAF);
    prepare_mmuext(MMUEXT_PIN_L4_TABLE, l4);
    call(__HYPERVISOR_mmuext_op, 1);
    prepare_updates(shared, 0, LEAF);
    call(__HYPERVISOR_mmu_update, NR_BATCH);
    for (unsigned int i = 0; i < NR_TIMES; i++) {
        prepare_updates(shared, i + 1, LEAF);
        measured_mmu_update_batch();
        prepare_updates(shared, i + 1, LEAF | PTE_DIRTY);
        measured_mmu_update_flags();
    }
    prepare_updates(unmapped, 0, LEAF);
    call(__HYPERVISOR_mmu_update, NR_BATCH);
    for (unsigned int i = 0; i < NR_TIMES; i++) {
        prepare_updates(unmapped, i % 2 ? 0 : NR_BATCH, LEAF);
        measured_mmu_update_last();
    }
}

static void report(const char *name, unsigned int nr_entries)
{
    printf("entries: %s %u\n", name, NR_TIMES * nr_entries);
}

int main(int argc, char **argv)
{
    static struct e820_map raw;

    if (argc != 3)
        return EXIT_FAILURE;
    e820_add(&raw, 0x100000, strtoul(argv[1], NULL, 0) << 20, E820_RAM);
    hosted_boot(&raw);
    hosted_arena_init();
    hosted_guest_memory(GUEST_ARGUMENTS, &arguments, sizeof(arguments));
    build_domain(strtoul(argv[2], NULL, 0));
    build_tree();
    BUG_ON(vcpu_enter(&domain->vcpu[0]));

    use_once();
    measure_l1();
    measure_l4();
    measure_updates();
    report("nothing", 1);
    report("l1_first", PTES_PER_TABLE);
    report("l1_validate", PTES_PER_TABLE);
    report("l1_devalidate", PTES_PER_TABLE);
    report("l4_pin", NR_LEAVES);
    report("l4_unpin", NR_LEAVES);
    report("mmu_update_batch", NR_BATCH);
    report("mmu_update_last", NR_BATCH);
    report("mmu_update_flags", NR_BATCH);

    return EXIT_SUCCESS;
}
