/* SPDX-License-Identifier: MIT */
/* Bits, masks and rounding of unsigned longs. */
#ifndef XEN_BITS_H
#define XEN_BITS_H

#include <stdbool.h>

#define BITS_PER_LONG 64U

/* Bit @n, and the bits from @high down to @low, both included. */
#define BIT(n)             (1UL << (n))
#define GENMASK(high, low) ((~0UL >> (63 - (high))) & (~0UL << (low)))

/* @align is a power of two. */
#define ALIGN_DOWN(x, align) ((x) & -(typeof(x))(align))
#define ALIGN_UP(x, align)   ALIGN_DOWN((x)-1 + (typeof(x))(align), align)
#define IS_ALIGNED(x, align) (((x) & ~-(typeof(x))(align)) == 0)

static inline bool is_power_of_2(unsigned long x)
{
    return x && (x & (x - 1)) == 0;
}

/* The number of the lowest and of the highest bit set; @x is not 0. */
static inline unsigned int lowest_bit(unsigned long x)
{
    return (unsigned int)__builtin_ctzl(x);
}

static inline unsigned int highest_bit(unsigned long x)
{
    return BITS_PER_LONG - 1 - (unsigned int)__builtin_clzl(x);
}

/* How many bits are set: sums of neighbours, side by side in one word. The
 * builtin may call the compiler's library. */
static inline unsigned int count_bits(unsigned long x)
{
    x -= x >> 1 & 0x5555555555555555;
    x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;

    return (unsigned int)(x * 0x0101010101010101 >> 56);
}

/* Bitmaps of unsigned longs, without atomicity. */
#define BITMAP_LONGS(bits) (((bits) + BITS_PER_LONG - 1) / BITS_PER_LONG)

static inline bool bitmap_test(const unsigned long *map, unsigned long bit)
{
    return map[bit / BITS_PER_LONG] >> (bit % BITS_PER_LONG) & 1;
}

static inline void bitmap_set(unsigned long *map, unsigned long bit)
{
    map[bit / BITS_PER_LONG] |= BIT(bit % BITS_PER_LONG);
}

/* Of a bitmap in which bits are set atomically, with release. */
static inline bool bitmap_test_acquire(const unsigned long *map,
                                       unsigned long bit)
{
    return __atomic_load_n(&map[bit / BITS_PER_LONG], __ATOMIC_ACQUIRE) >>
               (bit % BITS_PER_LONG) &
           1;
}

#endif /* XEN_BITS_H */
