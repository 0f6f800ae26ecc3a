/* SPDX-License-Identifier: MIT */
/*
 * The memory that a machine's state is in, piece by piece: it can be kept, and
 * put back.
 */
#ifndef PIECES_H
#define PIECES_H

#include <stddef.h>

#define MAX_PIECES  72U
#define KEPT_STATES 4U

struct piece {
    void *start;
    size_t size;
};

extern struct piece piece[MAX_PIECES];
extern unsigned int nr_pieces;

void piece_add(void *start, size_t size);

/* All variables of the core, and the tables that it has been given. */
void pieces_add_core(void);

/* As state number @n. */
void pieces_keep(unsigned int n);
void pieces_put_back(unsigned int n);

#endif /* PIECES_H */
