/* SPDX-License-Identifier: MIT */
/* Background work: every kind gets its step, and says whether there is more. */
#include <test.h>
#include <xen/background.h>

static unsigned int nr_left[3], nr_steps[3];

static bool take_step(unsigned int i)
{
    nr_steps[i]++;
    if (nr_left[i] > 0)
        nr_left[i]--;

    return nr_left[i] > 0;
}

static bool step_0(void)
{
    return take_step(0);
}

static bool step_1(void)
{
    return take_step(1);
}

static bool step_2(void)
{
    return take_step(2);
}

TEST(background, without_any_kind_of_work_there_is_nothing_to_do)
{
    EXPECT(!background_step());
}

TEST(background, each_kind_gets_a_step_until_none_has_more)
{
    static struct background work[] = { { step_0, NULL },
                                        { step_1, NULL },
                                        { step_2, NULL } };
    unsigned int nr = 0;

    for (unsigned int i = 0; i < 3; i++)
        background_register(&work[i]);
    nr_left[0] = 1;
    nr_left[1] = 7;
    nr_left[2] = 3;
    do {
        nr++;
    } while (background_step());
    EXPECT_EQ(nr, 7);
    for (unsigned int i = 0; i < 3; i++) {
        EXPECT_EQ(nr_left[i], 0);
        EXPECT_EQ(nr_steps[i], 7);
    }
}

static struct background late = { step_1, NULL };

static bool register_another(void)
{
    static bool done;

    if (!done)
        background_register(&late);
    done = true;

    return false;
}

TEST(background, work_may_be_registered_by_work)
{
    static struct background early = { register_another, NULL };

    background_register(&early);
    EXPECT(!background_step());
    EXPECT_EQ(nr_steps[1], 0);
    EXPECT(!background_step());
    EXPECT_EQ(nr_steps[1], 1);
}
