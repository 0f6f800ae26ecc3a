/* SPDX-License-Identifier: MIT */
/*
 * How the hypervisor says that it is itself wrong.
 *
 * BUG and BUG_ON are on in every build: they guard what keeps guests apart, and
 * memory from being handed out twice. ASSERT is for slips without that reach,
 * in builds with CONFIG_DEBUG. No guest and no firmware may reach any of them:
 * what comes from outside gets an error.
 */
#ifndef XEN_BUG_H
#define XEN_BUG_H

#include <xen/arch.h>
#include <xen/config.h>

#define BUG(what) arch_bug(__FILE__, __LINE__, what)

#define BUG_ON(condition)                                                      \
    do {                                                                       \
        if (__builtin_expect(!!(condition), 0))                                \
            BUG(#condition);                                                   \
    } while (0)

#define ASSERT(condition)                                                      \
    do {                                                                       \
        if (CONFIG_DEBUG && __builtin_expect(!(condition), 0))                 \
            BUG("not true: " #condition);                                      \
    } while (0)

#endif /* XEN_BUG_H */
