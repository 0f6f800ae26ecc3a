/* SPDX-License-Identifier: MIT */
/* A frame that one domain grants to another: what most tests of grants begin
 * with. */
#ifndef GRANTED_FRAME_H
#define GRANTED_FRAME_H

#include <test.h>

#include "../model/granting.h"

#define HOST   GNTMAP_host_map
#define DEVICE GNTMAP_device_map
#define READ   GNTMAP_readonly
#define BY_PTE GNTMAP_contains_pte
#define REF    8U

/* Number 1 grants to number 2. */
static struct party *granter, *user;
static struct page_info *frame;

static inline void granted(unsigned int flags)
{
    granting_machine(2, 1);
    granter = &party[1];
    user = &party[2];
    frame = pv_page(granter->d);
    grant(granter, REF, flags, user->d->id, frame);
}

static inline void expect_counts(unsigned long general, unsigned long type)
{
    EXPECT_EQ(pv_count(frame), general);
    EXPECT_EQ(pv_type_count(frame), type);
    EXPECT(all_is_well());
}

static inline uint64_t entry(unsigned int slot)
{
    return pv_read(user->l1, slot);
}

static inline unsigned int marks(void)
{
    return grant_flags(granter, REF) & (GTF_reading | GTF_writing);
}

static inline bool always(void)
{
    return true;
}

#endif /* GRANTED_FRAME_H */
