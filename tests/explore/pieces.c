/* SPDX-License-Identifier: MIT */
/* Keeps the state of a machine, and puts it back. */
#include <string.h>

#include <hosted.h>
#include <xen/bug.h>

#include "pieces.h"

#define MAX_STATE (256UL << 10)

/* What the core's files have for variables: the linker says where. */
extern char __start_core_state[], __stop_core_state[];

struct piece piece[MAX_PIECES];
unsigned int nr_pieces;
static char kept[KEPT_STATES][MAX_STATE];

void piece_add(void *start, size_t size)
{
    BUG_ON(nr_pieces == MAX_PIECES);
    piece[nr_pieces++] = (struct piece){ start, size };
}

void pieces_add_core(void)
{
    piece_add(__start_core_state,
              (size_t)(__stop_core_state - __start_core_state));
    for (unsigned int i = 0; hosted_table(i); i++)
        piece_add(hosted_table(i)->start, hosted_table(i)->size);
}

void pieces_keep(unsigned int n)
{
    char *to = kept[n];

    for (unsigned int i = 0; i < nr_pieces; to += piece[i++].size) {
        BUG_ON(to + piece[i].size > kept[n] + MAX_STATE);
        memcpy(to, piece[i].start, piece[i].size);
    }
}

void pieces_put_back(unsigned int n)
{
    const char *from = kept[n];

    for (unsigned int i = 0; i < nr_pieces; from += piece[i++].size)
        memcpy(piece[i].start, from, piece[i].size);
}
