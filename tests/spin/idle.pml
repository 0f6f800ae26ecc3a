/* SPDX-License-Identifier: MIT */
/*
 * Idle CPUs: does one that was marked instead of interrupted ever use a
 * translation that is stale?
 *
 * Modelled: tlb_idle_enter(), tlb_idle_leave() and tlb_idle_mark();
 * tlb_cpu_owes(), for which a mark is as good as a flush; flush_tlb_mask();
 * tlb_clock_restart(), which interrupts idle CPUs too.
 *
 *   cpu       two: use translations, flush, answer, restart the clock; the
 *             first idles now and then, and answers when it has stopped idling
 *   owner     ends the use of one frame, stamps it, has each CPU that owes
 *             flush or be marked, and lets the next one use the frame
 *   hardware  fills a TLB from the page table at any moment, idle or not
 *
 * Property: a CPU that runs uses no translation of before the last hand-out
 * (T1 and T2).
 *
 * Left out: the order inside of a flush and of a removal, each is one step here
 * (clock.pml); tickets (mailbox.pml); what ends the idling (wake.pml).
 *
 * MISTAKE_LEAVE_BY_STORE        leaving is a load, and then a store
 * MISTAKE_LEAVE_FLUSHES_BEFORE  looks for the mark and flushes, then leaves
 * MISTAKE_LEAVE_FORGETS_FLUSH   leaves, mark or no mark
 * MISTAKE_MARK_BY_STORE         marking is a load, and then a store
 * MISTAKE_ENTER_EARLY           says that it idles before its last use
 * MISTAKE_MARK_SEEN_EARLY       the mark is looked for before the entry is gone
 * MISTAKE_RESTART_SKIPS_IDLE    the clock starts again, and who idles has
 *                               neither flushed nor been marked
 */
#define BITS 2
#define MAX ((1 << BITS) - 1)
#define NCPU 2

#define IDLE 1
#define MARKED 2
#define BY_OWNER 1
#define BY_RESTART 2

byte clock = 1;
bool wrapped = false;
byte flushed[NCPU];
byte idle[NCPU];
byte asked[NCPU];  /* who waits for a flush, a bit each */
bool entry = true; /* the page table leads to the frame */
bool holds[NCPU];  /* that CPU's TLB does */
bool stale[NCPU];  /* and did so before the last hand-out */
inline flush(c)
{
    atomic {
        if
        :: clock == 0 -> flushed[c] = 0
        :: clock == MAX -> clock = 0; flushed[c] = 0; wrapped = true
        :: else -> clock++; flushed[c] = clock
        fi;
        holds[c] = false;
        stale[c] = false
    }
}

/* A flush is one step, so all that was asked is served by it. */
inline answer(c)
{
    atomic { asked[c] = 0; flush(c) }
}

inline restart(c)
{
#ifdef MISTAKE_RESTART_SKIPS_IDLE
    atomic {
        if
        :: idle[1 - c] == 0 -> asked[1 - c] = asked[1 - c] | BY_RESTART
        :: else
        fi
    }
#else
    asked[1 - c] = asked[1 - c] | BY_RESTART;
#endif
    flush(c);
    do
    :: !(asked[1 - c] & BY_RESTART) -> break
    :: asked[c] != 0 -> answer(c)
    od;
    clock = 1
}

inline use(c)
{
    atomic { holds[c] -> assert(!stale[c]) }
}

inline leave(c)
{
#if defined(MISTAKE_LEAVE_BY_STORE)
    seen = idle[c];
    idle[c] = 0;
    if
    :: seen & MARKED -> flush(c)
    :: else
    fi;
#elif defined(MISTAKE_LEAVE_FLUSHES_BEFORE)
    if
    :: idle[c] & MARKED -> flush(c)
    :: else
    fi;
    idle[c] = 0;
#elif defined(MISTAKE_LEAVE_FORGETS_FLUSH)
    idle[c] = 0;
#else
    atomic { seen = idle[c]; idle[c] = 0 }
    if
    :: seen & MARKED -> flush(c)
    :: else
    fi;
#endif
    seen = 0
}

inline do_idle(c)
{
    idle[c] = IDLE;
#ifdef MISTAKE_ENTER_EARLY
    if
    :: use(c)
    :: true
    fi;
#endif
    leave(c)
}

proctype cpu(byte c)
{
    byte seen;

    do
    :: asked[c] != 0 -> answer(c)
    :: flush(c)
    :: atomic { wrapped -> wrapped = false }
        restart(c)
    :: use(c)
    :: c == 0 -> do_idle(c)
    od
}

inline mark(c, marked)
{
#ifdef MISTAKE_MARK_BY_STORE
    if
    :: idle[c] & IDLE -> idle[c] = IDLE | MARKED; marked = true
    :: else -> marked = false
    fi
#else
    atomic {
        if
        :: idle[c] & IDLE -> idle[c] = IDLE | MARKED; marked = true
        :: else -> marked = false
        fi
    }
#endif
}

#define MAY_BE_STALE(c) (now == 0 || (stamp <= now && flushed[c] <= stamp))

/* tlb_cpu_owes() for each: the note first, then the mark. */
inline see_who_owes()
{
    do
    :: c < NCPU && !MAY_BE_STALE(c) -> c++
    :: c < NCPU && MAY_BE_STALE(c) ->
        if
        :: !(idle[c] & MARKED) -> owing = owing | (1 << c)
        :: idle[c] & MARKED
        fi;
        c++
    :: c == NCPU -> c = 0; break
    od
}

/* flush_tlb_mask() */
inline have_them_flush()
{
    do
    :: c < NCPU && (owing & (1 << c)) ->
        mark(c, marked);
        if
        :: marked
        :: !marked -> asked[c] = asked[c] | BY_OWNER
        fi;
        c++
    :: c < NCPU && !(owing & (1 << c)) -> c++
    :: c == NCPU -> c = 0; break
    od;
    !(asked[0] & BY_OWNER);
    !(asked[1] & BY_OWNER)
}

proctype owner()
{
    byte stamp, now, c, owing;
    bool marked;

    do
    :: true ->
#ifdef MISTAKE_MARK_SEEN_EARLY
        atomic { now = clock; stamp = now }
        see_who_owes();
        entry = false;
#else
        atomic { entry = false; stamp = clock }
        now = clock;
        see_who_owes();
#endif
        have_them_flush();
        atomic {
            stale[0] = holds[0];
            stale[1] = holds[1];
            stamp = 0; now = 0; owing = 0; marked = false;
            entry = true
        }
    od
}

proctype hardware()
{
    do
    :: atomic { entry && !holds[0] -> holds[0] = true }
    :: atomic { entry && !holds[1] -> holds[1] = true }
    od
}

init
{
    atomic { run cpu(0); run cpu(1); run owner(); run hardware() }
}
