/* SPDX-License-Identifier: MIT */
/* How hypercalls end, by what was asked: so that one sees what a test is worth.
 */
#ifndef CALL_COUNT_H
#define CALL_COUNT_H

#include "naive_calls.h"

/* What is no hypercall. */
enum call_event {
    EVENT_CALL,
    EVENT_INTERRUPTED,
    EVENT_DECLINED,
    EVENT_CREATED,
    EVENT_DESTROYED,
    EVENT_ZOMBIE, /* destroyed, and others hold frames of it still */
    EVENT_LDT_LOADED,
    EVENT_GRANT_USED,
    NR_EVENTS,
};
void count_event(enum call_event event);
unsigned long count_of(enum call_event event);

/* So many elements of @call are done, and it has come to @result, or goes on.
 */
void count_call(const struct naive_caller *c, const struct hypercall *call,
                long result);

/* Elements of a call about grants that have succeeded. */
void count_grants(const char *memory, const struct hypercall *call);

/* Which tables there are now: now and then. */
void count_tables(const struct naive_guests *g);

void count_print(void);

#endif /* CALL_COUNT_H */
