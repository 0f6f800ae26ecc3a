/* SPDX-License-Identifier: MIT */
/*
 * A set of numbers below some bound, that finds its largest member below a
 * limit with a handful of reads, however large it is.
 *
 * A bit for each number, and above each 64 words of bits a word that tells
 * which of them are not zero, up to a single word. Only the words above the
 * lowest are cleared to begin with: a word of the lowest level means something
 * only while its bit above it is set. So an empty set costs little to make.
 *
 * A tree stays where it was made. There is no locking here.
 */
#ifndef XEN_BIT_TREE_H
#define XEN_BIT_TREE_H

#include <xen/bits.h>
#include <xen/compiler.h>
#include <xen/types.h>

/* 64^5 is 2^30: 2^30 chunks of 2 MiB are more than there can be. */
#define BIT_TREE_LEVELS 5U
#define BIT_TREE_NONE   (~0UL)

struct bit_tree {
    unsigned long root; /* the word of the highest level */
    unsigned long nr;   /* members are below it */
    unsigned int top;   /* the highest level, which is the root */
    unsigned long *level[BIT_TREE_LEVELS];
};

/* How many longs a tree for numbers below @nr takes, besides the structure. */
unsigned long bit_tree_longs(unsigned long nr);

/* Make @tree the empty set of numbers below @nr, which is at least 1, in
 * @memory: so many longs, whatever they contain. Returns the first behind it.
 */
unsigned long *bit_tree_init(struct bit_tree *tree, unsigned long nr,
                             unsigned long *memory);

/* The largest member below @limit, or BIT_TREE_NONE. */
unsigned long bit_tree_last(const struct bit_tree *tree, unsigned long limit);

/* Let [@i, @i + @nr) be members, or not. @nr is a power of two, and @i a
 * multiple of it. Takes a step for each 64 of them. */
void bit_tree_set_range(struct bit_tree *tree, unsigned long i,
                        unsigned long nr);
void bit_tree_clear_range(struct bit_tree *tree, unsigned long i,
                          unsigned long nr);

/* Are all of such a range members? */
bool bit_tree_has_range(const struct bit_tree *tree, unsigned long i,
                        unsigned long nr);
unsigned long bit_tree_count_range(const struct bit_tree *tree, unsigned long i,
                                   unsigned long nr);

/* Parts of bit_tree_set() and bit_tree_clear(): word @i of the lowest level
 * means something from now on, and is @bits; or it is empty, and means nothing.
 */
void bit_tree_begin_word(struct bit_tree *tree, unsigned long i,
                         unsigned long bits);
void bit_tree_end_word(struct bit_tree *tree, unsigned long i);

/* Even without the lock that holds others off; then it is a moment's view. */
static inline bool bit_tree_is_empty(const struct bit_tree *tree)
{
    return __atomic_load_n(&tree->root, __ATOMIC_RELAXED) == 0;
}

/* Does word @i of the lowest level mean something? Otherwise it is empty. */
static inline bool bit_tree_word_counts(const struct bit_tree *tree,
                                        unsigned long i)
{
    return tree->top == 0 || bitmap_test(tree->level[1], i);
}

/* Whoever has no lock may ask whether a set is empty. */
static inline void bit_tree_write(unsigned long *word, unsigned long bits)
{
    __atomic_store_n(word, bits, __ATOMIC_RELAXED);
}

/* Let members @bits of word @i be there, or not. */
static inline void bit_tree_set_bits(struct bit_tree *tree, unsigned long i,
                                     unsigned long bits)
{
    unsigned long *word = &tree->level[0][i];

    if (bit_tree_word_counts(tree, i))
        bit_tree_write(word, *word | bits);
    else
        bit_tree_begin_word(tree, i, bits);
}

static inline void bit_tree_clear_bits(struct bit_tree *tree, unsigned long i,
                                       unsigned long bits)
{
    unsigned long *word = &tree->level[0][i];

    if (!bit_tree_word_counts(tree, i))
        return;
    bit_tree_write(word, *word & ~bits);
    if (*word == 0 && tree->top > 0)
        bit_tree_end_word(tree, i);
}

static inline void bit_tree_set(struct bit_tree *tree, unsigned long i)
{
    bit_tree_set_bits(tree, i / BITS_PER_LONG, BIT(i % BITS_PER_LONG));
}

static inline void bit_tree_clear(struct bit_tree *tree, unsigned long i)
{
    bit_tree_clear_bits(tree, i / BITS_PER_LONG, BIT(i % BITS_PER_LONG));
}

/* The same for one that is there. */
static inline void bit_tree_remove(struct bit_tree *tree, unsigned long i)
{
    unsigned long *word = &tree->level[0][i / BITS_PER_LONG];

    bit_tree_write(word, *word & ~BIT(i % BITS_PER_LONG));
    if (*word == 0 && tree->top > 0)
        bit_tree_end_word(tree, i / BITS_PER_LONG);
}

/* The members among the 64 of word @i. */
static inline unsigned long bit_tree_word(const struct bit_tree *tree,
                                          unsigned long i)
{
    return bit_tree_word_counts(tree, i) ? tree->level[0][i] : 0;
}

/* Any number may be asked. */
static inline bool bit_tree_test(const struct bit_tree *tree, unsigned long i)
{
    return i < tree->nr && bit_tree_word_counts(tree, i / BITS_PER_LONG) &&
           bitmap_test(tree->level[0], i);
}

#endif /* XEN_BIT_TREE_H */
