/* SPDX-License-Identifier: MIT */
/*
 * Real threads as CPUs: they refer to frames, give them up, steal them from one
 * domain for another, and domains come and go. The thread sanitizer looks on:
 * what frames contain, and who has one alone, is written as plain memory.
 */
#include <stdlib.h>

#include <cpu_threads.h>
#include <hosted.h>
#include <test.h>
#include <xen/domheap.h>
#include <xen/page_alloc.h>
#include <xen/page_ref.h>
#include <xen/smp.h>

#include <asm/contents.h>
#include <asm/processor.h>

#include "../model/pv_machine.h"

#define NR_THREADS 4U
#define NR_ROUNDS  100000U
#define QUOTA      150UL
#define GUEST      9U /* comes and goes */

static struct domain *owner[2];
static unsigned int nr_stolen, nr_busy, nr_created, nr_got;

/* Who has a frame that nobody owns. */
static unsigned int user[PV_SPARE_FRAME + PV_NR_SPARE];

static void count(unsigned int *what)
{
    __atomic_fetch_add(what, 1, __ATOMIC_RELAXED);
}

static mfn_t any_frame(void)
{
    return _mfn(PV_FIRST_FRAME + cpu_draw((unsigned int)PV_NR_FRAMES));
}

static struct domain *any_owner(void)
{
    return owner[cpu_draw(2)];
}

static uint64_t *contents(const struct page_info *pg)
{
    return frame_contents(page_to_mfn(pg));
}

/* Its first word says the domain that it was given to, 0 if by allocation. */
static void expect_owned(struct page_info *pg, const struct domain *d)
{
    if (page_owner_tag(pg) != d->tag || domain_of_page(pg) != d ||
        page_state(pg) != PGC_state_inuse ||
        (*contents(pg) != 0 && *contents(pg) != d->tag))
        abort();
}

static void refer_to_one(void)
{
    struct domain *d = any_owner();
    struct page_info *pg = get_page_from_mfn(any_frame(), d);

    if (!pg)
        return;
    count(&nr_got);
    expect_owned(pg, d);
    for (unsigned int i = cpu_draw(4); i > 0; i--) {
        smp_answer();
        cpu_relax();
    }
    expect_owned(pg, d);
    if (cpu_draw(8) == 0)
        (void)put_page_allocated(pg);
    expect_owned(pg, d);
    put_page(pg);
}

/* Nobody else has it, and then @d has it. */
static void use_alone(struct page_info *pg, const struct domain *d)
{
    unsigned int *mine = &user[mfn_x(page_to_mfn(pg))];

    if (*mine != 0 || page_owner_tag(pg) != 0 || get_page_any(pg))
        abort();
    *mine = arch_cpu_id() + 1;
    *contents(pg) = d->tag;
    *mine = 0;
}

static void give_to(struct domain *d, struct page_info *pg)
{
    use_alone(pg, d);
    if (cpu_draw(2) && assign_pages(d, pg, 0, 0) == 0)
        return;
    if (donate_page(d, pg, false))
        abort();
}

static void steal_one(void)
{
    unsigned int from = cpu_draw(2), how = cpu_draw(4);
    struct domain *d = owner[from];
    mfn_t mfn = any_frame();
    struct page_info *pg = mfn_to_page(mfn);

    if (steal_page(d, pg, how < 2, NULL)) {
        count(&nr_busy);
        return;
    }
    count(&nr_stolen);
    switch (how) {
    case 0:
        use_alone(pg, d);
        unsteal_page(d, pg);
        break;
    case 1:
        free_domheap_page(pg);
        drop_charge(d);
        break;
    case 2: give_to(owner[!from], pg); break;
    default: free_domheap_page(pg);
    }
}

static void allocate_one(void)
{
    struct domain *d = any_owner();
    struct page_info *pg =
        alloc_domheap_pages(d, cpu_draw(3), HEAP_NO_LIMIT, 0);

    (void)pg; /* by now anybody may have it */
}

static void run_or_rest(struct domain *d)
{
    if (current_vcpu())
        vcpu_leave();
    else if (vcpu_enter(&d->vcpu[arch_cpu_id()]))
        abort();
}

/* Of those who make it at once, one does; it goes with its last frame. */
static void domain_comes_and_goes(void)
{
    struct page_info *pg;
    struct domain *d = domain_get(GUEST);

    if (d) {
        if (d->id != GUEST)
            abort();
        domain_put(d);
        return;
    }
    if (domain_create(GUEST, 1, 1, &d))
        return;
    count(&nr_created);
    pg = alloc_domheap_pages(d, 0, HEAP_NO_LIMIT, 0);
    if (pg && !get_page(pg, d))
        abort();
    if (pg && !put_page_allocated(pg))
        abort();
    domain_put(d);
    smp_answer();
    if (pg)
        put_page(pg);
}

static void run_cpu(void)
{
    unsigned int me = arch_cpu_id();

    for (unsigned int round = 0; round < NR_ROUNDS; round++) {
        switch (cpu_draw(16)) {
        case 0 ... 4: steal_one(); break;
        case 5: allocate_one(); break;
        case 6: domain_comes_and_goes(); break;
        case 7: run_or_rest(owner[me % 2]); break;
        default: refer_to_one();
        }
        smp_answer();
    }
    if (current_vcpu())
        vcpu_leave();
}

/* All lists and totals are right, and then all is given back. */
static void expect_accounted(struct domain *d)
{
    struct page_info *pg;
    unsigned long nr = 0;

    EXPECT_EQ(d->references, d->nr_pages ? 2 : 1);
    EXPECT(cpumask_is_empty(&d->dirty_cpus));
    while ((pg = page_list_first(&d->pages)) != NULL) {
        EXPECT_EQ(pg->count_info & ~PGC_foreign, PGC_allocated | 1);
        REQUIRE(get_page(pg, d) && put_page_allocated(pg));
        put_page(pg);
        nr++;
        EXPECT(nr <= PV_NR_FRAMES);
    }
    EXPECT_EQ(d->nr_pages, 0);
    EXPECT_EQ(d->references, 1);
}

TEST(owner_threads, no_frame_is_two_domains_and_none_gets_lost)
{
    pv_machine(NR_THREADS);
    hosted_answer_at_once(false);
    for (unsigned int i = 0; i < 2; i++) {
        owner[i] = pv_domain((domid_t)(i + 1), NR_THREADS);
        owner[i]->max_pages = QUOTA;
    }
    pv_mark_free();

    cpu_threads_run(NR_THREADS, run_cpu);

    expect_accounted(owner[0]);
    expect_accounted(owner[1]);
    EXPECT(domain_get(GUEST) == NULL);
    EXPECT(pv_all_free());
    EXPECT_EQ(heap_check(), 0);
    EXPECT(nr_stolen > 100 && nr_busy > 100 && nr_got > 100 && nr_created > 10);
}
