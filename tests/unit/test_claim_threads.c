/* SPDX-License-Identifier: MIT */
/*
 * Real threads as CPUs, of two nodes: one redeems what it has claimed, one
 * builds domains and has them die, one takes and gives back for itself and for
 * others, and one has frames leave and come back. All scrub meanwhile. What was
 * promised is there, what is handed out is zero, and nobody else's.
 */
#include <stdio.h>
#include <stdlib.h>

#include <cpu_threads.h>
#include <hosted.h>
#include <test.h>
#include <xen/arch.h>
#include <xen/audit.h>
#include <xen/claim.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/m2p.h>
#include <xen/offline.h>
#include <xen/page_ref.h>
#include <xen/relinquish.h>
#include <xen/scrub.h>
#include <xen/smp.h>

#include <asm/contents.h>
#include <asm/processor.h>

#include "../model/fake_nodes.h"
#include "../model/small_machine.h"

#define NR_THREADS 4U
#define NR_ROUNDS  500U
#define NR_HELD    24U
#define FIRST      4096UL
#define NR_NODE    512UL
#define NR         (2 * NR_NODE)
#define MAX_OWN    480U
#define QUOTA      900UL
#define GUEST      2U /* comes and goes */

/* Says where. */
#define STOP()                                                                 \
    do {                                                                       \
        fprintf(stderr, "# stopped at line %d\n", __LINE__);                   \
        abort();                                                               \
    } while (0)

static struct domain *owner;

/* By thread; and what came of it. */
static unsigned long nr_redeemed, nr_refused, nr_killed, nr_left, nr_pending;

/* How many frames have been told to leave; before that, and after it. Atomic.
 */
static unsigned long nr_told, nr_told_already;

static struct page_info *passed[NR_THREADS];

/* Both ends of each frame; plain, so that two at once are a race for TSan too.
 */
static void use(const struct page_info *pg, unsigned long nr)
{
    for (unsigned long i = 0; i < nr; i++) {
        uint64_t *word = frame_contents(page_to_mfn(pg + i));

        if (word[0] || word[511])
            STOP(); /* it is not zero */
        word[0] = word[511] = arch_cpu_id() + 1;
    }
}

static void end_use(const struct page_info *pg, unsigned long nr, uint64_t by)
{
    for (unsigned long i = 0; i < nr; i++) {
        const uint64_t *word = frame_contents(page_to_mfn(pg + i));

        if (word[0] != by || word[511] != by)
            STOP(); /* somebody else wrote there */
    }
}

/* One by one where they are to leave the machine. */
static void release(struct domain *d, struct page_info **page, unsigned int nr)
{
    for (unsigned int done = 0; done < nr;) {
        done += release_pages(d, page + done, nr - done);
        if (done == nr)
            break;
        if (!get_page(page[done], d) || !put_page_allocated(page[done]))
            STOP();
        put_page(page[done++]);
    }
}

static unsigned long load(const unsigned long *nr)
{
    return __atomic_load_n(nr, __ATOMIC_SEQ_CST);
}

static void count(unsigned long *nr)
{
    __atomic_fetch_add(nr, 1, __ATOMIC_SEQ_CST);
}

/* What is promised can be had, whatever the others do. */
static void redeem(void)
{
    static struct page_info *page[MAX_OWN];
    unsigned int nr = 1 + cpu_draw(MAX_OWN), got = 0;
    const struct claim any = { CLAIM_ANY_NODE, nr };
    const struct claim both[] = { { 0, nr / 2 }, { 1, nr - nr / 2 } };
    unsigned long before = load(&nr_told_already);
    unsigned long may_leave = offline_nr_pending();
    int rc =
        cpu_draw(2) ? claim_pages(owner, &any, 1) : claim_pages(owner, both, 2);

    if (rc) {
        nr_refused += rc == -ENOMEM;
        return;
    }
    if (cpu_draw(2)) {
        got = alloc_domheap_stream(owner, HEAP_NO_LIMIT, 0, NULL, page, nr);
    }
    for (; got < nr; got++) {
        page[got] = alloc_domheap_pages(owner, 0, HEAP_NO_LIMIT, 0);
        if (!page[got])
            break;
    }
    /* Of memory that is all promised, a frame that leaves is of a promise. */
    if (nr - got > may_leave + load(&nr_told) - before)
        STOP();
    if (got < nr && claim_pages(owner, NULL, 0))
        STOP();
    nr = got;
    for (unsigned int i = 0; i < nr; i++)
        use(page[i], 1);
    nr_redeemed += nr;
    smp_answer();
    for (unsigned int i = 0; i < nr; i++)
        end_use(page[i], 1, arch_cpu_id() + 1);
    release(owner, page, nr);
}

/* Its frames go dirty, at once, while others scrub. */
static void build_and_kill(void)
{
    static struct page_info *page[MAX_OWN];
    struct domain *d;
    unsigned int nr;

    if (domain_create(GUEST, 1, QUOTA, &d))
        return;
    if (cpu_draw(2))
        (void)!claim_pages(d, &(struct claim){ CLAIM_ANY_NODE, cpu_draw(400) },
                           1);
    nr = alloc_domheap_stream(d, HEAP_NO_LIMIT, 0, NULL, page,
                              cpu_draw(MAX_OWN));
    for (unsigned int i = 0; i < nr; i++)
        use(page[i], 1);
    for (unsigned int i = 0; i < nr; i++)
        end_use(page[i], 1, arch_cpu_id() + 1);
    domain_pause(d);
    while (domain_destroy(d))
        smp_answer();
    nr_killed++;
}

/* Leave one to the next CPU, and give back what the one before has left. */
static void pass_on(void)
{
    unsigned int me = arch_cpu_id();
    unsigned int before = (me + NR_THREADS - 1) % NR_THREADS;
    struct page_info *pg =
        __atomic_exchange_n(&passed[before], NULL, __ATOMIC_ACQUIRE);

    if (pg) {
        end_use(pg, 1, before + 1);
        free_heap_pages(pg, 0, TLB_NO_DEBT);
    }
    if (__atomic_load_n(&passed[me], __ATOMIC_RELAXED))
        return;
    pg = alloc_heap_pages(0, HEAP_NO_LIMIT, 0, NULL);
    if (!pg)
        return;
    use(pg, 1);
    __atomic_store_n(&passed[me], pg, __ATOMIC_RELEASE);
}

static void take_or_give(void)
{
    static struct {
        struct page_info *pg;
        unsigned int order;
    } held[NR_HELD];
    unsigned int i = cpu_draw(NR_HELD);

    if (held[i].pg) {
        end_use(held[i].pg, BIT(held[i].order), arch_cpu_id() + 1);
        free_heap_pages(held[i].pg, held[i].order, TLB_NO_DEBT);
        held[i].pg = NULL;
        return;
    }
    held[i].order = cpu_draw(2) ? 0 : cpu_draw(6);
    held[i].pg = alloc_heap_pages(held[i].order, HEAP_NO_LIMIT, 0, NULL);
    if (held[i].pg)
        use(held[i].pg, BIT(held[i].order));
}

static void leave_and_come_back(void)
{
    static bool out[NR];
    unsigned long n = cpu_draw(NR);
    int rc = 0;

    if (out[n]) {
        rc = online_page(_mfn(FIRST + n));
        if (rc && rc != -EAGAIN)
            STOP();
        out[n] = rc != 0;
        return;
    }
    count(&nr_told);
    rc = offline_page(_mfn(FIRST + n), false);
    count(&nr_told_already);
    if (rc != OFFLINE_DONE && rc != OFFLINE_PENDING)
        STOP();
    out[n] = true;
    nr_left += rc == OFFLINE_DONE;
    nr_pending += rc == OFFLINE_PENDING;
}

static void step(void)
{
    unsigned int me = arch_cpu_id();

    if (cpu_draw(4) == 0)
        pass_on();
    else if (me == 0)
        leave_and_come_back();
    else if (me == 1)
        redeem();
    else if (me == 2)
        build_and_kill();
    for (unsigned int i = 0; me == 3 && i < 20; i++)
        take_or_give();
    for (unsigned int i = cpu_draw(8); i > 0; i--)
        scrub_step();
    if (cpu_draw(64) == 0)
        heap_drain();
}

static void run_cpu(void)
{
    for (unsigned int round = 0; round < NR_ROUNDS; round++) {
        step();
        smp_answer();
    }
}

static void machine(void)
{
    static char audit_memory[NR * 16] __aligned(16);
    static const struct ram ram[] = { { FIRST, NR } };
    static const struct fake_node node[] = {
        { 0, FIRST + NR_NODE, 0 },
        { FIRST + NR_NODE, NR_NODE, 1 },
    };

    hosted_arena_init();
    small_machine(ram, 1);
    fake_nodes(small_machine_map(ram, 1), node, 2);
    for (unsigned int cpu = 0; cpu < NR_THREADS; cpu++) {
        srat_add_cpu(fake_srat(), cpu, cpu % 2);
        numa_set_cpu(cpu, cpu);
    }
    heap_add(_mfn(FIRST), NR);
    REQUIRE(nr_nodes == 2 && m2p_init() == 0 && domains_init() == 0);
    REQUIRE(domain_create(1, 1, QUOTA, &owner) == 0);
    audit_lend(audit_memory, sizeof(audit_memory));
}

TEST(claim_threads, what_was_promised_is_there_whatever_comes_and_goes)
{
    machine();
    cpu_threads_run(NR_THREADS, run_cpu);
    printf("# redeemed %lu, refused %lu, killed %lu, left %lu, pending %lu\n",
           nr_redeemed, nr_refused, nr_killed, nr_left, nr_pending);
    EXPECT(nr_redeemed > 0 && nr_killed > 0 && nr_left > 0);
    EXPECT_EQ(owner->nr_pages, 0);
    EXPECT_EQ(owner->nr_claimed, 0);
    EXPECT_EQ(audit_heap(), 0);
    EXPECT_EQ(heap_check(), 0);
}
