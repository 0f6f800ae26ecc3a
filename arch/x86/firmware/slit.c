/* SPDX-License-Identifier: MIT */
/* The SLIT: how far it is from domain to domain. All of it counts, or none. */
#include <x86/srat.h>
#include <xen/printk.h>
#include <xen/srat.h>
#include <xen/string.h>

_Static_assert(SLIT_LOCAL == DISTANCE_LOCAL,
               "10 is what all else is more than");

/* A table as it is found: @nr rows of @nr bytes. */
struct matrix {
    const uint8_t *bytes;
    uint64_t nr;
};

static bool read_head(const void *table, size_t size, struct matrix *matrix)
{
    struct acpi_slit head;

    if (size < sizeof(head)) {
        printk(LOG_WARNING, "SLIT: of %zu bytes: ignored: it is too short\n",
               size);
        return false;
    }

    memcpy(&head, table, sizeof(head));
    size -= sizeof(head);
    /* No product before it is known that it cannot wrap. */
    if (head.nr > UINT16_MAX || head.nr * head.nr > size) {
        printk(LOG_WARNING,
               "SLIT: of %llu domains, with %zu bytes for them: ignored\n",
               (unsigned long long)head.nr, size);
        return false;
    }
    matrix->bytes = (const uint8_t *)table + sizeof(head);
    matrix->nr = head.nr;

    return true;
}

static bool has_all_domains(const struct matrix *matrix,
                            const struct srat *srat)
{
    for (unsigned int i = 0; i < srat->nr_domains; i++) {
        if (srat->domain[i] >= matrix->nr) {
            printk(LOG_WARNING, "SLIT: domain %u is missing: ignored\n",
                   srat->domain[i]);
            return false;
        }
    }

    return true;
}

/* The distance between two domains of @srat, by their indices. */
static uint8_t distance(const struct matrix *matrix, const struct srat *srat,
                        unsigned int from, unsigned int to)
{
    return matrix->bytes[srat->domain[from] * matrix->nr + srat->domain[to]];
}

static bool is_sane(const struct matrix *matrix, const struct srat *srat)
{
    for (unsigned int i = 0; i < srat->nr_domains; i++) {
        for (unsigned int j = 0; j < srat->nr_domains; j++) {
            unsigned int value = distance(matrix, srat, i, j);

            if (i == j ? value == SLIT_LOCAL : value > SLIT_LOCAL)
                continue;
            printk(LOG_WARNING,
                   "SLIT: from domain %u to %u it cannot be %u: ignored\n",
                   srat->domain[i], srat->domain[j], value);
            return false;
        }
    }

    return true;
}

void slit_parse(const void *table, size_t size, struct srat *srat)
{
    struct matrix matrix;

    if (!table || !read_head(table, size, &matrix) ||
        !has_all_domains(&matrix, srat) || !is_sane(&matrix, srat))
        return;

    for (unsigned int i = 0; i < srat->nr_domains; i++)
        for (unsigned int j = 0; j < srat->nr_domains; j++)
            srat->distance[i][j] = distance(&matrix, srat, i, j);
}
