/* SPDX-License-Identifier: MIT */
/* Background work: a list of kinds, which only grows. */
#include <xen/background.h>

static struct background *first;

/*
 * Release: who sees the head of the list sees what hangs on it. Pairs with the
 * acquire in background_step(). If another was put first meanwhile, @head is
 * that one now.
 */
void background_register(struct background *work)
{
    struct background *head = __atomic_load_n(&first, __ATOMIC_RELAXED);

    do {
        work->next = head;
    } while (!__atomic_compare_exchange_n(&first, &head, work, false,
                                          __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

bool background_step(void)
{
    /* Acquire: pairs with the release in background_register(). */
    struct background *work = __atomic_load_n(&first, __ATOMIC_ACQUIRE);
    bool more = false;

    for (; work; work = work->next) {
        if (work->step())
            more = true;
    }

    return more;
}
