/* SPDX-License-Identifier: MIT */
/*
 * From a code address to the name of its function.
 *
 * The table is built from the linked image and handed over by the machine; a
 * process or an embedder may have none, and addresses stay numbers.
 */
#ifndef XEN_SYMBOLS_H
#define XEN_SYMBOLS_H

#include <xen/types.h>

struct symbol_table {
    uintptr_t base;          /* what the offsets count from, in bytes */
    uint32_t nr;             /* how many functions */
    const uint32_t *offset;  /* [nr + 1] of their starts, ascending; the last
                                one is the end of the code */
    const uint32_t *name_at; /* [nr] where in @names each name starts */
    const char *names;       /* zero-terminated, one behind the other */
};

/* Use @table from now on; it must stay. Boot only. */
void symbols_register(const struct symbol_table *table);

/**
 * symbol_lookup - the function that holds the code at @address.
 *
 * Returns its name, with how far into it @address is and how long it is, in
 * bytes; or NULL if no known function holds it.
 */
const char *symbol_lookup(uintptr_t address, size_t *offset, size_t *size);

#endif /* XEN_SYMBOLS_H */
