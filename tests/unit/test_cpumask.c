/* SPDX-License-Identifier: MIT */
/* Sets of CPUs, against arrays of yes and no. */
#include <string.h>

#include <test.h>
#include <xen/cpumask.h>

static bool is_in[CONFIG_NR_CPUS];
static cpumask_t mask;

static unsigned int any_cpu(void)
{
    return (unsigned int)(test_random() % CONFIG_NR_CPUS);
}

static void expect_same(void)
{
    unsigned int nr = 0, next = CONFIG_NR_CPUS;

    for (unsigned int cpu = CONFIG_NR_CPUS; cpu-- > 0;) {
        if (is_in[cpu])
            next = cpu;
        nr += is_in[cpu];
        EXPECT_EQ(cpumask_test(&mask, cpu), is_in[cpu]);
        EXPECT_EQ(cpumask_next(&mask, cpu), next);
    }
    EXPECT_EQ(cpumask_weight(&mask), nr);
    EXPECT_EQ(cpumask_is_empty(&mask), nr == 0);
    EXPECT_EQ(cpumask_next(&mask, CONFIG_NR_CPUS), CONFIG_NR_CPUS);
}

TEST(cpumask, random_changes_are_those_of_an_array)
{
    expect_same();
    for (unsigned int step = 0; step < 2000; step++) {
        unsigned int cpu = any_cpu();
        bool was_in = is_in[cpu];

        is_in[cpu] = test_random() & 1;
        switch (test_random() % 3) {
        case 0:
            if (is_in[cpu])
                cpumask_set(&mask, cpu);
            else
                cpumask_clear(&mask, cpu);
            break;
        case 1:
            if (is_in[cpu])
                cpumask_set_atomic(&mask, cpu);
            else
                cpumask_clear_atomic(&mask, cpu);
            break;
        default:
            is_in[cpu] = false;
            EXPECT_EQ(cpumask_test_and_clear_atomic(&mask, cpu), was_in);
        }
        expect_same();
    }
    memset(is_in, 0, sizeof(is_in));
    cpumask_empty(&mask);
    expect_same();
}

TEST(cpumask, the_first_and_the_last_cpu_are_like_others)
{
    static const unsigned int cpus[] = { 0, 63, CONFIG_NR_CPUS - 1 };
    unsigned int cpu, nr = 0;

    for (unsigned int i = 0; i < ARRAY_SIZE(cpus); i++) {
        if (cpus[i] < CONFIG_NR_CPUS) {
            cpumask_set(&mask, cpus[i]);
            is_in[cpus[i]] = true;
        }
    }
    expect_same();
    for_each_cpu(cpu, &mask) {
        EXPECT(is_in[cpu]);
        nr++;
    }
    EXPECT_EQ(nr, cpumask_weight(&mask));
}

TEST(cpumask, a_copy_and_what_two_masks_have_in_common)
{
    cpumask_t other = { { 0 } }, both;

    for (unsigned int i = 0; i < CONFIG_NR_CPUS / 2; i++) {
        cpumask_set(&mask, any_cpu());
        cpumask_set(&other, any_cpu());
    }
    cpumask_copy(&both, &mask);
    EXPECT(memcmp(&both, &mask, sizeof(both)) == 0);
    cpumask_and(&both, &other);
    for (unsigned int cpu = 0; cpu < CONFIG_NR_CPUS; cpu++)
        EXPECT_EQ(cpumask_test(&both, cpu),
                  cpumask_test(&mask, cpu) && cpumask_test(&other, cpu));
}
