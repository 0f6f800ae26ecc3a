/* SPDX-License-Identifier: MIT */
/*
 * Debts: does each reach whoever must pay it, through splits and merges, late
 * payment and the wrap of the clock?
 *
 * Modelled: two frames that are buddies; alloc_heap_pages() of order 0 and 1,
 * with the debt returned by value; free_heap_pages() in whole or in parts, of
 * frames that were paid for and used, or given back unused and unpaid; what
 * node_split() leaves to the other half and node_merge_kept() makes of two
 * debts (tlb_debt_join()); tlb_debt_cpus() with the taint. And frames that
 * are taken offline while they are free, and come back.
 *
 *   user      two: takes a block, and after any while pays what was owed and
 *             asserts T1 for its frames; its CPU uses them; gives them back
 *   operator  takes a free frame offline and brings it back
 *   machine   CPUs flush, the clock wraps and starts again
 *
 * Left out: the order of tick, flush and note, and of removal and sample: each
 * is one step here (clock.pml). So are payment, use and the end of it, and what
 * is done under one hold of the heap lock. A use always leaves its mark in the
 * TLB of the CPU.
 *
 * MISTAKE_DEBT_DROPPED     the caller is told that nothing is owed
 * MISTAKE_DEBT_READ_AGAIN  the caller pays what the frame's entry says when he
 *                          comes to pay, not what was returned to him
 * MISTAKE_GIVE_BACK_PAID   what is given back unused and unpaid owes nothing
 * MISTAKE_SPLIT_FORGETS    the half that stays free owes nothing
 * MISTAKE_MERGE_FORGETS    the merged block owes what its head did
 * MISTAKE_EARLIER_OF_TWO   the earlier time of two debts is kept
 * MISTAKE_JOIN_BY_NUMBER   the larger number is the later time, though it is of
 *                          before the clock wrapped
 * MISTAKE_OFFLINE_FORGETS  a frame comes back from offline owing nothing
 */
#ifndef BITS
#define BITS 2
#endif
#define MAX ((1 << BITS) - 1)
#define NCPU 2
#define ALL_CPUS 3

byte clock = 1;
byte flushed[NCPU];
byte awaited;     /* CPUs whose flush the restart waits for, a bit for each */
byte holds[NCPU]; /* frames that the CPU's TLB leads to, a bit for each */

#define USED 0   /* all of an entry is zero then */
#define HEAD 1   /* of a free block */
#define INSIDE 2 /* of a free block of order 1 */
#define OFFLINE 3
byte state[2] = HEAD;
byte order[2];
byte taint[2], stamp[2];

inline flush(c)
{
    holds[c] = 0;
    awaited = awaited & ~(1 << c);
    if
    :: clock == 0 -> flushed[c] = 0
    :: clock > 0 && clock < MAX -> clock++; flushed[c] = clock
    :: clock == MAX -> clock = 0; flushed[c] = 0; awaited = ALL_CPUS
    fi
}

#define MAY_BE_STALE(c, time) \
    (clock == 0 || ((time) <= clock && flushed[c] <= (time)))

/* tlb_debt_join(): the debts of two become that of the second. */
#ifdef MISTAKE_JOIN_BY_NUMBER
#define IS_OF_BEFORE(time) false
#define STANDS_STILL false
#else
#define IS_OF_BEFORE(time) (clock != 0 && (time) > clock)
#define STANDS_STILL (clock == 0)
#endif
#ifdef MISTAKE_EARLIER_OF_TWO
#define IS_NEARER(a, b) ((a) < (b))
#else
#define IS_NEARER(a, b) ((a) > (b))
#endif

inline join(a_taint, a_stamp, b_taint, b_stamp)
{
    if
    :: a_taint == 0 || (b_taint != 0 && IS_OF_BEFORE(a_stamp))
    :: a_taint != 0 && (b_taint == 0 || !IS_OF_BEFORE(a_stamp)) ->
        if
        :: b_taint == 0 || IS_OF_BEFORE(b_stamp) ->
            b_taint = a_taint;
            b_stamp = a_stamp
        :: else ->
            b_taint = b_taint | a_taint;
            if
            :: STANDS_STILL -> b_stamp = 0
            :: !STANDS_STILL && IS_NEARER(a_stamp, b_stamp) ->
                b_stamp = a_stamp
            :: else
            fi
        fi
    fi
}

inline zero(f)
{
    state[f] = USED; order[f] = 0; taint[f] = 0; stamp[f] = 0
}

inline zero_inside()
{
    state[1] = INSIDE; order[1] = 0; taint[1] = 0; stamp[1] = 0
}

/* Of order 0, then merged if the buddy is free as such. */
inline insert(f, t, s)
{
    if
    :: state[1 - f] == HEAD ->
#ifdef MISTAKE_MERGE_FORGETS
        if
        :: f == 0 -> taint[0] = t; stamp[0] = s
        :: f == 1
        fi;
#else
        join(t, s, taint[1 - f], stamp[1 - f]);
        taint[0] = taint[1 - f]; stamp[0] = stamp[1 - f];
#endif
        state[0] = HEAD; order[0] = 1;
        zero_inside()
    :: else ->
        state[f] = HEAD; order[f] = 0; taint[f] = t; stamp[f] = s
    fi
}

inline insert_whole(t, s)
{
    state[0] = HEAD; order[0] = 1; taint[0] = t; stamp[0] = s;
    zero_inside()
}

/* The block of order 1 becomes two of order 0. */
inline split()
{
    state[1] = HEAD; order[0] = 0;
#ifndef MISTAKE_SPLIT_FORGETS
    taint[1] = taint[0]; stamp[1] = stamp[0];
#endif
}

/* tlb_debt_is_paid(): such a debt may be forgotten where it is found. */
inline forget_if_paid(f)
{
    if
    :: state[f] == HEAD &&
       !((taint[f] & 1) && MAY_BE_STALE(0, stamp[f])) &&
       !((taint[f] & 2) && MAY_BE_STALE(1, stamp[f])) ->
        taint[f] = 0; stamp[f] = 0
    :: else
    fi
}

/* node_take_whole(): of one order or the other, whatever there is. */
inline take()
{
    atomic {
        state[0] == HEAD || state[1] == HEAD ->
        forget_if_paid(0);
        forget_if_paid(1);
        if
        :: state[0] == HEAD && order[0] == 1 ->
            frames = 3;
            t = taint[0]; s = stamp[0];
            zero(0); zero(1)
        :: state[0] == HEAD && order[0] == 1 ->
            frames = 1;
            split();
            t = taint[0]; s = stamp[0];
            zero(0)
        :: state[0] == HEAD && order[0] == 0 ->
            frames = 1;
            t = taint[0]; s = stamp[0];
            zero(0)
        :: state[1] == HEAD && order[1] == 0 ->
            frames = 2;
            t = taint[1]; s = stamp[1];
            zero(1)
        fi
#ifdef MISTAKE_DEBT_DROPPED
        ; t = 0; s = 0
#endif
    }
}

/* tlb_debt_pay() */
inline pay(c)
{
#ifdef MISTAKE_DEBT_READ_AGAIN
    t = taint[(frames == 2 -> 1 : 0)];
    s = stamp[(frames == 2 -> 1 : 0)];
#endif
    c = 0;
    do
    :: c < NCPU ->
        if
        :: (t & (1 << c)) && MAY_BE_STALE(c, s) -> flush(c)
        :: else
        fi;
        c++
    :: else -> c = 0; break
    od
}

proctype user(byte me)
{
    byte frames, t, s, c;

    do
    :: take();
        atomic {
            if
            :: true -> /* use them, and note what is owed for that */
                pay(c);
                assert(((holds[0] | holds[1]) & frames) == 0);
                holds[me] = holds[me] | frames;
                t = 1 << me;
                s = clock
            :: true -> /* let the hypervisor use them, which taints nothing */
                pay(c);
                assert(((holds[0] | holds[1]) & frames) == 0);
                t = 0;
                s = 0
            :: true -> /* or not use them after all */
#ifdef MISTAKE_GIVE_BACK_PAID
                t = 0;
                s = 0
#endif
            fi
        }
        if
        :: atomic { frames == 3 -> insert_whole(t, s) }
        :: atomic { frames & 1 -> insert(0, t, s) }
            if
            :: atomic { frames & 2 -> insert(1, t, s) }
            :: !(frames & 2)
            fi
        :: atomic { frames == 2 -> insert(1, t, s) }
        fi;
        atomic { frames = 0; t = 0; s = 0 }
    od
}

proctype operator()
{
    byte f, t, s;

    do
    :: atomic {
            if
            :: state[0] == HEAD -> f = 0
            :: state[0] == HEAD && order[0] == 1 -> f = 1
            :: state[1] == HEAD -> f = 1
            fi;
            if
            :: order[0] == 1 -> split()
            :: else
            fi;
            t = taint[f]; s = stamp[f];
            zero(f);
            state[f] = OFFLINE;
#ifndef MISTAKE_OFFLINE_FORGETS
            taint[f] = t; stamp[f] = s;
#endif
            t = 0; s = 0
        }
        atomic {
            t = taint[f]; s = stamp[f];
            zero(f);
            insert(f, t, s);
            f = 0; t = 0; s = 0
        }
    od
}

proctype machine()
{
    do
    :: atomic { flush(0) }
    :: atomic { flush(1) }
    :: atomic { clock == 0 && awaited == 0 -> clock = 1 }
    od
}

init
{
    atomic {
        state[1] = INSIDE;
        order[0] = 1;
        run user(0);
        run user(1);
        run operator();
        run machine()
    }
}
