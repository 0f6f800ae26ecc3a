/* SPDX-License-Identifier: MIT */
/*
 * Which domains there are.
 *
 * A table of two levels leads from a number to its domain. It is read without a
 * lock by who knows that the domain stays: a frame's owner is looked up at each
 * free. Who does not know takes domains_lock, under which entries come and go.
 */
#include <xen/bug.h>
#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/page_alloc.h>
#include <xen/string.h>

#include <asm/contents.h>

/* A leaf fills a frame. Once there it stays: there are not many. */
#define LEAF_SIZE (PAGE_SIZE / sizeof(struct domain *))
#define NR_LEAVES 64U
#define NR_IDS    (NR_LEAVES * LEAF_SIZE)

_Static_assert(DOMID_IO < NR_IDS && DOMID_XEN < NR_IDS, "they have no place");
_Static_assert(DOMID_IO < UINT16_MAX && DOMID_XEN < UINT16_MAX, "nor a tag");

static spinlock_t domains_lock = SPINLOCK_INIT(LOCK_RANK_DOMAINS);
static struct domain **leaves[NR_LEAVES]; /* atomic, as their entries are */

struct domain *dom_io, *dom_xen;

/* The place of @id in the table; NULL: it has none. */
static struct domain **place_of(unsigned int id)
{
    struct domain **leaf;

    if (id >= NR_IDS)
        return NULL;
    /* Acquire: its entries are cleared. Pairs with the release in add_leaf().
     */
    leaf = __atomic_load_n(&leaves[id / LEAF_SIZE], __ATOMIC_ACQUIRE);

    return leaf ? leaf + id % LEAF_SIZE : NULL;
}

/* Acquire: the domain is as create() left it, or later. Pairs with the release
 * in insert(). */
static struct domain *find(unsigned int id)
{
    struct domain **place = place_of(id);

    return place ? __atomic_load_n(place, __ATOMIC_ACQUIRE) : NULL;
}

/* Memory of zeroes, 2^@order frames. */
static void *take_memory(unsigned int order)
{
    struct page_info *pg =
        alloc_heap_pages(order, CONTENTS_LIMIT, HEAP_LONG_LIVED, NULL);

    if (!pg)
        return NULL;

    return memset(frame_contents(page_to_mfn(pg)), 0, PAGE_SIZE << order);
}

/* No guest has mapped it. */
static void give_memory_back(void *memory, unsigned int order)
{
    free_heap_pages(mfn_to_page(frame_of_contents(memory)), order, TLB_NO_DEBT);
}

/* See to it that @id has a place. Two may do so at once. */
static int add_leaf(domid_t id)
{
    struct domain **leaf, **before = NULL;

    if (place_of(id))
        return 0;
    leaf = take_memory(0);
    if (!leaf)
        return -ENOMEM;

    /* Release: pairs with the acquire in place_of(). */
    if (!__atomic_compare_exchange_n(&leaves[id / LEAF_SIZE], &before, leaf,
                                     false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        give_memory_back(leaf, 0);

    return 0;
}

/* What a domain takes: itself and its vCPUs, one behind the other. */
static unsigned int order_of(unsigned int nr_vcpus)
{
    size_t size = sizeof(struct domain) + nr_vcpus * sizeof(struct vcpu);

    return size <= PAGE_SIZE ? 0 : highest_bit((size - 1) >> PAGE_SHIFT) + 1;
}

static struct domain *new_domain(domid_t id, unsigned int nr_vcpus,
                                 unsigned long max_pages)
{
    struct domain *d = take_memory(order_of(nr_vcpus));

    if (!d)
        return NULL;
    d->id = id;
    d->tag = (uint16_t)(id + 1);
    d->state = DOMAIN_ALIVE;
    d->references = 1;
    d->page_alloc_lock = (spinlock_t)SPINLOCK_INIT(LOCK_RANK_PAGES);
    d->pages = (struct page_list)PAGE_LIST_EMPTY;
    d->extra_pages = (struct page_list)PAGE_LIST_EMPTY;
    d->relinquished = (struct page_list)PAGE_LIST_EMPTY;
    grant_table_init(&d->grants);
    d->max_pages = max_pages;
    d->nr_vcpus = nr_vcpus;
    for (unsigned int i = 0; i < nr_vcpus; i++) {
        d->vcpu[i].domain = d;
        d->vcpu[i].id = i;
    }

    return d;
}

/* Returns whether the number was free. */
static bool insert(struct domain *d)
{
    struct domain **place = place_of(d->id);
    bool is_free;

    spin_lock(&domains_lock);
    is_free = __atomic_load_n(place, __ATOMIC_RELAXED) == NULL;
    /* Release: pairs with the acquire in find(). */
    if (is_free)
        __atomic_store_n(place, d, __ATOMIC_RELEASE);
    spin_unlock(&domains_lock);

    return is_free;
}

static int create(domid_t id, unsigned int nr_vcpus, unsigned long max_pages,
                  struct domain **domain)
{
    struct domain *d;
    int rc = add_leaf(id);

    if (rc)
        return rc;
    d = new_domain(id, nr_vcpus, max_pages);
    if (!d)
        return -ENOMEM;
    if (!insert(d)) {
        give_memory_back(d, order_of(nr_vcpus));
        return -EEXIST;
    }
    *domain = d;

    return 0;
}

int domain_create(domid_t id, unsigned int nr_vcpus, unsigned long max_pages,
                  struct domain **domain)
{
    if (id >= DOMID_FIRST_RESERVED || nr_vcpus == 0 ||
        nr_vcpus > DOMAIN_MAX_VCPUS)
        return -EINVAL;

    return create(id, nr_vcpus, max_pages, domain);
}

int domains_init(void)
{
    int rc = add_leaf(0); /* of the low numbers, which there will be */

    if (!rc)
        rc = create(DOMID_IO, 0, 0, &dom_io);

    return rc ? rc : create(DOMID_XEN, 0, 0, &dom_xen);
}

/* The lock, under which the state changes, tells which was first. */
bool domain_has_begun_to_die(struct domain *d)
{
    bool alive;

    spin_lock(&d->page_alloc_lock);
    alive = domain_is_alive(d);
    spin_unlock(&d->page_alloc_lock);

    return !alive;
}

struct domain *domain_get(domid_t id)
{
    struct domain *d;

    /* Without a reference it could go between the two steps. From 0 none is
     * taken: it is going. */
    spin_lock(&domains_lock);
    d = find(id);
    if (d) {
        unsigned long seen = __atomic_load_n(&d->references, __ATOMIC_RELAXED);

        while (seen > 0 && !__atomic_compare_exchange_n(
                               &d->references, &seen, seen + 1, true,
                               __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            ;
        if (seen == 0)
            d = NULL;
    }
    spin_unlock(&domains_lock);

    return d;
}

/* The last reference has gone, so nobody has a pointer but who looks it up. */
static __cold void free_domain(struct domain *d)
{
    BUG_ON(d->nr_pages | d->nr_extra_pages);
    spin_lock(&domains_lock);
    __atomic_store_n(place_of(d->id), NULL, __ATOMIC_RELAXED);
    spin_unlock(&domains_lock);
    give_memory_back(d, order_of(d->nr_vcpus));
}

void domain_put(struct domain *d)
{
    /* Release: what was done by a reference is done before the memory goes.
     * Acquire: pairs with it, for who lets it go. */
    unsigned long left =
        __atomic_sub_fetch(&d->references, 1, __ATOMIC_ACQ_REL);

    ASSERT(left + 1 != 0);
    if (left == 0)
        free_domain(d);
}

/* A domain stays while it owns a frame, and this one stays owned. */
struct domain *domain_of_page(const struct page_info *pg)
{
    uint16_t tag = __atomic_load_n(&pg->inuse_overlay.owner, __ATOMIC_RELAXED);

    return tag == 0 ? NULL : find(tag - 1U);
}

struct domain *domain_next(const struct domain *d)
{
    for (unsigned int id = d ? d->id + 1U : 0; id < NR_IDS; id++) {
        struct domain **place = place_of(id), *next;

        if (!place) {
            id |= LEAF_SIZE - 1;
            continue;
        }
        next = __atomic_load_n(place, __ATOMIC_ACQUIRE); /* as in find() */
        if (next)
            return next;
    }

    return NULL;
}

/* Sequentially consistent: pairs with vcpu_enter(). Either it sees the pause,
 * or who has paused sees the vCPU run. */
void domain_pause(struct domain *d)
{
    __atomic_add_fetch(&d->pauses, 1, __ATOMIC_SEQ_CST);
}

/* Release: what was done during the pause is seen by who enters. Pairs with the
 * load in vcpu_enter(). */
void domain_unpause(struct domain *d)
{
    unsigned int before = __atomic_fetch_sub(&d->pauses, 1, __ATOMIC_RELEASE);

    BUG_ON(before == 0);
}
