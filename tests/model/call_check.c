/* SPDX-License-Identifier: MIT */
/*
 * Compares a call with the model: one that has come to its end with the whole
 * of what was asked, and one that goes on some time with the part that it did.
 */
#include <public/xen.h>
#include <string.h>

#include <public/memory.h>
#include <test.h>
#include <xen/errno.h>
#include <xen/page_alloc.h>

#include "call_check.h"
#include "call_count.h"
#include "call_maker.h"
#include "naive_look.h"

bool heap_has(unsigned int order)
{
    for (; order < NR_ORDERS; order++)
        if (heap_nr_blocks(order) > 0)
            return true;

    return false;
}

void expect_same_in_the_end(const struct naive_guests *now,
                            const struct naive_guests *expected)
{
    static struct naive_guests one, other;

    one = *now;
    other = *expected;
    naive_settle(&one);
    naive_settle(&other);
    for (unsigned int d = 0; d < NAIVE_DOMAINS; d++)
        if (now->domain[d].state == DOMAIN_DYING) {
            naive_destroy(&one, d);
            naive_destroy(&other, d);
        }
    naive_expect_same(&one, &other, false);
}

static bool is_list(const struct hypercall *call)
{
    return call->number == __HYPERVISOR_mmu_update ||
           call->number == __HYPERVISOR_mmuext_op;
}

/* A list that is done, and will come back once more for its result. */
static bool is_parked(const struct hypercall *call)
{
    return call->restart && is_list(call) && call->argument[0] == 0 &&
           (unsigned int)call->argument[1] == MMU_UPDATE_PREEMPTED;
}

static unsigned long nr_exchanged(const char *memory, uint64_t argument)
{
    struct xen_memory_exchange e = { 0 };

    if (argument >= CALL_MEMORY &&
        argument + sizeof(e) <= CALL_MEMORY + CALL_MEMORY_SIZE)
        memcpy(&e, memory + (argument - CALL_MEMORY), sizeof(e));

    return e.nr_exchanged;
}

/* Elements that were done this time, of a call that goes on. */
static unsigned long progress(const struct call_seen *s)
{
    const struct hypercall *from = s->was, *to = s->call;
    unsigned int mask = ~MMU_UPDATE_PREEMPTED;

    if (is_list(from))
        return (from->argument[1] & mask) - (to->argument[1] & mask);
    if (from->number != __HYPERVISOR_memory_op)
        return 0;
    if (from->argument[0] == XENMEM_exchange)
        return nr_exchanged(s->memory, from->argument[1]) -
               nr_exchanged(s->memory_before, from->argument[1]);

    return (to->argument[0] - from->argument[0]) >> MEMOP_EXTENT_SHIFT;
}

/* How many extents a memory_op has come to. */
static unsigned long nr_served(const struct call_seen *s)
{
    if (s->was->argument[0] == XENMEM_exchange)
        return progress(s);

    return s->call->restart ? s->call->argument[0] >> MEMOP_EXTENT_SHIFT
                            : (unsigned long)s->call->result;
}

struct naive_caller call_of(const struct call_seen *s, struct naive_guests *g)
{
    *g = *s->before;

    return (struct naive_caller){
        .g = g,
        .d = s->d,
        .v = s->v,
        .address = CALL_MEMORY,
        .memory = s->memory_before,
        .size = CALL_MEMORY_SIZE,
        .limit = ~0UL,
        .nr_served = nr_served(s),
        .result = s->call->result,
        .memory_after = s->memory,
        .after = s->after,
        .heap_has = heap_has,
        .compare = true,
    };
}

/* Of an element that was begun, some words may have been written. */
static void expect_words(const struct call_seen *s,
                         const struct naive_guests *done, unsigned long nr_done)
{
    static struct naive_guests next;
    struct naive_caller c = call_of(s, &next);

    if (s->was->number == __HYPERVISOR_memory_op)
        return;
    c.limit = nr_done + 1;
    c.compare = false;
    naive_hypercall(&c, s->was);
    naive_expect_words(s->after, done, &next);
}

static unsigned long element_size(const struct hypercall *call)
{
    return call->number == __HYPERVISOR_mmu_update ? sizeof(struct mmu_update)
                                                   : sizeof(struct mmuext_op);
}

/* The registers say what is left of it, and no more than that has changed. */
static void expect_registers(const struct call_seen *s, unsigned long nr_done)
{
    struct hypercall expected = *s->was;

    if (is_list(s->was)) {
        expected.argument[0] += nr_done * element_size(s->was);
        expected.argument[1] -= nr_done;
        expected.argument[1] |= s->call->argument[1] & MMU_UPDATE_PREEMPTED;
        EXPECT(nr_done == 0 || s->call->argument[1] & MMU_UPDATE_PREEMPTED);
    } else if (s->was->number == __HYPERVISOR_memory_op &&
               s->was->argument[0] != XENMEM_exchange) {
        expected.argument[0] += nr_done << MEMOP_EXTENT_SHIFT;
    }
    EXPECT_EQ(s->call->number, expected.number);
    for (unsigned int i = 0; i < HYPERCALL_ARGUMENTS; i++)
        EXPECT_EQ(s->call->argument[i], expected.argument[i]);
}

/* It goes on some time, and something has been done of it by now. */
static void check_part(const struct call_seen *s)
{
    static struct naive_guests done;
    struct naive_caller c = call_of(s, &done);

    c.limit = progress(s);
    expect_registers(s, c.limit);
    EXPECT(c.limit > 0 || memcmp(s->before, s->after, sizeof(done)) != 0);
    naive_hypercall(&c, s->was);
    count_call(&c, s->was, 0);
    expect_same_in_the_end(s->after, &done);
    expect_words(s, &done, c.limit);
}

static uint32_t word_at(const char *memory, uint64_t address)
{
    uint32_t word = 0;

    if (address >= CALL_MEMORY &&
        address + sizeof(word) <= CALL_MEMORY + CALL_MEMORY_SIZE)
        memcpy(&word, memory + (address - CALL_MEMORY), sizeof(word));

    return word;
}

/*
 * Nobody may leave a part of a table to a domain that has begun to die: who is
 * interrupted then does not go on, but fails. Returns how many elements were
 * done before that, or -1: it cannot be what has happened.
 */
static long refused_at(const struct call_seen *s, long result)
{
    uint64_t done = s->was->argument[2];
    bool dying = false;

    for (unsigned int d = 0; d < NAIVE_DOMAINS; d++)
        dying |= s->after->domain[d].state != DOMAIN_ALIVE &&
                 naive_nr_pages(s->after, d) > 0;
    if (!dying || !s->interrupted || result != -EINVAL || !is_list(s->was) ||
        (unsigned int)s->was->argument[3] == DOMID_SELF || done < CALL_MEMORY)
        return -1;

    return (long)(word_at(s->memory, done) -
                  (s->was->argument[1] & MMU_UPDATE_PREEMPTED
                       ? word_at(s->memory_before, done)
                       : 0));
}

static void check_whole(const struct call_seen *s, long result)
{
    static struct naive_guests done;
    struct naive_caller c = call_of(s, &done);
    long at = refused_at(s, result), expected;

    if (at >= 0)
        c.limit = (unsigned long)at;
    expected = naive_hypercall(&c, s->was);
    EXPECT_EQ(result, at >= 0 ? -EINVAL : expected);
    /* Who is told so has left nothing behind. */
    EXPECT(s->call->restart ||
           s->after->domain[s->d].vcpu[s->v].deferred.hold == HOLD_NONE);
    count_call(&c, s->was, result);
    if (at >= 0) {
        expect_same_in_the_end(s->after, &done);
        expect_words(s, &done, c.limit);
    } else if (s->after->domain[s->d].vcpu[s->v].deferred.hold != HOLD_NONE) {
        expect_same_in_the_end(s->after, &done);
        naive_expect_words(s->after, &done, &done);
    } else {
        naive_expect_same(s->after, &done, true);
    }
}

/* What came before what has just been found wrong. */
static void tell(const struct call_seen *s)
{
    const unsigned long *a = s->was->argument;
    unsigned long word[4] = { 0 };

    if (a[0] >= CALL_MEMORY && a[0] < CALL_MEMORY + CALL_MEMORY_SIZE - 32)
        memcpy(word, s->memory_before + (a[0] - CALL_MEMORY), sizeof(word));
    test_fail(__FILE__, __LINE__,
              "it was domain %u's vcpu %u: call %lu (%#lx, %#lx, %#lx, %#lx), "
              "%s %ld; %#lx %#lx %#lx %#lx",
              s->d, s->v, s->was->number, a[0], a[1], a[2], a[3],
              s->call->restart ? "goes on" : "came to", s->call->result,
              word[0], word[1], word[2], word[3]);
    naive_print(s->before);
}

void check_call(const struct call_seen *s)
{
    if (is_parked(s->call))
        check_whole(s, (int)s->call->argument[3]);
    else if (s->call->restart)
        check_part(s);
    else
        check_whole(s, s->call->result);
    if (test_nr_failures() > 0)
        tell(s);
}
