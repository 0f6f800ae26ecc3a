/* SPDX-License-Identifier: MIT */
/* Which function holds a code address: a binary search in a table of starts. */
#include <xen/symbols.h>

static const struct symbol_table *table;

void symbols_register(const struct symbol_table *symbols)
{
    table = symbols;
}

/* The last function that starts at or before @offset; there is one. */
static uint32_t find(size_t offset)
{
    uint32_t low = 0, high = table->nr;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (table->offset[middle] <= offset)
            low = middle;
        else
            high = middle;
    }

    return low;
}

const char *symbol_lookup(uintptr_t address, size_t *offset, size_t *size)
{
    size_t from_base;
    uint32_t i;

    if (!table || table->nr == 0 || address < table->base)
        return NULL;
    from_base = address - table->base;
    if (from_base < table->offset[0] || from_base >= table->offset[table->nr])
        return NULL;

    i = find(from_base);
    *offset = from_base - table->offset[i];
    *size = table->offset[i + 1] - table->offset[i];

    return table->names + table->name_at[i];
}
