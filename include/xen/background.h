/* SPDX-License-Identifier: MIT */
/*
 * Work for CPUs that have nothing else to do, in bounded steps.
 *
 * Who has such work registers once, at boot. From then on each CPU that is
 * about to idle asks for steps until there are no more. One that idles already
 * is not woken by new work; smp_kick() does that.
 */
#ifndef XEN_BACKGROUND_H
#define XEN_BACKGROUND_H

#include <xen/types.h>

/**
 * struct background - a kind of work.
 *
 * @step does a bounded piece of it, and says whether there may be more. Several
 * CPUs may call it at once, with interrupts on and no lock held.
 */
struct background {
    bool (*step)(void);
    struct background *next;
};

/* Register @work, which must stay. */
void background_register(struct background *work);

/* Do one step of each kind. Returns whether any of them may have more. */
bool background_step(void);

#endif /* XEN_BACKGROUND_H */
