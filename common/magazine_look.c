/* SPDX-License-Identifier: MIT */
/* Looks at what CPUs have at hand, to count it and to check it. */
#include "magazine.h"
#include "scrub_turn.h"

static unsigned long nr_in(const struct magazine *m)
{
    unsigned long height = read_number(&m->height);

    return (height ? height - 1 : 0) + read_number(&m->nr_spare);
}

static unsigned long count(const struct heap_cpu *cpu)
{
    unsigned long sum =
        nr_in(&cpu->magazine[CLEAN]) + nr_in(&cpu->magazine[DIRTY]);

    for (unsigned int i = 0; i < NR_SMALL; i++)
        sum += read_number(&cpu->small[i].nr) << small_order[i];

    return sum;
}

static bool owns_some(struct heap_node *node)
{
    bool any = read_number(&node->nr_between) > 0;

    if (node->end == node->base)
        return false;
    spin_lock(&node->lock);
    any |= !bit_tree_is_empty(&node->owned);
    spin_unlock(&node->lock);

    return any;
}

bool magazines_are_moving(const struct heap_cpu *me)
{
    cpumask_t users;
    unsigned int cpu;

    cpumask_copy(&users, &heap_users);
    for_each_cpu(cpu, &users)
        if (&heap_cpus[cpu] != me &&
            __atomic_load_n(&heap_cpus[cpu].busy, __ATOMIC_ACQUIRE))
            return true;

    return false;
}

static bool has_any(const struct heap_cpu *cpu)
{
    return __atomic_load_n(&cpu->busy, __ATOMIC_ACQUIRE) ||
           read_number(&cpu->magazine[CLEAN].height) > 1 ||
           read_number(&cpu->magazine[DIRTY].height) > 1 ||
           (read_number(&cpu->magazine[CLEAN].nr_spare) |
            read_number(&cpu->magazine[DIRTY].nr_spare) |
            read_number(&cpu->small[SMALL_CHUNK].nr) |
            read_number(&cpu->small[SMALL_1].nr) |
            read_number(&cpu->small[SMALL_2].nr) |
            read_number(&cpu->small[SMALL_3].nr)) != 0;
}

static bool some_have_any(void)
{
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu += BITS_PER_LONG) {
        unsigned long rest = __atomic_load_n(
            &heap_users.bits[cpu / BITS_PER_LONG], __ATOMIC_RELAXED);

        for (; rest; rest &= rest - 1)
            if (has_any(&heap_cpus[cpu + lowest_bit(rest)]))
                return true;
    }

    return false;
}

bool magazines_have_any(void)
{
    bool any = __atomic_load_n(&magazines_shortening, __ATOMIC_RELAXED) ||
               scrub_goes_on() || some_have_any();

    for (unsigned int node = 0; node < nr_nodes && !any; node++)
        any = owns_some(&heap_nodes[node]);

    return any;
}

unsigned long magazines_count(void)
{
    unsigned long sum = 0;
    cpumask_t users;
    unsigned int cpu;

    cpumask_copy(&users, &heap_users);
    for_each_cpu(cpu, &users)
        sum += count(&heap_cpus[cpu]);

    return sum;
}

typedef void look_fn(unsigned long pdx, unsigned int order, bool dirty,
                     void *data);

static void look_along(struct page_info *const *page, unsigned long nr,
                       unsigned int order, bool dirty, look_fn *look,
                       void *data)
{
    for (unsigned long i = 0; i < nr; i++)
        look(page_to_pdx(page[i]), order, dirty, data);
}

void magazines_look(look_fn *look, void *data)
{
    unsigned int cpu;

    for_each_cpu(cpu, &heap_users) {
        const struct heap_cpu *each = &heap_cpus[cpu];

        look_along(each->magazine[CLEAN].page,
                   magazine_nr(&each->magazine[CLEAN]), 0, false, look, data);
        look_along(each->magazine[CLEAN].spare, each->magazine[CLEAN].nr_spare,
                   0, false, look, data);
        look_along(each->magazine[DIRTY].page,
                   magazine_nr(&each->magazine[DIRTY]), 0, true, look, data);
        look_along(each->magazine[DIRTY].spare, each->magazine[DIRTY].nr_spare,
                   0, true, look, data);
        for (unsigned int i = 0; i < NR_SMALL; i++)
            look_along(each->small[i].page, each->small[i].nr, small_order[i],
                       true, look, data);
    }
}

struct times {
    unsigned long pdx;
    unsigned int nr;
};

static void count_times(unsigned long pdx, unsigned int order, bool dirty,
                        void *data)
{
    struct times *times = data;

    (void)dirty;
    times->nr += times->pdx - pdx < BIT(order);
}

unsigned int magazines_times(unsigned long pdx)
{
    struct times times = { pdx, 0 };

    magazines_look(count_times, &times);

    return times.nr;
}
