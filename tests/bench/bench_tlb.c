/* SPDX-License-Identifier: MIT */
/*
 * How many interrupts does it take to let frames change hands? Four policies,
 * on one trace of a machine with guests, and the same trace for each:
 *
 *   all     whatever a guest has used before: flush every CPU
 *   stamp   those that have not flushed since its use ended
 *   taint   those that had run that guest
 *   both    ours: both notes, idle CPUs only marked, and the heap prefers what
 *           owes nothing or has been paid for by flushes that came anyway
 *
 * The trace. There are 3 guests of 4 virtual CPUs for every 8 CPUs, so one and
 * a half virtual CPUs for each. A CPU runs one, then another one or none, each
 * as likely as not; it prefers one that ran there last, and takes whichever
 * waits if there is none. To run another guest flushes the TLB; to idle, or to
 * come back to the same one, does not. Guests have up to 4096 frames, and but a
 * few in a hundred frames are free, so frames are soon used again. They
 * balloon: one gives back up to 64 frames and another takes as many; they
 * exchange frames of their own; now and then one ends, and a new one is built,
 * of superpages for a half and of single frames. While they balloon a CPU
 * changes what it runs once for each frame taken, while a guest is built once
 * for 16: a build takes frames at a million a second, a balloon at some ten
 * thousand, and a CPU switches some hundred times. Nothing flushes but what is
 * told here.
 *
 * usage: bench_tlb    prints a table, and "bench: NAME VALUE" lines
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hosted.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>
#include <xen/smp.h>
#include <xen/tlb.h>

#define NR_ALLOCATIONS   200000UL
#define GUEST_FRAMES     4096U
#define VCPUS            4U
#define MAX_GUESTS       24U
#define MAX_CPUS         64U
#define MAX_TRANSFER     64U
#define SPARE_FRAMES     (GUEST_FRAMES / 2)
#define SUPERPAGE_BLOCKS (GUEST_FRAMES / 2 / SUPERPAGE_FRAMES)
#define NOBODY           MAX_GUESTS

enum policy {
    POLICY_ALL,
    POLICY_STAMP,
    POLICY_TAINT,
    POLICY_BOTH,
    NR_POLICIES
};

static const char *const policy_name[] = { "all", "stamp", "taint", "both" };

struct vcpu {
    unsigned int guest;
    unsigned int last_cpu;
    bool runs;
};

struct guest {
    cpumask_t dirty; /* CPUs that ran it, and have not run another one since */
    unsigned int nr;
    mfn_t frame[GUEST_FRAMES + MAX_TRANSFER];
};

struct cpu {
    struct vcpu *runs;  /* NULL: it idles */
    unsigned int guest; /* whose translations it has */
};

static enum policy policy;
static unsigned int nr_guests;
static struct guest guest[MAX_GUESTS];
static struct vcpu vcpu[MAX_GUESTS * VCPUS];
static struct cpu cpu[MAX_CPUS];
static unsigned long nr_allocations, nr_switch_flushes;

/* What each frame owes, for the policies that the heap knows nothing of. */
static struct tlb_debt *owes;

static uint64_t random_state = 1;

static unsigned int draw(unsigned int below)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;

    return (unsigned int)((random_state * 0x2545f4914f6cdd1d) >> 33) % below;
}

static struct vcpu *choose_vcpu(unsigned int on)
{
    unsigned int first = draw(nr_guests * VCPUS);
    struct vcpu *any = NULL;

    for (unsigned int i = 0; i < nr_guests * VCPUS; i++) {
        struct vcpu *v = &vcpu[(first + i) % (nr_guests * VCPUS)];

        if (v->runs)
            continue;
        if (v->last_cpu == on)
            return v;
        if (!any)
            any = v;
    }

    return any;
}

static void stop(unsigned int on)
{
    if (cpu[on].runs)
        cpu[on].runs->runs = false;
    cpu[on].runs = NULL;
}

static void run(unsigned int on, struct vcpu *v)
{
    v->runs = true;
    v->last_cpu = on;
    cpu[on].runs = v;
    if (cpu[on].guest != v->guest) {
        cpumask_set(&guest[v->guest].dirty, on);
        flush_tlb_local();
        nr_switch_flushes++;
        if (cpu[on].guest != NOBODY)
            cpumask_clear(&guest[cpu[on].guest].dirty, on);
        cpu[on].guest = v->guest;
    }
}

/* One CPU does something else from now on. */
static void schedule(void)
{
    unsigned int on = draw(nr_cpus);
    bool idled = !cpu[on].runs;
    struct vcpu *next = NULL;

    stop(on);
    if (idled || draw(2))
        next = choose_vcpu(on);
    hosted_set_cpu_id(on);
    if (idled && next)
        tlb_idle_leave();
    if (next)
        run(on, next);
    else if (!idled)
        tlb_idle_enter();
}

/* The hypervisor works for a guest where it runs, or on any CPU that does. */
static void enter_hypervisor(unsigned int for_guest)
{
    unsigned int first = draw(nr_cpus), busy = nr_cpus;

    for (unsigned int i = 0; i < nr_cpus; i++) {
        unsigned int on = (first + i) % nr_cpus;

        if (!cpu[on].runs)
            continue;
        if (busy == nr_cpus || cpu[on].runs->guest == for_guest)
            busy = on;
        if (cpu[on].runs->guest == for_guest)
            break;
    }
    while (busy == nr_cpus) {
        schedule();
        for (unsigned int on = 0; on < nr_cpus; on++)
            if (cpu[on].runs)
                busy = on;
    }
    hosted_set_cpu_id(busy);
}

static bool must_flush(struct tlb_debt debt, unsigned int who)
{
    switch (policy) {
    case POLICY_ALL: return true;
    case POLICY_STAMP:
        return tlb_may_be_stale(tlb_cpu_flushed(who), debt.stamp,
                                tlb_clock_now());
    case POLICY_TAINT: return debt.taint >> who & 1;
    case POLICY_BOTH:
    case NR_POLICIES: break;
    }
    abort();
}

static void pay(struct tlb_debt debt)
{
    cpumask_t cpus = { { 0 } };

    if (!debt.taint)
        return;
    for (unsigned int who = 0; who < nr_cpus; who++)
        if (must_flush(debt, who))
            cpumask_set(&cpus, who);
    smp_flush(&cpus);
}

static void take(unsigned int to, unsigned int order)
{
    struct page_info *pg;
    struct tlb_debt debt = TLB_NO_DEBT;
    unsigned long first;

    enter_hypervisor(to);
    pg = alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    if (!pg)
        abort();
    nr_allocations++;
    first = mfn_x(page_to_mfn(pg));
    for (unsigned long i = 0; i < BIT(order); i++) {
        guest[to].frame[guest[to].nr++] = _mfn(first + i);
        if (policy != POLICY_BOTH) {
            debt = tlb_debt_join(debt, owes[first + i]);
            owes[first + i] = TLB_NO_DEBT;
        }
    }
    if (policy != POLICY_BOTH)
        pay(debt);
}

static void give_back(unsigned int from)
{
    unsigned int i = draw(guest[from].nr);
    mfn_t mfn = guest[from].frame[i];
    struct tlb_debt debt;

    guest[from].frame[i] = guest[from].frame[--guest[from].nr];
    enter_hypervisor(from);
    debt = tlb_debt_now(&guest[from].dirty);
    if (policy != POLICY_BOTH) {
        owes[mfn_x(mfn)] = debt;
        debt = TLB_NO_DEBT;
    }
    free_heap_pages(mfn_to_page(mfn), 0, debt);
}

static void balloon(unsigned int from, unsigned int to)
{
    unsigned int nr = draw(MAX_TRANSFER) + 1;

    if (guest[from].nr < nr + 1 || guest[to].nr + nr > GUEST_FRAMES)
        return;
    for (unsigned int i = 0; i < nr; i++)
        give_back(from);
    for (unsigned int i = 0; i < nr; i++) {
        take(to, 0);
        schedule();
    }
}

static void build(unsigned int g)
{
    for (unsigned int i = 0; i < SUPERPAGE_BLOCKS; i++) {
        if (heap_nr_blocks(SUPERPAGE_ORDER) > 0)
            take(g, SUPERPAGE_ORDER);
        schedule();
    }
    while (guest[g].nr < GUEST_FRAMES * 15 / 16) {
        take(g, 0);
        if (guest[g].nr % 16 == 0)
            schedule();
    }
}

/* Its virtual CPUs stop for good. What they left in TLBs stays there. */
static void destroy(unsigned int g)
{
    for (unsigned int on = 0; on < nr_cpus; on++) {
        if (cpu[on].runs && cpu[on].runs->guest == g) {
            stop(on);
            hosted_set_cpu_id(on);
            tlb_idle_enter();
        }
    }
    while (guest[g].nr > 0) {
        give_back(g);
        if (guest[g].nr % 16 == 0)
            schedule();
    }
}

static void one_event(void)
{
    unsigned int g = draw(nr_guests), what = draw(1000);

    if (what < 2) {
        destroy(g);
        build(g);
    } else if (what < 250) {
        balloon(g, g);
    } else {
        balloon(g, draw(nr_guests));
    }
}

static void join_as(unsigned int who)
{
    hosted_set_cpu_id(who);
    if (who > 0)
        smp_join();
    cpu[who].guest = NOBODY;
    tlb_idle_enter();
}

static void start_machine(unsigned int nr)
{
    static struct e820_map raw;
    unsigned long nr_frames;

    nr_guests = nr * 3 / 8;
    nr_frames = nr_guests * GUEST_FRAMES + SPARE_FRAMES;
    owes = calloc(2 * nr_frames, sizeof(*owes));
    e820_add(&raw, nr_frames << PAGE_SHIFT, nr_frames << PAGE_SHIFT, E820_RAM);
    hosted_boot(&raw);
    hosted_answer_at_once(true);
    smp_set_nr_cpus(nr);
    for (unsigned int who = 0; who < nr; who++)
        join_as(who);
    for (unsigned int i = 0; i < nr_guests * VCPUS; i++)
        vcpu[i] = (struct vcpu){ i / VCPUS, draw(nr), false };
    for (unsigned int g = 0; g < nr_guests; g++)
        build(g);
}

struct result {
    double interrupts, flushes; /* for each million allocations */
};

static struct result measure(unsigned int nr)
{
    struct tlb_counters before, after;
    unsigned long nr_interrupts, nr_before;
    double millions;

    start_machine(nr);
    nr_before = nr_allocations;
    nr_switch_flushes = 0;
    nr_interrupts = hosted_nr_interrupts();
    tlb_counters(&before);
    while (nr_allocations < nr_before + NR_ALLOCATIONS)
        one_event();
    tlb_counters(&after);
    millions = (double)(nr_allocations - nr_before) / 1e6;

    return (struct result){
        (double)(hosted_nr_interrupts() - nr_interrupts) / millions,
        (double)(after.flushes - before.flushes - nr_switch_flushes) / millions,
    };
}

/* Each policy starts from a fresh machine: a process of its own. */
static struct result in_child(unsigned int nr)
{
    struct result result;
    int ends[2];

    if (pipe(ends))
        abort();
    if (fork() == 0) {
        result = measure(nr);
        _exit(write(ends[1], &result, sizeof(result)) != sizeof(result));
    }
    close(ends[1]);
    if (read(ends[0], &result, sizeof(result)) != sizeof(result))
        exit(EXIT_FAILURE);
    close(ends[0]);
    wait(NULL);

    return result;
}

int main(void)
{
    static const unsigned int machine[] = { 8, 64 };

    printf("CPUs  policy  interrupts  flushes   (for a million allocations)\n");
    for (unsigned int m = 0; m < 2; m++) {
        for (policy = 0; policy < NR_POLICIES; policy++) {
            struct result r = in_child(machine[m]);

            printf("%4u  %-6s  %10.0f  %7.0f\n", machine[m],
                   policy_name[policy], r.interrupts, r.flushes);
            printf("bench: tlb.ipis.%u.%s %.0f\n", machine[m],
                   policy_name[policy], r.interrupts);
            fflush(stdout);
        }
    }

    return EXIT_SUCCESS;
}
