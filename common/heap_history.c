/* SPDX-License-Identifier: MIT */
/* Remembers who gave back what, to tell it when it is given back again. */
#include <xen/bug.h>
#include <xen/printk.h>

#include "heap_report.h"

/* Who gave back what: the last calls of free_heap_pages(), in a ring. A caller
 * of 0: being written, or never was. */
struct past_free {
    unsigned long mfn;
    unsigned int order;
    uintptr_t caller;
};

static struct past_free history[CONFIG_DEBUG ? HEAP_HISTORY : 1];
static unsigned long nr_frees;

void remember_free(mfn_t mfn, unsigned int order, uintptr_t caller)
{
    unsigned long i = __atomic_fetch_add(&nr_frees, 1, __ATOMIC_RELAXED);
    struct past_free *past = &history[i % ARRAY_SIZE(history)];

    __atomic_store_n(&past->caller, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&past->mfn, mfn_x(mfn), __ATOMIC_RELAXED);
    __atomic_store_n(&past->order, order, __ATOMIC_RELAXED);
    __atomic_store_n(&past->caller, caller, __ATOMIC_RELAXED);
}

uintptr_t heap_last_free(mfn_t mfn)
{
    unsigned long nr = __atomic_load_n(&nr_frees, __ATOMIC_RELAXED);

    for (unsigned long i = 1; i <= nr && i <= ARRAY_SIZE(history); i++) {
        struct past_free *past = &history[(nr - i) % ARRAY_SIZE(history)];
        unsigned int order = __atomic_load_n(&past->order, __ATOMIC_RELAXED);
        unsigned long first = __atomic_load_n(&past->mfn, __ATOMIC_RELAXED);

        if (mfn_x(mfn) - first < BIT(order))
            return __atomic_load_n(&past->caller, __ATOMIC_RELAXED);
    }

    return 0;
}

void refuse_free(mfn_t mfn)
{
    uintptr_t before = heap_last_free(mfn);

    printk(LOG_ERROR, "heap: frame %#lx is free already\n", mfn_x(mfn));
    if (before)
        printk(LOG_ERROR, "heap: frame %#lx was last given back by %pS\n",
               mfn_x(mfn), (void *)before);
    BUG("what is given back was not handed out like this");
}
