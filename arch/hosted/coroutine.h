/* SPDX-License-Identifier: MIT */
/* A function that can stop in the middle, and be gone on with later. */
#ifndef COROUTINE_H
#define COROUTINE_H

#include <stddef.h>

struct coroutine {
    void *inside[5], *outside[5]; /* of __builtin_setjmp() */
    void (*function)(void);
    void *stack;

    /* What the address sanitizer wants to know at each switch. */
    void *fake_inside, *fake_outside;
    const void *outer_stack;
    size_t outer_size;
};

/* @function must not return: coroutines last as long as the process. */
void coroutine_create(struct coroutine *it, void (*function)(void));

/* Go on with it until it leaves; called from outside, and from inside. */
void coroutine_enter(struct coroutine *it);
void coroutine_leave(struct coroutine *it);

#endif /* COROUTINE_H */
