/* SPDX-License-Identifier: MIT */
/* The compiler's own types, and the one for a machine address. */
#ifndef XEN_TYPES_H
#define XEN_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A machine address, in bytes. */
typedef uint64_t paddr_t;

/*
 * No machine address reaches this: x86-64 has at most 52 address bits
 * (Intel SDM, "Physical-Address Width"). As an upper bound it means "none".
 */
#define PADDR_BITS 52U
#define PADDR_MAX  (1ULL << PADDR_BITS)

#endif /* XEN_TYPES_H */
