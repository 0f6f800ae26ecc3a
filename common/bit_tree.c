/* SPDX-License-Identifier: MIT */
/* Sets of numbers: words of bits under words that tell which are not empty. */
#include <xen/bit_tree.h>
#include <xen/bug.h>
#include <xen/string.h>

unsigned long bit_tree_longs(unsigned long nr)
{
    unsigned long sum = 0;

    while ((nr = BITMAP_LONGS(nr)) > 1)
        sum += nr;

    return sum;
}

unsigned long *bit_tree_init(struct bit_tree *tree, unsigned long nr,
                             unsigned long *memory)
{
    unsigned int k = 0;

    tree->nr = nr;
    for (; (nr = BITMAP_LONGS(nr)) > 1; k++) {
        BUG_ON(k + 1 == BIT_TREE_LEVELS);
        tree->level[k] = memory;
        if (k > 0)
            memset(memory, 0, nr * sizeof(*memory));
        memory += nr;
    }
    tree->top = k;
    tree->root = 0;
    tree->level[k] = &tree->root;

    return memory;
}

/* The words above know that word @i of the lowest level is not empty. */
static void note_word(struct bit_tree *tree, unsigned long i)
{
    if (tree->top == 1) {
        bit_tree_write(&tree->root, tree->root | BIT(i));
        return;
    }
    for (unsigned int k = 1; k <= tree->top; k++) {
        unsigned long *word = &tree->level[k][i / BITS_PER_LONG], old = *word;

        bit_tree_write(word, old | BIT(i % BITS_PER_LONG));
        if (old)
            return;
        i /= BITS_PER_LONG;
    }
}

void bit_tree_begin_word(struct bit_tree *tree, unsigned long i,
                         unsigned long bits)
{
    tree->level[0][i] = bits;
    note_word(tree, i);
}

void bit_tree_end_word(struct bit_tree *tree, unsigned long i)
{
    if (tree->top == 1) {
        bit_tree_write(&tree->root, tree->root & ~BIT(i));
        return;
    }
    for (unsigned int k = 1; k <= tree->top; k++) {
        unsigned long *word = &tree->level[k][i / BITS_PER_LONG];

        bit_tree_write(word, *word & ~BIT(i % BITS_PER_LONG));
        if (*word)
            return;
        i /= BITS_PER_LONG;
    }
}

/* The bits of the range in its first word: all of it, or one that it shares. */
static unsigned long bits_of_range(unsigned long i, unsigned long nr)
{
    if (nr >= BITS_PER_LONG)
        return ~0UL;

    return (BIT(nr) - 1) << (i % BITS_PER_LONG);
}

void bit_tree_set_range(struct bit_tree *tree, unsigned long i,
                        unsigned long nr)
{
    unsigned long bits = bits_of_range(i, nr);

    for (unsigned long end = i + nr; i < end; i += BITS_PER_LONG)
        bit_tree_set_bits(tree, i / BITS_PER_LONG, bits);
}

void bit_tree_clear_range(struct bit_tree *tree, unsigned long i,
                          unsigned long nr)
{
    unsigned long bits = bits_of_range(i, nr);

    if (bit_tree_is_empty(tree))
        return;
    for (unsigned long end = i + nr; i < end; i += BITS_PER_LONG)
        bit_tree_clear_bits(tree, i / BITS_PER_LONG, bits);
}

bool bit_tree_has_range(const struct bit_tree *tree, unsigned long i,
                        unsigned long nr)
{
    unsigned long bits = bits_of_range(i, nr);

    for (unsigned long end = i + nr; i < end; i += BITS_PER_LONG)
        if (!bit_tree_word_counts(tree, i / BITS_PER_LONG) ||
            ~tree->level[0][i / BITS_PER_LONG] & bits)
            return false;

    return true;
}

unsigned long bit_tree_count_range(const struct bit_tree *tree, unsigned long i,
                                   unsigned long nr)
{
    unsigned long bits = bits_of_range(i, nr), sum = 0;

    for (unsigned long end = i + nr; i < end; i += BITS_PER_LONG)
        if (bit_tree_word_counts(tree, i / BITS_PER_LONG))
            sum += count_bits(tree->level[0][i / BITS_PER_LONG] & bits);

    return sum;
}

/* The largest member of what word @i of level @k stands for; it is not empty.
 */
static unsigned long largest_below(const struct bit_tree *tree, unsigned int k,
                                   unsigned long i)
{
    for (;; k--) {
        i = i * BITS_PER_LONG + highest_bit(tree->level[k][i]);
        if (k == 0)
            return i;
    }
}

/* Up, until a word has a bit below where we come from, and down from there. */
unsigned long bit_tree_last(const struct bit_tree *tree, unsigned long limit)
{
    unsigned long i = limit < tree->nr ? limit : tree->nr;

    for (unsigned int k = 0; k <= tree->top && i > 0; k++) {
        unsigned long at = (i - 1) / BITS_PER_LONG, bits = 0;

        if (k > 0 || bit_tree_word_counts(tree, at))
            bits =
                tree->level[k][at] & (~0UL >> (63 - (i - 1) % BITS_PER_LONG));
        if (bits && k == 0)
            return at * BITS_PER_LONG + highest_bit(bits);
        if (bits)
            return largest_below(tree, k - 1,
                                 at * BITS_PER_LONG + highest_bit(bits));
        i = at;
    }

    return BIT_TREE_NONE;
}
