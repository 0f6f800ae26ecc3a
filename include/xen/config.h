/* SPDX-License-Identifier: MIT */
/*
 * What every file is compiled with: included first, by the command line.
 *
 * Hidden visibility makes each reference relative to the instruction pointer,
 * without a table of addresses in between: the image is not in the top 2 GiB,
 * so no other code model links there. An embedder links the objects as they
 * are and need not repeat the pragma.
 *
 * <generated/autoconf.h> comes from Kconfig and defines each option, as 0
 * where it is off, so that code says 'if (CONFIG_X)' and both arms compile.
 */
#ifndef XEN_CONFIG_H
#define XEN_CONFIG_H

#include <generated/autoconf.h>

#ifdef TESSERA_BUILD
#pragma GCC visibility push(hidden)
#endif

#endif /* XEN_CONFIG_H */
