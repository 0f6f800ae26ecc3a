/* SPDX-License-Identifier: MIT */
/*
 * The clock: is a frame ever handed out while a TLB still leads to it?
 *
 * Modelled: flush_tlb_local() and its tick; tlb_debt_now(); the question of
 * tlb_debt_cpus(), and that tlb_debt_pay() waits for them; the wrap, and
 * tlb_clock_restart(); smp_join() with tlb_clock_join(), and smp_leave().
 *
 *   cpu       flushes when it is asked and when it feels like it, claims the
 *             restart if there is one to claim, and the last one leaves and
 *             joins again
 *   owner     ends the use of one frame, stamps it, has the debt paid, asserts
 *             T1 (no TLB leads to the frame), and puts it to use again
 *   hardware  fills a TLB from the page table at any moment, and empties the
 *             store buffer that lies between the owner's removal of the entry
 *             and memory, where the page walks of all CPUs look (x86-TSO)
 *
 * Left out: the mailbox (here a bit for each of the two who ask; mailbox.pml),
 * the taint (all CPUs are tainted; deferred.pml), idle CPUs (idle.pml), how the
 * frame passes from who frees it to who takes it (one process does both; the
 * heap lock orders them). Notes and answers are not delayed in a store buffer:
 * a flush serialises, and stores leave the buffer in order.
 *
 * ALSO -DSTAY -DBITS=3             nobody leaves; a wider clock
 * ALSO -DSTAY -DBITS=1 -DNCPU=3    or three CPUs, and each tick wraps the clock
 *
 * MISTAKE_NOTE_EARLY        the time is noted before the flush
 * MISTAKE_TICK_LATE         the clock ticks after the flush
 * MISTAKE_LESS              "flushed < stamp" instead of "flushed <= stamp"
 * MISTAKE_SAMPLE_EARLY      the clock is read before the entry is removed
 * MISTAKE_NO_FENCE          it is read while the removal is in the store buffer
 * MISTAKE_RESTART_ALONE     the clock starts again though nobody else flushed
 * MISTAKE_WRAP_COMPARED     a clock that stands at 0 is compared as any other
 * MISTAKE_JOIN_NOTES_TIME   who joins notes the time of his flush; the restart
 *                           that has come between did not ask him
 */
#ifndef BITS
#define BITS 2
#endif
#ifndef NCPU
#define NCPU 2
#endif
#define MAX ((1 << BITS) - 1)

#define BY_OWNER 1
#define BY_RESTART 2

byte clock = 1;
bool wrapped = false;  /* and nobody has claimed the restart */
byte flushed[NCPU];    /* when each CPU last flushed, as it has noted */
bool online[NCPU];
byte asked[NCPU];      /* who waits for a flush that has not begun, bits */
byte served[NCPU];     /* who waits for one that has */
bool holds[NCPU];      /* that CPU's TLB leads to the frame */
bool entry = true;     /* the page table leads to the frame, for all to see */
bool removing = false; /* its removal is in the owner's store buffer */

/* Tells of the wrap in the same step; in tick() it is the next one. */
inline tick(time)
{
    atomic {
        if
        :: clock == 0 -> time = 0
        :: clock == MAX -> clock = 0; time = 0; wrapped = true
        :: else -> clock++; time = clock
        fi
    }
}

/* flush_tlb_local(), with interrupts off: not interrupted by an answer. */
inline flush(c, time)
{
#if defined(MISTAKE_NOTE_EARLY)
    tick(time);
    flushed[c] = time;
    holds[c] = false;
#elif defined(MISTAKE_TICK_LATE)
    holds[c] = false;
    tick(time);
    flushed[c] = time;
#else
    tick(time);
    holds[c] = false;
    flushed[c] = time;
#endif
    time = 0
}

inline answer(c, time)
{
    atomic { served[c] = asked[c]; asked[c] = 0 }
    flush(c, time);
    served[c] = 0
}

/* Until it has answered, or has left. */
#define AWAITED(c, by) (((asked[c] | served[c]) & by) && online[c])

/* Times start anew, so nobody may have noted one of before. */
#if defined(MISTAKE_RESTART_ALONE) || defined(MISTAKE_JOIN_NOTES_TIME)
#define ALL_HAVE_FLUSHED(c) skip
#else
#define ALL_HAVE_FLUSHED(c) assert(!online[c] || flushed[c] == 0)
#endif

/* smp_flush() of all: others are asked, then it flushes itself, then waits. */
inline restart(c, other, time)
{
#ifndef MISTAKE_RESTART_ALONE
    atomic {
        other = 0;
        do
        :: other < NCPU ->
            if
            :: other != c && online[other] ->
                asked[other] = asked[other] | BY_RESTART
            :: else
            fi;
            other++
        :: else -> other = 0; break
        od
    }
#endif
    flush(c, time);
#ifndef MISTAKE_RESTART_ALONE
    do
    :: other == NCPU -> break
    :: other < NCPU && (other == c || !AWAITED(other, BY_RESTART)) -> other++
    :: asked[c] != 0 -> answer(c, time)
    od;
#endif
    atomic {
        assert(clock == 0);
        other = 0;
        do
        :: other < NCPU -> ALL_HAVE_FLUSHED(other); other++
        :: else -> break
        od;
        clock = 1;
        other = 0
    }
}

inline leave_and_join(c, time)
{
    online[c] = false;
    if
    :: asked[c] != 0 -> answer(c, time)
    :: asked[c] == 0
    fi;
#ifdef MISTAKE_JOIN_NOTES_TIME
    flush(c, time);
#else
    flushed[c] = 0;
    holds[c] = false;
#endif
    online[c] = true
}

proctype cpu(byte c)
{
    byte time, other;

    do
    :: asked[c] != 0 -> answer(c, time)
    :: flush(c, time)
    :: atomic { wrapped -> wrapped = false }
        restart(c, other, time)
#ifndef STAY
    :: c == NCPU - 1 -> leave_and_join(c, time)
#endif
    od
}

/* tlb_may_be_stale() */
#if defined(MISTAKE_LESS)
#define MAY_BE_STALE(c) (now == 0 || (stamp <= now && flushed[c] < stamp))
#elif defined(MISTAKE_WRAP_COMPARED)
#define MAY_BE_STALE(c) (stamp <= now && flushed[c] <= stamp)
#else
#define MAY_BE_STALE(c) (now == 0 || (stamp <= now && flushed[c] <= stamp))
#endif

inline pay(stamp, now, c)
{
    now = clock;
    do
    :: c < NCPU ->
        atomic {
            if
            :: online[c] && MAY_BE_STALE(c) -> asked[c] = asked[c] | BY_OWNER
            :: else
            fi;
            c++
        }
    :: else -> c = 0; break
    od;
    do
    :: c < NCPU && !AWAITED(c, BY_OWNER) -> c++
    :: c == NCPU -> break
    od
}

proctype owner()
{
    byte stamp, now, c;

    do
    :: true ->
#ifdef MISTAKE_SAMPLE_EARLY
        stamp = clock;
        removing = true;
        !removing;
#else
        removing = true;
#ifndef MISTAKE_NO_FENCE
        !removing;
#endif
        stamp = clock;
#endif
        /* The frame goes through the heap: its lock is a fence, at last. */
        !removing;
        pay(stamp, now, c);
        atomic {
            c = 0;
            do
            :: c < NCPU -> assert(!(online[c] && holds[c])); c++
            :: else -> break
            od;
            c = 0; stamp = 0; now = 0;
            entry = true
        }
    od
}

#define FILL(c) atomic { entry && online[c] && !holds[c] -> holds[c] = true }

proctype hardware()
{
    do
    :: atomic { removing -> entry = false; removing = false }
    :: FILL(0)
    :: FILL(1)
#if NCPU > 2
    :: FILL(2)
#endif
    od
}

init
{
    atomic {
        byte n = 0;
        do
        :: n < NCPU -> online[n] = true; run cpu(n); n++
        :: else -> break
        od;
        n = 0;
        run owner();
        run hardware()
    }
}
