/* SPDX-License-Identifier: MIT */
/* Several CPUs of one domain map and unmap what another grants: at the end all
 * is given back, and there is no race. */
#include <pthread.h>

#include <hosted.h>
#include <test.h>
#include <xen/smp.h>

#include "../model/granting.h"

#define NR_CPUS    3U
#define NR_ROUNDS  1500U
#define NR_REFS    2U
#define NR_HANDLES 4U

static struct party *granter, *user;
static struct page_info *frame[NR_REFS];
static unsigned int nr_at_work;

struct mapping {
    grant_handle_t handle;
    unsigned int slot; /* 0: none */
};

/* Each CPU has addresses of its own, and all of them share the references. */
static void map_or_unmap(const struct party *me, struct mapping *m,
                         unsigned int slot, unsigned int ref)
{
    short status;

    if (m->slot) {
        status = unmap_at(me, m->handle, m->slot);
        m->slot = 0;
    } else {
        status = map_at(me, granter, ref,
                        GNTMAP_host_map | (slot & 1 ? GNTMAP_readonly : 0),
                        slot, &m->handle);
        m->slot = slot;
    }
    EXPECT_EQ(status, GNTST_okay);
}

static void *work(void *cpu)
{
    unsigned int id = (unsigned int)(uintptr_t)cpu, random = id + 1;
    struct mapping mapping[NR_HANDLES] = { { 0 } };
    struct party me = *user;

    hosted_set_cpu_id(id);
    me.v = &user->d->vcpu[id];
    for (unsigned int round = 0; round < NR_ROUNDS; round++) {
        unsigned int i;

        random = random * 1664525 + 1013904223;
        i = random >> 16 & (NR_HANDLES - 1);
        map_or_unmap(&me, &mapping[i], 1 + id * NR_HANDLES + i,
                     1 + (random >> 24) % NR_REFS);
        smp_answer();
    }
    for (unsigned int i = 0; i < NR_HANDLES; i++)
        if (mapping[i].slot)
            map_or_unmap(&me, &mapping[i], 0, 0);

    /* Others may wait for this CPU to flush. */
    __atomic_sub_fetch(&nr_at_work, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&nr_at_work, __ATOMIC_RELAXED) > 0)
        smp_wait_a_turn();

    return NULL;
}

TEST(grant_threads, what_cpus_map_and_unmap_at_once_is_given_back)
{
    pthread_t thread[NR_CPUS];

    granting_machine(NR_CPUS, NR_CPUS);
    granter = &party[1];
    user = &party[2];
    for (unsigned int i = 0; i < NR_REFS; i++) {
        frame[i] = pv_page(granter->d);
        grant(granter, 1 + i, 0, user->d->id, frame[i]);
    }
    vcpu_leave();
    for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
        pv_run(cpu, &user->d->vcpu[cpu]);
    hosted_answer_at_once(false);
    nr_at_work = NR_CPUS;
    for (uintptr_t cpu = 0; cpu < NR_CPUS; cpu++)
        EXPECT_EQ(pthread_create(&thread[cpu], NULL, work, (void *)cpu), 0);
    for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
        EXPECT_EQ(pthread_join(thread[cpu], NULL), 0);

    for (unsigned int i = 0; i < NR_REFS; i++) {
        EXPECT_EQ(pv_count(frame[i]), 1);
        EXPECT_EQ(pv_type_count(frame[i]), 0);
        EXPECT_EQ(grant_flags(granter, 1 + i), GTF_permit_access);
    }
    EXPECT(all_is_well());
}
