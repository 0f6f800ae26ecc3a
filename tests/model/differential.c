/* SPDX-License-Identifier: MIT */
/* Makes a call, sees what the core did, and what the model says to that. */
#include <public/xen.h>
#include <string.h>

#include <hosted.h>
#include <public/memory.h>
#include <test.h>
#include <xen/audit.h>
#include <xen/bug.h>
#include <xen/descriptors.h>
#include <xen/errno.h>
#include <xen/grant_table.h>
#include <xen/m2p.h>
#include <xen/page_alloc.h>
#include <xen/relinquish.h>
#include <xen/smp.h>

#include "call_check.h"
#include "call_count.h"
#include "call_maker.h"
#include "differential.h"
#include "naive_look.h"
#include "naive_tlb.h"
#include "small_machine.h"

#define FIRST_FRAME 64UL
#define DEVICE_HERE 320UL       /* it has an entry in the frame table */
#define DEVICE_AWAY (1UL << 20) /* it has none */

static unsigned int (*draw)(unsigned int);
static unsigned int nr_domains;
static bool first_is_privileged, with_grants;
static unsigned long nr_free;

/* What the core has, as the model sees it; and its domains. */
static struct naive_guests now;
static struct domain *domain[NAIVE_DOMAINS];

/* The arguments of calls. */
static char memory[CALL_MEMORY_SIZE] __aligned(8);
static char memory_before[CALL_MEMORY_SIZE] __aligned(8);

/* When a CPU that asks is told to yield. */
static struct {
    unsigned int one_in; /* 0: never */
    unsigned int then;   /* and from then on, for the rest of the call */
    bool always;
    bool has_said_yes;
} yields;

static bool ask(void)
{
    bool yes;

    if (yields.then > 0 && --yields.then == 0)
        yields.always = true;
    yes = yields.always || (yields.one_in > 0 && draw(yields.one_in) == 0);
    yields.has_said_yes |= yes;

    return yes;
}

static void draw_yields(void)
{
    static const unsigned char one_in[] = { 0, 0, 0, 0, 0, 0, 2, 4, 16 };

    yields.one_in = one_in[draw(ARRAY_SIZE(one_in))];
    yields.then = draw(4) == 3 ? 1 + draw(24) : 0;
    yields.always = false;
    yields.has_said_yes = false;
}

/* The domain that the CPU runs. */
static unsigned int running(void)
{
    return current_vcpu() ? current_vcpu()->domain->id - 1U : NAIVE_NONE;
}

/* What all of them, and the core, must agree on at any time. */
static void look(const struct naive_guests *like)
{
    struct naive_guests seen;

    EXPECT_EQ(audit_heap(), 0);
    naive_look(&seen, like);
    if (with_grants)
        EXPECT_EQ(grant_table_check(), 0);
    else
        naive_expect_counts(&seen);
    naive_tlb_step(&now, &seen, running());
    now = seen;
}

static void run(unsigned int d, unsigned int v)
{
    struct vcpu *vcpu = &domain[d]->vcpu[v];

    if (current_vcpu() == vcpu)
        return;
    if (current_vcpu())
        vcpu_leave();
    EXPECT_EQ(vcpu_enter(vcpu), 0);
}

static void draw_call(unsigned int d, unsigned int v, struct hypercall *call)
{
    struct call_maker maker = { &now, memory, draw };

    if (with_grants && draw(3) == 0) {
        draw_grant(&maker, d, &domain[d]->grants);
        make_grant_call(&maker, d, v, call);
    } else {
        make_call(&maker, d, v, call);
    }
    if (with_grants && draw(8) == 7)
        make_multicall(&maker, call);
}

static void make_a_call(unsigned int d, unsigned int v)
{
    static struct naive_guests before;
    struct hypercall call, was;

    run(d, v);
    draw_call(d, v, &call);
    draw_yields();
    count_event(EVENT_CALL);
    do {
        was = call;
        before = now;
        memcpy(memory_before, memory, sizeof(memory));
        hosted_yield(ask);
        hypercall(&call);
        hosted_yield(NULL);
        look(&before);
        if (with_grants)
            count_grants(memory, &call);
        else
            check_call(&(struct call_seen){ d, v, &was, &call, memory_before,
                                            memory, &before, &now,
                                            yields.has_said_yes });
        if (!call.restart)
            return;
        count_event(EVENT_INTERRUPTED);
    } while (draw(6) > 0 && test_nr_failures() == 0);
    count_event(EVENT_DECLINED);
}

/* A segment of the local table is used for the first time. */
static void load_ldt(unsigned int d, unsigned int v)
{
    static struct naive_guests before;
    struct naive_caller c = { .g = &before, .d = d, .v = v };
    unsigned int index = draw(3) * 512 + draw(2);
    bool loaded;

    run(d, v);
    before = now;
    loaded = vcpu_load_ldt(&domain[d]->vcpu[v], index);
    look(&before);
    if (!with_grants) {
        EXPECT_EQ(loaded, naive_load_ldt(&c, index));
        naive_expect_same(&now, &before, true);
    }
    if (loaded)
        count_event(EVENT_LDT_LOADED);
}

static bool is_there(unsigned int d)
{
    return now.domain[d].state != DOMAIN_DEAD || naive_nr_pages(&now, d) > 0;
}

static void create(unsigned int d)
{
    struct naive_domain *model = &now.domain[d];
    unsigned int quota = 12 + draw(32);
    domid_t id = (domid_t)(d + 1);
    int rc = domain_create(id, NAIVE_VCPUS, quota, &domain[d]);

    if (rc == -EEXIST) {
        EXPECT(is_there(d) || with_grants);
        return;
    }
    if (rc) {
        EXPECT_EQ(-rc, ENOMEM);
        EXPECT(!heap_has(0));
        return;
    }
    EXPECT(!is_there(d));
    *model = (struct naive_domain){ .max_pages = quota };
    model->privileged = d == 0 && first_is_privileged;
    domain[d]->privileged = model->privileged;
    for (unsigned int i = 0; i < 2 && model->privileged; i++)
        EXPECT_EQ(domain_permit_device(domain[d], _mfn(now.device[i]), 1), 0);
    naive_watch(d, domain[d]);
    count_event(EVENT_CREATED);
}

/* Destroy it, or a part of it. */
static void destroy(unsigned int d)
{
    static struct naive_guests before;
    int rc;

    if (current_vcpu() && current_vcpu()->domain == domain[d])
        vcpu_leave();
    draw_yields();
    do {
        now.domain[d].state = DOMAIN_DYING;
        before = now;
        hosted_yield(ask);
        rc = domain_destroy(domain[d]);
        hosted_yield(NULL);
        if (rc == 0) {
            naive_watch(d, NULL);
            domain[d] = NULL;
            if (with_grants)
                before.domain[d] =
                    (struct naive_domain){ .state = DOMAIN_DEAD };
            else
                naive_destroy(&before, d);
            look(&before);
            if (!with_grants)
                naive_expect_same(&now, &before, true);
            count_event(is_there(d) ? EVENT_ZOMBIE : EVENT_DESTROYED);
            return;
        }
        EXPECT_EQ(-rc, ERESTART);
        look(&before);
        if (!with_grants)
            expect_same_in_the_end(&now, &before);
    } while (draw(2) > 0 && test_nr_failures() == 0);
}

void differential_step(void)
{
    static unsigned int d, v;

    /* Each CPU that comes has flushed: so mostly it stays. */
    if (draw(4) == 0 || d >= nr_domains) {
        d = draw(nr_domains);
        v = draw(NAIVE_VCPUS);
    }
    switch (now.domain[d].state) {
    case DOMAIN_DEAD:
        if (draw(8) == 0)
            create(d);
        break;
    case DOMAIN_DYING:
        if (draw(8) == 0)
            destroy(d);
        break;
    default:
        if (draw(2000) == 0)
            destroy(d);
        else if (draw(24) == 0)
            load_ldt(d, v);
        else
            make_a_call(d, v);
    }
    if (draw(64) == 0)
        count_tables(&now);
}

void differential_reset(unsigned int nr, bool privileged, bool grants)
{
    with_grants = grants;
    nr_domains = nr;
    first_is_privileged = privileged;
}

void differential_start(unsigned int (*draw_below)(unsigned int))
{
    /* What the hypervisor needs is of these too: nobody's, to guests. */
    static const struct ram ram[] = { { FIRST_FRAME, NAIVE_FRAMES } };
    static char for_auditor[1 << 16];

    draw = draw_below;
    small_machine_heap(ram, ARRAY_SIZE(ram));
    hosted_arena_init();
    BUG_ON(domains_init());
    BUG_ON(m2p_init());
    audit_lend(for_auditor, sizeof(for_auditor));
    hosted_guest_memory(CALL_MEMORY, memory, sizeof(memory));
    for (unsigned int i = 0; i < HYPERVISOR_SLOTS; i++)
        hypervisor_slots[i] = 0x1000000 + i * 0x1000 + PTE_PRESENT;

    now = (struct naive_guests){ .first = FIRST_FRAME,
                                 .end_of_ram =
                                     nr_pdxs, /* they are next to each other */
                                 .highest = mfn_x(pdx_to_mfn(nr_pdxs - 1)),
                                 .device = { DEVICE_HERE, DEVICE_AWAY } };
    for (unsigned int d = 0; d < NAIVE_DOMAINS; d++)
        now.domain[d].state = DOMAIN_DEAD;

    /* What the first domain takes for good is not missing afterwards. */
    create(0);
    destroy(0);
    nr_free = heap_nr_free();
}

void differential_finish(void)
{
    for (unsigned int d = 0; d < NAIVE_DOMAINS; d++)
        while (now.domain[d].state != DOMAIN_DEAD && test_nr_failures() == 0)
            destroy(d);
    EXPECT_EQ(heap_nr_free(), nr_free);
}
