/* SPDX-License-Identifier: MIT */
/*
 * Frames that change their type while other CPUs use them: a CPU whose TLB
 * knows a page as writable, and CPUs that ask for a yield at any moment.
 */
#include <test.h>

#include <asm/processor.h>
#include <cpu/delay.h>
#include <cpu/lapic.h>
#include <cpu/percpu.h>
#include <xen/audit.h>
#include <xen/machine.h>
#include <xen/page_alloc.h>
#include <xen/page_type.h>
#include <xen/printk.h>
#include <xen/smp.h>

#include "frame_pool.h"
#include "on_cpus.h"
#include "small_guest.h"

static struct small_guest guest;

static bool open_guest(void)
{
    return guest_build(&guest, 1, 2);
}

static void close_guest(void)
{
    EXPECT_EQ(audit(), 0);
    guest_destroy(&guest);
    EXPECT_EQ(audit(), 0);
}

/*
 * The other CPU: it runs the second vCPU, never idles, so that its TLB keeps
 * what it has seen, and does what it is asked. If there is no other, this one
 * does it, which has a TLB, too.
 */
static struct {
    unsigned int cpu;
    void (*step)(void); /* NULL: leave */
    unsigned int nr_asked, nr_done;
} other;

/* Release and acquire, both ways: what a step does comes between. */
static void serve(void)
{
    void (*step)(void);

    guest_enter(&guest, 1);
    do {
        unsigned int nr = other.nr_done;

        while (__atomic_load_n(&other.nr_asked, __ATOMIC_ACQUIRE) == nr) {
            if (!smp_answer())
                cpu_relax();
        }
        step = other.step;
        if (step)
            step();
        __atomic_store_n(&other.nr_done, nr + 1, __ATOMIC_RELEASE);
    } while (step);
    guest_leave();
}

static void ask_other(void (*step)(void))
{
    if (other.cpu == 0) {
        if (step)
            step();
        return;
    }
    other.step = step;
    __atomic_store_n(&other.nr_asked, other.nr_asked + 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&other.nr_done, __ATOMIC_ACQUIRE) !=
           other.nr_asked) {
        if (!smp_answer())
            cpu_relax();
    }
}

static void (*conduct)(void);

static void play(unsigned int cpu)
{
    if (cpu != 0) {
        serve();
        return;
    }
    guest_enter(&guest, 0);
    conduct();
    ask_other(NULL);
    guest_leave();
}

/* Have CPU 0 run @function as the first vCPU, with the other at its call. */
static void with_other(void (*function)(void))
{
    cpumask_t both = only(0);

    other.cpu = last_cpu();
    cpumask_set(&both, other.cpu);
    conduct = function;
    on_cpus(&both, play);
}

#define NR_TRIES 16U

static unsigned int slot; /* of the window, where the other CPU writes */
static bool has_written;

/* Zero: an entry of a table that does no harm. */
static void write_there(void)
{
    has_written = machine_probe_write(guest_at(slot), 0);
}

static bool other_can_write(void)
{
    ask_other(write_there);
    return has_written;
}

static unsigned int nr_stale;

/* A page that both may write; then nobody may, but the other CPU has not heard
 * of it; and then it is a table. */
static void let_writable_become_table(void)
{
    nr_stale = 0;
    for (unsigned int i = 0; i < NR_TRIES; i++) {
        struct page_info *pg = guest_page(&guest);

        slot = guest_first_slot(&guest) + i;
        EXPECT_EQ(guest_map(slot, guest_entry(pg, GUEST_WRITE), UVMF_NONE), 0);
        EXPECT(other_can_write());
        EXPECT_EQ(guest_map(slot, guest_entry(pg, GUEST_READ), UVMF_NONE), 0);
        nr_stale += other_can_write();

        EXPECT_EQ(guest_mmuext(MMUEXT_PIN_L1_TABLE, pg, DOMID_SELF), 0);
        EXPECT(!other_can_write());
        EXPECT(!machine_probe_write(guest_at(slot), 0));
    }
}

TEST(types, a_page_that_became_a_table_is_written_by_no_cpu_that_knew_it_so)
{
    REQUIRE(open_guest());
    with_other(let_writable_become_table);
    EXPECT(nr_stale > 0);
    console_printf("# CPU %u: %u of %u pages were writable after the mapping "
                   "was not, until they became tables\n",
                   other.cpu, nr_stale, NR_TRIES);
    close_guest();
}

/* The same in the upper levels: what a table led to is no longer led to. */
static void let_table_become_writable(void)
{
    unsigned int index = PTE_INDEX(GUEST_WINDOW, 2) + 1;
    struct page_info *table = guest_page(&guest), *pg = guest_page(&guest);

    ((uint64_t *)frame_bytes(table))[0] = guest_entry(pg, GUEST_WRITE);
    EXPECT_EQ(guest_mmu_update(guest.table[2], index,
                               guest_entry(table, GUEST_TABLE)),
              0);
    slot = PTES_PER_TABLE; /* the first page behind the window */
    EXPECT(other_can_write());
    EXPECT_EQ(guest_mmu_update(guest.table[2], index, 0), 0);

    /* The other one's TLB may still know what the old table said. */
    slot = guest_first_slot(&guest);
    EXPECT_EQ(guest_map(slot, guest_entry(table, GUEST_WRITE), UVMF_NONE), 0);
    EXPECT(machine_probe_write(guest_at(slot), 0x67));
    slot = PTES_PER_TABLE;
    EXPECT(!other_can_write());
}

TEST(types, a_page_that_was_a_table_translates_for_no_cpu_that_knew_it_so)
{
    REQUIRE(open_guest());
    with_other(let_table_become_writable);
    close_guest();
}

/* A tree with as many full tables of level 1 as the test has patience for. */
#define NR_L1 8U

static struct page_info *build_tree(void)
{
    struct page_info *table[PAGETABLE_LEVELS + 1], *l1, *pg;

    pg = guest_page(&guest);
    for (unsigned int level = 2; level <= PAGETABLE_LEVELS; level++) {
        table[level] = guest_page(&guest);
        if (level > 2)
            ((uint64_t *)frame_bytes(table[level]))[1] =
                guest_entry(table[level - 1], GUEST_TABLE);
    }
    for (unsigned int i = 0; i < NR_L1; i++) {
        l1 = guest_page(&guest);
        ((uint64_t *)frame_bytes(table[2]))[i * 7] =
            guest_entry(l1, GUEST_TABLE);
        for (unsigned int j = 0; j < PTES_PER_TABLE; j++)
            ((uint64_t *)frame_bytes(l1))[j] =
                guest_entry(pg, j % 2 ? GUEST_READ : GUEST_WRITE);
    }

    return table[PAGETABLE_LEVELS];
}

static bool enough; /* atomic */

/* Until it has been interrupted a few times. It must be. */
static void pin_and_unpin(void)
{
    uint64_t deadline = deadline_ms(PATIENCE_MS);
    unsigned long before = guest_nr_restarts();
    struct page_info *tree = build_tree();

    do {
        EXPECT_EQ(guest_mmuext(MMUEXT_PIN_L4_TABLE, tree, DOMID_SELF), 0);
        EXPECT_EQ(page_type(tree), PGT_l4_page_table);
        EXPECT_EQ(guest_mmuext(MMUEXT_UNPIN_TABLE, tree, DOMID_SELF), 0);
    } while (guest_nr_restarts() - before < 10 && wait_a_turn(deadline));

    EXPECT(guest_nr_restarts() - before >= 10);
    console_printf("# pins and unpins were begun again %lu times\n",
                   guest_nr_restarts() - before);
}

/* Whenever it is not asked already. */
static void disturb(unsigned int cpu)
{
    (void)cpu;
    while (!__atomic_load_n(&enough, __ATOMIC_RELAXED)) {
        cpu_request_yield(cpu_of(0));
        cpu_relax();
    }
}

static void work_or_disturb(unsigned int cpu)
{
    if (cpu != 0) {
        disturb(cpu);
        return;
    }
    guest_enter(&guest, 0);
    pin_and_unpin();
    guest_leave();
    __atomic_store_n(&enough, true, __ATOMIC_RELAXED);
}

TEST(types, a_pin_that_another_cpu_never_leaves_in_peace_comes_to_its_end)
{
    cpumask_t both = only(0);

    if (last_cpu() == 0)
        return;
    REQUIRE(open_guest());
    cpumask_set(&both, last_cpu());
    __atomic_store_n(&enough, false, __ATOMIC_RELAXED);
    on_cpus(&both, work_or_disturb);
    cpu_has_yielded();
    close_guest();
}

/* In 16 bus cycles: a tenth of a millisecond or so. */
#define OFTEN 0x1800U

TEST(types, a_pin_that_the_timer_interrupts_goes_on_where_it_was)
{
    if (!lapic_is_on())
        return;
    REQUIRE(open_guest());
    guest_enter(&guest, 0);
    lapic_set_timer(VECTOR_TICK, OFTEN);
    pin_and_unpin();
    lapic_set_timer(VECTOR_TICK, 0);
    cpu_has_yielded();
    guest_leave();
    close_guest();
}
