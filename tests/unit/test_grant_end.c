/* SPDX-License-Identifier: MIT */
/*
 * How grants end with the domains that gave or had them; and what the check of
 * grants sees. "xsa_n" is the number of the advisory whose mistake is tried.
 */
#include <hosted.h>
#include <test.h>
#include <xen/entry_update.h>
#include <xen/errno.h>
#include <xen/relinquish.h>

#include "../../common/grants.h"
#include "granted_frame.h"

static void destroy(struct party *p)
{
    if (current_vcpu() == p->v)
        vcpu_leave();
    domain_pause(p->d);
    while (domain_destroy(p->d))
        EXPECT(all_is_well());
}

TEST(grant_end, what_is_mapped_outlives_its_granter)
{
    grant_handle_t handle, other;

    granted(0);
    EXPECT_EQ(map_at(user, granter, REF, GNTMAP_host_map, 1, &handle),
              GNTST_okay);
    destroy(granter);
    EXPECT(all_is_well());
    EXPECT_EQ(pv_count(frame), 2);
    EXPECT_EQ(map_at(user, granter, REF, GNTMAP_host_map, 2, &other),
              GNTST_bad_domain);
    EXPECT_EQ(unmap_at(user, handle, 1), GNTST_okay);
    EXPECT(all_is_well());
    EXPECT(domain_get(1) == NULL);
    destroy(user);
    destroy(&party[3]);
    EXPECT(pv_all_free());
}

/* XSA-410: what a dying domain has mapped is undone a piece at a time. */
TEST(grant_end, xsa_410_who_dies_unmaps_all_and_may_be_interrupted)
{
    grant_handle_t handle;

    granted(0);
    grant(granter, REF + 1, GTF_readonly, user->d->id, frame);
    for (unsigned int i = 0; i < 20; i++)
        EXPECT_EQ(map_at(user, granter, REF, GNTMAP_device_map, 0, &handle),
                  GNTST_okay);
    EXPECT_EQ(map_at(user, granter, REF, GNTMAP_host_map, 1, &handle),
              GNTST_okay);
    EXPECT_EQ(map_at(user, granter, REF + 1,
                     GNTMAP_host_map | GNTMAP_device_map | GNTMAP_readonly, 2,
                     &handle),
              GNTST_okay);
    hosted_yield(always);
    destroy(user);
    hosted_yield(NULL);
    EXPECT_EQ(pv_count(frame), 1);
    EXPECT_EQ(grant_flags(granter, REF), GTF_permit_access);
    EXPECT_EQ(grant_flags(granter, REF + 1), GTF_permit_access | GTF_readonly);
    EXPECT(domain_get(2) == NULL);
    destroy(granter);
    destroy(&party[3]);
    EXPECT(pv_all_free());
}

TEST(grant_end, who_dies_may_have_granted_to_itself)
{
    grant_handle_t handle;

    granted(0);
    grant(granter, REF, 0, granter->d->id, frame);
    EXPECT_EQ(map_at(granter, granter, REF, GNTMAP_host_map, 1, &handle),
              GNTST_okay);
    destroy(granter);
    EXPECT(domain_get(1) == NULL);
    destroy(user);
    destroy(&party[3]);
    EXPECT(pv_all_free());
}

TEST(grant_end, a_shared_frame_that_another_has_mapped_goes_later)
{
    struct page_info *shared;

    granted(0);
    shared = mfn_to_page(granter->shared);
    user->d->privileged = true;
    EXPECT_EQ(update_entry(user->v, user->d, granter->d, user->l1, 1, 1,
                           pv_entry(shared, PV_WRITE), 0),
              0);
    destroy(granter);
    EXPECT(all_is_well());
    EXPECT_EQ(pv_count(shared), 1);
    EXPECT_EQ(update_entry(user->v, user->d, user->d, user->l1, 1, 1, 0, 0), 0);
    EXPECT(domain_get(1) == NULL);
    destroy(user);
    destroy(&party[3]);
    EXPECT(pv_all_free());
}

TEST(grant_end, a_closed_table_gets_nothing)
{
    unsigned int n;
    mfn_t mfn;

    granted(0);
    EXPECT_EQ(grant_table_relinquish(granter->d), 0);
    EXPECT_EQ(grant_table_relinquish(granter->d), 0);
    EXPECT_EQ(grant_table_grow(granter->d, 1), -EINVAL);
    EXPECT_EQ(grant_handle_reserve(granter->d, &n), -EINVAL);
    EXPECT_EQ(grant_pin(granter->d, REF, 2, GNTMAP_host_map, &mfn),
              GNTST_bad_domain);
    EXPECT_EQ(grant_table_size(granter->d), 0);
    EXPECT(all_is_well());
}

TEST(grant_end, the_check_sees_what_is_wrong)
{
    struct grant_pins *pins;
    grant_handle_t n;

    granted(0);
    EXPECT_EQ(map_at(user, granter, REF, GNTMAP_host_map, 1, &n), GNTST_okay);
    pins = grant_pins_of(&granter->d->grants, REF);

    pins->nr[0][1]++;
    EXPECT_EQ(grant_table_check(), 2);
    pins->nr[0][1]--;
    pins->nr[1][0]++;
    EXPECT_EQ(grant_table_check(), 2);
    pins->nr[1][0]--;
    pins->mfn++;
    EXPECT_EQ(grant_table_check(), 2);
    pins->mfn--;
    pins->user++;
    EXPECT_EQ(grant_table_check(), 2);
    pins->user--;
    granter->d->grants.nr_pinned++;
    EXPECT_EQ(grant_table_check(), 2);
    granter->d->grants.nr_pinned--;
    grant_handle_of(&user->d->grants, n)->going = GNTMAP_host_map;
    EXPECT_EQ(grant_table_check(), 2);
    grant_handle_of(&user->d->grants, n)->going = 0;
    user->d->grants.closed = true;
    user->d->grants.nr_relinquished = n + 1;
    EXPECT_EQ(grant_table_check(), 6);
    user->d->grants.closed = false;
    user->d->grants.nr_relinquished = 0;
    EXPECT(all_is_well());
}
