/* SPDX-License-Identifier: MIT */
/* Warnings about a table: one that breaks a rule may break it in each row. */
#ifndef XEN_WARN_LIMIT_H
#define XEN_WARN_LIMIT_H

#include <xen/printk.h>

#define WARN_LIMIT 8U

/*
 * May one more warning @about a table be printed? Counts them in *@nr, which
 * begins at 0, and says once that the others are left out.
 */
static inline bool may_warn(unsigned int *nr, const char *about)
{
    if (*nr > WARN_LIMIT)
        return false;
    if ((*nr)++ < WARN_LIMIT)
        return true;

    printk(LOG_WARNING, "%s: further warnings are left out\n", about);
    return false;
}

#endif /* XEN_WARN_LIMIT_H */
