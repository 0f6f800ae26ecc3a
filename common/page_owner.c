/* SPDX-License-Identifier: MIT */
/* Keeps who took each frame, and who gave it back, and sums that up. */
#include <xen/arch.h>
#include <xen/bits.h>
#include <xen/frame_table.h>
#include <xen/page_owner.h>
#include <xen/printk.h>
#include <xen/string.h>

/*
 * Code lies within 2 GiB, so of an address its distance from one function will
 * do; 0 stands for none. The members are atomic, for who reads them while they
 * change: he may get those of two moments.
 */
struct entry {
    int32_t taken_by, given_by;
    uint32_t state; /* ORDER_*, OUT, and the mark it was taken after */
};

#define ORDER_MASK 0x1fU
#define OUT        0x20U
#define MARK_SHIFT 6

/* By PDX; or NULL. Of groups that are not among the ready ones they may be
 * anything. Bits are set atomically. */
static struct entry *entries;
static unsigned long ready[BITMAP_LONGS(FRAME_TABLE_MAX_GROUPS)];

/* How many times page_owner_mark() was called. */
static uint32_t nr_marks;

static int32_t distance_of(uintptr_t code)
{
    return (int32_t)(code - (uintptr_t)page_owner_init);
}

static uintptr_t code_of(const int32_t *atomic)
{
    int32_t distance = __atomic_load_n(atomic, __ATOMIC_RELAXED);

    return distance ? (uintptr_t)page_owner_init + (uintptr_t)(intptr_t)distance
                    : 0;
}

static uint32_t load(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

void page_owner_init(void)
{
    entries = arch_alloc_table(nr_pdxs * sizeof(*entries));
    if (!entries)
        printk(LOG_WARNING, "page owners: no memory for the table: nothing "
                            "will be known\n");
}

void page_owner_add_group(unsigned long group)
{
    if (!entries)
        return;
    memset(&entries[group * FRAMES_PER_GROUP], 0,
           FRAMES_PER_GROUP * sizeof(*entries));
    /* Release: pairs with is_ready(). */
    __atomic_fetch_or(&ready[group / BITS_PER_LONG], BIT(group % BITS_PER_LONG),
                      __ATOMIC_RELEASE);
}

static bool is_ready(unsigned long pdx)
{
    unsigned long group = pdx / FRAMES_PER_GROUP;

    return __atomic_load_n(&ready[group / BITS_PER_LONG], __ATOMIC_ACQUIRE) >>
               (group % BITS_PER_LONG) &
           1;
}

void page_owner_took(unsigned long pdx, unsigned int order, uintptr_t caller)
{
    uint32_t state = load(&nr_marks) << MARK_SHIFT | OUT | order;

    if (!entries)
        return;
    for (unsigned long i = pdx; i < pdx + BIT(order); i++) {
        __atomic_store_n(&entries[i].taken_by, distance_of(caller),
                         __ATOMIC_RELAXED);
        __atomic_store_n(&entries[i].state, state, __ATOMIC_RELAXED);
    }
}

void page_owner_gave(unsigned long pdx, unsigned int order, uintptr_t caller)
{
    if (!entries)
        return;
    for (unsigned long i = pdx; i < pdx + BIT(order); i++) {
        __atomic_store_n(&entries[i].given_by, distance_of(caller),
                         __ATOMIC_RELAXED);
        __atomic_store_n(&entries[i].state, load(&entries[i].state) & ~OUT,
                         __ATOMIC_RELAXED);
    }
}

bool page_owner_of(mfn_t mfn, struct page_owner *owner)
{
    const struct entry *entry;
    uint32_t state;

    if (!mfn_valid(mfn) || !is_ready(mfn_to_pdx(mfn)))
        return false;
    entry = &entries[mfn_to_pdx(mfn)];
    state = load(&entry->state);
    *owner = (struct page_owner){
        .taken_by = code_of(&entry->taken_by),
        .given_by = code_of(&entry->given_by),
        .order = state & ORDER_MASK,
        .is_out = state & OUT,
    };

    return owner->taken_by || owner->given_by;
}

void page_owner_mark(void)
{
    __atomic_add_fetch(&nr_marks, 1, __ATOMIC_RELAXED);
}

/* Sums, of which the last one may be that of all others. */
struct sums {
    struct page_owner_sum *sum;
    unsigned int nr, max;
};

static void add(struct sums *sums, uintptr_t caller, unsigned int order)
{
    struct page_owner_sum *sum = sums->sum;
    unsigned int i = 0;

    while (i < sums->nr && (sum[i].caller != caller || sum[i].order != order))
        i++;
    if (i == sums->max) {
        sum[--i].caller = 0;
    } else if (i == sums->nr) {
        sum[i] = (struct page_owner_sum){ .caller = caller, .order = order };
        sums->nr++;
    }
    sum[i].nr_frames++;
}

/* By insertion: there are few. */
static void sort(struct page_owner_sum *sum, unsigned int nr)
{
    for (unsigned int i = 1; i < nr; i++) {
        struct page_owner_sum moved = sum[i];
        unsigned int to = i;

        for (; to > 0 && sum[to - 1].nr_frames < moved.nr_frames; to--)
            sum[to] = sum[to - 1];
        sum[to] = moved;
    }
}

unsigned int page_owner_sums(struct page_owner_sum *sum, unsigned int max)
{
    struct sums sums = { sum, 0, max };

    for (unsigned long pdx = 0; pdx < nr_pdxs; pdx++) {
        uint32_t state;

        if (!is_ready(pdx)) {
            pdx |= FRAMES_PER_GROUP - 1;
            continue;
        }
        state = load(&entries[pdx].state);
        if (state & OUT && state >> MARK_SHIFT >= load(&nr_marks))
            add(&sums, code_of(&entries[pdx].taken_by), state & ORDER_MASK);
    }
    sort(sum, sums.nr);

    return sums.nr;
}

void page_owner_print(unsigned int nr)
{
    struct page_owner_sum sum[PAGE_OWNER_MAX_LINES];
    unsigned int nr_sums = page_owner_sums(sum, PAGE_OWNER_MAX_LINES);

    console_printf("    frames  order  taken by\n");
    for (unsigned int i = 0; i < nr_sums && i < nr; i++)
        if (sum[i].caller)
            console_printf("%10lu  %5u  %pS\n", sum[i].nr_frames, sum[i].order,
                           (void *)sum[i].caller);
        else
            console_printf("%10lu      -  all others\n", sum[i].nr_frames);
    if (nr_sums > nr)
        console_printf("and %u more callers\n", nr_sums - nr);
}
