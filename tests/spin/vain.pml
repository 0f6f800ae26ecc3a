/* SPDX-License-Identifier: MIT */
/*
 * Reserved in vain: does a request fail for frames that somebody has reserved,
 * and not found?
 *
 * Frames that lie apart. Who wants one reserves it, and then has it. Who wants
 * two in a row reserves two, finds that there are none, and lets them be
 * available again: meanwhile they are free, and nobody else's to have.
 *
 *   cpu   two: take() of one frame or of two; gives one back. It notes how
 *         often others have reserved in vain, and tries; if nobody has anything
 *         or is busy it tries once more; if nobody is then either, and the
 *         number is what it was, the request has failed. Else
 *         take_while_short(): one CPU at a time tries until nobody was busy
 *         after that, and the number is what it was before
 *   taker_of_two  reserves two in vain, again and again
 *
 * The number itself would have no end: each CPU is told by a flag that it has
 * changed since it last read it.
 *
 * At each step: a request for one frame fails only if there was a moment since
 * it began at which none was free. And who tries again in take_while_short()
 * does so for what another has done since, or is about to do: so it ends.
 *
 * Left out: what CPUs have at hand (claim.pml).
 *
 * MISTAKE_NOT_BUSY          who reserves what he may not find does not say that
 *                           his CPU is busy
 * MISTAKE_NOT_COUNTED       it is not counted that it was in vain
 * MISTAKE_COUNTED_EARLY     it is counted, then what was reserved is available:
 *                           who tries in between has noted the number already
 * MISTAKE_COUNTED_LATE      it is counted when the CPU is not busy any longer
 * MISTAKE_COUNT_READ_FIRST  who has tried looks at the number, then who is busy
 * MISTAKE_NOTED_LATE        the number is noted after he has tried
 * MISTAKE_OWN_IS_NEWS       what a CPU has reserved in vain itself counts too
 */
#define NCPU 3
#define FRAMES 2

byte available = FRAMES;
byte used;
bool is_short;    /* some CPU is in take_while_short() */

/* A bit for each CPU. */
byte busy;
byte has_changed; /* the number, since the CPU read it */
byte has_news;    /* others have been busy since it last tried */
byte was_none;    /* free, at some moment since its request began */

#define ME (1 << me)
#define OTHERS (7 & ~ME)

/* After each step that leaves fewer. */
inline note_none()
{
    was_none = (used == FRAMES -> 7 : was_none)
}

inline magazines_begin()
{
    atomic {
#ifndef MISTAKE_NOT_BUSY
        busy = busy | ME;
#endif
        has_news = has_news | OTHERS
    }
}

inline count()
{
#if defined(MISTAKE_OWN_IS_NEWS)
    has_changed = 7
#elif defined(MISTAKE_NOT_COUNTED)
    skip
#else
    has_changed = has_changed | OTHERS
#endif
}

inline reserve()
{
    atomic {
        got = (available >= nr);
        available = (got -> available - nr : available);
        used = (got && nr == 1 -> used + 1 : used);
        note_none()
    }
}

/* What is found is what was wanted: one. */
inline take_from_node()
{
    magazines_begin();
    reserve();
    if
    :: atomic { got && nr == 2 -> got = false }
#ifdef MISTAKE_COUNTED_LATE
        available = available + 2;
        busy = busy & ~ME;
        atomic { count() }
#elif defined(MISTAKE_COUNTED_EARLY)
        atomic { count() }
        available = available + 2;
        busy = busy & ~ME
#else
        available = available + 2;
        atomic { count() }
        busy = busy & ~ME
#endif
    :: atomic { !(got && nr == 2) -> busy = busy & ~ME }
    fi
}

/* One after the other. */
inline look_who_moves()
{
    any = any || (busy & 1 << (me + 1) % NCPU);
    any = any || (busy & 1 << (me + 2) % NCPU)
}

inline look_who_is_busy()
{
    any = is_short;
    look_who_moves()
}

#ifdef MISTAKE_COUNT_READ_FIRST
#define LOOK(at_whom) \
    changed = (has_changed & ME) != 0; \
    at_whom
#else
#define LOOK(at_whom) \
    at_whom; \
    changed = (has_changed & ME) != 0
#endif

inline note_number()
{
    atomic {
        has_changed = has_changed & ~ME;
        changed = false;
        has_news = (busy & OTHERS -> has_news | ME : has_news & ~ME)
    }
}

inline take_while_short()
{
    atomic { !is_short -> is_short = true; any = false }
    do
    :: true ->
#ifdef MISTAKE_NOTED_LATE
        take_from_node();
        note_number();
#else
        note_number();
        take_from_node();
#endif
        LOOK(look_who_moves());
        if
        :: atomic { !got && (any || changed) ->
                assert(has_news & ME);
                any = false
            }
        :: atomic { got || (!any && !changed) -> any = false; break }
        fi
    od;
    is_short = false
}

inline take()
{
    note_number();
    take_from_node();
    if
    :: got
    :: !got ->
        look_who_is_busy();
        if
        :: any
        :: !any -> take_from_node()
        fi;
        if
        :: got || any
        :: !got && !any -> LOOK(look_who_is_busy())
        fi;
        if
        :: !got && (any || changed) -> take_while_short()
        :: got || (!any && !changed)
        fi
    fi
}

inline end_request()
{
    assert(got || nr == 2 || (was_none & ME));
    got = false;
    any = false;
    changed = false;
    nr = 0;
    was_none = was_none & ~ME;
    has_changed = has_changed & ~ME;
    has_news = has_news & ~ME
}

proctype cpu(byte me)
{
    byte nr;
    bool got, any, changed;

    do
    :: atomic { true ->
            if
            :: true -> nr = 1
            :: true -> nr = 2
            fi;
            was_none = (used == FRAMES -> was_none | ME : was_none & ~ME)
        }
        take();
        atomic { end_request() }
    :: atomic { used -> used--; available++ }
    od
}

/* The short way: what comes after it makes no difference to others. */
proctype taker_of_two(byte me)
{
    byte nr = 2;
    bool got;

    do
    :: take_from_node()
    od
}

init
{
    atomic {
        run cpu(0);
        run cpu(1);
        run taker_of_two(2)
    }
}
