/* SPDX-License-Identifier: MIT */
/*
 * The last reference: is a frame's stamp the end of its last use?
 *
 * A frame's debt is noted by whoever drops its last reference, and read by who
 * takes the frame next. This is the rule for that, for all words that count
 * uses: the last reference is not dropped but locked; while it is, nobody can
 * take another; then comes the stamp, and then the count of 0 is published.
 *
 *   user      two, each on a CPU of its own: takes a reference if there is one
 *             already, maps, uses and unmaps the frame, drops the reference
 *   consumer  sees the count at 0, has those flush that the stamp says, asserts
 *             T1, and gives each user a reference again
 *   machine   CPUs flush, the clock wraps and starts again
 *
 * Left out: the order of tick, flush and note, and of removal and sample: each
 * is one step here (clock.pml); a restart is one step, too. A use always leaves
 * its mark in the TLB.
 *
 * MISTAKE_STAMP_FIRST     stamps, then drops the last reference by a compare
 *                         and exchange: that others took and dropped theirs
 *                         meanwhile does not show in the count (ABA)
 * MISTAKE_PUBLISH_FIRST   publishes the count of 0, and then stamps
 * MISTAKE_GET_PASSES_LOCK a reference can be taken though the last is locked
 */
#define MAX 3
#define LOCKED 8

byte clock = 1;
byte flushed[2];
bool holds[2];  /* that CPU's TLB leads to the frame */
byte count = 2; /* references to the frame, or LOCKED */
byte stamp;
bool given[2] = true; /* the consumer has given that user a reference */

inline flush(c)
{
    holds[c] = false;
    if
    :: clock < MAX -> clock++; flushed[c] = clock
    :: clock == MAX ->
        holds[0] = false; flushed[0] = 0;
        holds[1] = false; flushed[1] = 0;
        clock = 1
    fi
}

inline get_from_others()
{
    atomic {
#ifdef MISTAKE_GET_PASSES_LOCK
        count > 0 ->
#else
        count > 0 && !(count & LOCKED) ->
#endif
        count++;
        has = true
    }
}

inline put()
{
    do
    :: atomic { count > 1 && !(count & LOCKED) -> count--; break }
    :: atomic { count & LOCKED -> assert(count > LOCKED); count--; break }
#if defined(MISTAKE_STAMP_FIRST)
    :: count == 1 ->
        stamp = clock;
        if
        :: atomic { count == 1 -> count = 0; break }
        :: count != 1
        fi
#elif defined(MISTAKE_PUBLISH_FIRST)
    :: atomic { count == 1 -> count = 0 }
        stamp = clock;
        break
#else
    :: atomic { count == 1 -> count = LOCKED }
        stamp = clock;
        atomic { count = count & ~LOCKED; break }
#endif
    od;
    has = false
}

proctype user(byte me)
{
    bool has;

    do
    :: atomic { !has && given[me] -> given[me] = false; has = true }
    :: !has -> get_from_others()
    :: atomic { has -> holds[me] = true } /* maps, uses and unmaps */
    :: has -> put()
    od
}

proctype consumer()
{
    byte t, c;

    do
    :: count == 0 ->
        t = stamp;
        atomic {
            c = 0;
            do
            :: c < 2 ->
                if
                :: t <= clock && flushed[c] <= t -> flush(c)
                :: else
                fi;
                c++
            :: else -> break
            od;
            assert(!holds[0] && !holds[1]);
            count = 2;
            given[0] = true;
            given[1] = true;
            t = 0;
            c = 0
        }
    od
}

proctype machine()
{
    do
    :: atomic { flush(0) }
    :: atomic { flush(1) }
    od
}

init
{
    atomic { run user(0); run user(1); run consumer(); run machine() }
}
