/* SPDX-License-Identifier: MIT */
/* Which domains there are, how long, and whose CPUs run them. */
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/page_alloc.h>
#include <xen/page_ref.h>
#include <xen/tlb.h>

#include <asm/contents.h>

#include "../model/pv_machine.h"
#include "../model/some_cpus.h"

TEST(domain, a_new_one_has_a_number_and_owns_nothing)
{
    struct domain *d;

    pv_machine(1);
    EXPECT_EQ(domain_create(7, 3, 11, &d), 0);
    EXPECT_EQ(d->id, 7);
    EXPECT_EQ(d->nr_vcpus, 3);
    EXPECT_EQ(d->nr_pages + d->nr_extra_pages, 0);
    EXPECT_EQ(d->max_pages, 11);
    EXPECT(domain_is_alive(d));
    EXPECT(page_list_first(&d->pages) == NULL);
    EXPECT(page_list_first(&d->extra_pages) == NULL);
    for (unsigned int i = 0; i < 3; i++) {
        EXPECT(d->vcpu[i].domain == d);
        EXPECT_EQ(d->vcpu[i].id, i);
        EXPECT_EQ(d->vcpu[i].deferred.hold, HOLD_NONE);
    }
    EXPECT(domain_get(7) == d);
    EXPECT(domain_get(8) == NULL);
    domain_put(d);
    domain_put(d); /* its number's */
    EXPECT(domain_get(7) == NULL);
    EXPECT(pv_all_free());
}

TEST(domain, what_cannot_be_one_is_refused)
{
    static const domid_t id[] = { DOMID_FIRST_RESERVED,
                                  DOMID_SELF,
                                  DOMID_IO,
                                  DOMID_XEN,
                                  0x7fff,
                                  0x8000,
                                  0xffff };
    struct domain *d = NULL;

    pv_machine(1);
    for (unsigned int i = 0; i < ARRAY_SIZE(id); i++)
        EXPECT_EQ(domain_create(id[i], 1, 1, &d), -EINVAL);
    EXPECT_EQ(domain_create(1, 0, 1, &d), -EINVAL);
    EXPECT_EQ(domain_create(1, DOMAIN_MAX_VCPUS + 1, 1, &d), -EINVAL);
    EXPECT_EQ(domain_create(1, ~0U, 1, &d), -EINVAL);
    EXPECT(d == NULL);

    EXPECT_EQ(domain_create(1, 1, 1, &d), 0);
    EXPECT_EQ(domain_create(1, 1, 1, &d), -EEXIST);
    domain_put(d);
    EXPECT(pv_all_free());
}

TEST(domain, every_number_and_size_works)
{
    static const domid_t id[] = { 0,   1,      511,
                                  512, 0x7feb, DOMID_FIRST_RESERVED - 1 };
    struct domain *d[ARRAY_SIZE(id)], *each = NULL;

    pv_machine(1);
    for (unsigned int i = 0; i < ARRAY_SIZE(id); i++)
        d[i] = pv_domain(id[i], i % 2 ? DOMAIN_MAX_VCPUS : i + 1);
    for (unsigned int i = 0; i < ARRAY_SIZE(id); i++) {
        EXPECT(domain_get(id[i]) == d[i]);
        domain_put(d[i]);
        each = domain_next(each);
        EXPECT(each == d[i]);
    }
    each = domain_next(each);
    EXPECT(each == dom_io);
    each = domain_next(each);
    EXPECT(each == dom_xen);
    EXPECT(domain_next(each) == NULL);
}

TEST(domain, the_two_that_never_run_are_known_but_the_caller_is_not)
{
    pv_machine(1);
    EXPECT(domain_get(DOMID_IO) == dom_io);
    EXPECT(domain_get(DOMID_XEN) == dom_xen);
    EXPECT(domain_get(DOMID_SELF) == NULL);
    EXPECT(domain_get(DOMID_INVALID) == NULL);
    EXPECT(domain_get(0xffff) == NULL);
}

/* All memory is taken first by a block of each order. */
TEST(domain, without_memory_there_is_none)
{
    struct page_info *pg, *last = NULL;
    struct domain *d = NULL;

    pv_machine(1);
    for (unsigned int order = MAX_ORDER + 1; order-- > 0;)
        while ((pg = alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB,
                                      NULL)) != NULL)
            last = pg;
    EXPECT_EQ(domain_create(0x1000, 1, 1, &d), -ENOMEM);
    free_heap_pages(last, 0, TLB_NO_DEBT);
    EXPECT_EQ(domain_create(0x1000, 1, 1, &d), -ENOMEM); /* the leaf is there */
    EXPECT(d == NULL);
    EXPECT(domain_get(0x1000) == NULL);
}

/* XSA-100: what the memory of one was used for before is not seen in it. */
TEST(domain, its_memory_is_cleared)
{
    struct page_info *pg;
    struct domain *d;

    pv_machine(1);
    while ((pg = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL)) !=
           NULL)
        memset(frame_contents(page_to_mfn(pg)), 0xa5, PAGE_SIZE);
    for (unsigned long i = 0; i < 4; i++)
        free_heap_pages(mfn_to_page(_mfn(PV_FIRST_FRAME + 4 + i)), 0,
                        TLB_NO_DEBT);
    d = pv_domain(1, 2);
    EXPECT(cpumask_is_empty(&d->dirty_cpus));
    EXPECT_EQ(d->pauses | d->nr_devices | d->nr_pages, 0);
    EXPECT(!d->privileged && !d->vcpu[1].running);
}

TEST(domain, it_outlives_its_frames)
{
    struct domain *d, *other;
    struct page_info *pg;

    pv_machine(1);
    d = pv_domain(5, 1);
    pg = pv_page(d);
    EXPECT(get_page(pg, d));
    EXPECT(put_page_allocated(pg));
    domain_put(d); /* its number's: destroyed */

    EXPECT(domain_of_page(pg) == d);
    EXPECT_EQ(domain_create(5, 1, 1, &other), -EEXIST);
    EXPECT(domain_get(5) == d);
    domain_put(d);

    put_page(pg);
    EXPECT(domain_get(5) == NULL);
    EXPECT(pv_all_free());
    EXPECT_EQ(domain_create(5, 1, 1, &other), 0);
}

TEST(domain, one_reference_is_for_all_frames)
{
    struct page_info *pg, *extra;
    struct domain *d;

    pv_machine(1);
    d = pv_domain(5, 1);
    EXPECT_EQ(d->references, 1);
    pg = pv_page(d);
    EXPECT_EQ(d->references, 2);
    extra = alloc_domheap_pages(d, 0, HEAP_NO_LIMIT, ASSIGN_EXTRA);
    REQUIRE(extra != NULL);
    EXPECT_EQ(d->references, 2);
    EXPECT(get_page(pg, d) && put_page_allocated(pg));
    put_page(pg);
    EXPECT_EQ(d->references, 2);
    EXPECT(get_page(extra, d) && put_page_allocated(extra));
    put_page(extra);
    EXPECT_EQ(d->references, 1);
}

TEST(domain, a_frame_of_nobody_has_no_owner)
{
    struct page_info *pg;

    pv_machine(1);
    pg = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    REQUIRE(pg != NULL);
    EXPECT(domain_of_page(pg) == NULL);
}

TEST(domain, while_it_is_paused_no_vcpu_is_entered)
{
    struct domain *d;

    pv_machine(1);
    d = pv_domain(1, 1);
    domain_pause(d);
    domain_pause(d);
    EXPECT_EQ(vcpu_enter(&d->vcpu[0]), -EBUSY);
    domain_unpause(d);
    EXPECT_EQ(vcpu_enter(&d->vcpu[0]), -EBUSY);
    EXPECT(current_vcpu() == NULL && !d->vcpu[0].running);
    EXPECT(cpumask_is_empty(&d->dirty_cpus));
    domain_unpause(d);
    EXPECT_EQ(vcpu_enter(&d->vcpu[0]), 0);
    EXPECT_BUG(domain_unpause(d));
}

TEST(domain, a_vcpu_runs_on_one_cpu)
{
    struct domain *d;

    pv_machine(2);
    d = pv_domain(1, 2);
    pv_run(0, &d->vcpu[0]);
    EXPECT(current_vcpu() == &d->vcpu[0]);
    EXPECT_EQ(vcpu_enter(&d->vcpu[0]), -EBUSY);
    AS_CPU(1, EXPECT_EQ(vcpu_enter(&d->vcpu[0]), -EBUSY));
    AS_CPU(1, EXPECT(current_vcpu() == NULL));
    pv_run(1, &d->vcpu[1]);
    AS_CPU(1, EXPECT(current_vcpu() == &d->vcpu[1]));
    EXPECT(current_vcpu() == &d->vcpu[0]);

    pv_run(0, NULL);
    EXPECT(current_vcpu() == NULL && !d->vcpu[0].running);
    pv_run(1, &d->vcpu[0]);
    EXPECT(!d->vcpu[1].running);
}

TEST(domain, one_that_dies_is_not_entered)
{
    struct domain *d;

    pv_machine(1);
    d = pv_domain(1, 1);
    d->state = DOMAIN_DYING;
    EXPECT_EQ(vcpu_enter(&d->vcpu[0]), -EBUSY);
    EXPECT(!d->vcpu[0].running);
}

static unsigned long nr_flushes(void)
{
    struct tlb_counters counters;

    tlb_counters(&counters);

    return counters.flushes;
}

TEST(domain, its_cpus_are_those_that_may_remember_what_it_maps)
{
    struct domain *d, *other;
    unsigned long flushes;
    struct page_info *root;

    pv_machine(3);
    d = pv_domain(1, 2);
    other = pv_domain(2, 1);
    root = pv_page(d);
    d->vcpu[0].kernel_base = (struct page_holder){ root, HOLD_FULL };

    pv_run(1, &d->vcpu[0]);
    pv_run(2, &d->vcpu[1]);
    EXPECT_EQ(d->dirty_cpus.bits[0], BIT(1) | BIT(2));
    EXPECT(mfn_eq(hosted_base_pointer(1), page_to_mfn(root)));
    EXPECT(mfn_eq(hosted_base_pointer(2), INVALID_MFN));

    pv_run(2, NULL); /* then this one of the two, then another domain's */
    EXPECT_EQ(d->dirty_cpus.bits[0], BIT(1));
    pv_run(1, &d->vcpu[1]);
    EXPECT_EQ(d->dirty_cpus.bits[0], BIT(1));
    flushes = nr_flushes();
    pv_run(1, &other->vcpu[0]);
    EXPECT_EQ(nr_flushes(), flushes + 1);
    EXPECT_EQ(d->dirty_cpus.bits[0], 0);
    EXPECT_EQ(other->dirty_cpus.bits[0], BIT(1));
    pv_run(1, NULL);
    EXPECT_EQ(nr_flushes(), flushes + 2);
    EXPECT_EQ(other->dirty_cpus.bits[0], 0);
    EXPECT(mfn_eq(hosted_base_pointer(1), INVALID_MFN));
}

/* Who counted when a CPU's TLB was last flushed. */
static cpumask_t at_flush;
static struct domain *watched;

/* In the place of the library's. */
void arch_flush_tlb_local(void)
{
    if (watched)
        at_flush = watched->dirty_cpus;
}

TEST(domain, a_cpu_counts_before_its_first_flush_and_until_its_last)
{
    pv_machine(2);
    watched = pv_domain(1, 1);
    pv_run(1, &watched->vcpu[0]);
    EXPECT_EQ(at_flush.bits[0], BIT(1));
    at_flush = (cpumask_t){ 0 };
    pv_run(1, NULL);
    EXPECT_EQ(at_flush.bits[0], BIT(1));
    EXPECT_EQ(watched->dirty_cpus.bits[0], 0);
}
