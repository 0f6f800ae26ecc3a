/* SPDX-License-Identifier: MIT */
/*
 * The mailboxes: can CPUs that ask each other wait for ever? Is a request lost?
 *
 * Modelled, step by step: smp_flush() with ask_to_flush() and await_flush();
 * smp_call() with ask_to_call() and await_calls(); smp_answer() with
 * answer_flushes(), answer_calls() and make_call(); smp_leave() and smp_join().
 *
 *   cpu      a few times: has all others flush, or calls them, and waits for it
 *            or not, with interrupts on or off; the last one also leaves and
 *            joins. When it does none of that it halts, with interrupts on
 *   handler  the same CPU's interrupt: its program stands still meanwhile
 *
 * Properties: all come to their end (SPIN reports who waits for ever); when
 * smp_flush() returns each CPU that was online has flushed since it was called,
 * or has left; when nobody is left in a call, each CPU has made it once, or it
 * was counted as missed.
 *
 * Left out: the clock, what a call does. Each locked instruction, load and
 * store is one step; those that must not pass each other are sequentially
 * consistent in the code, so no store buffer is modelled.
 *
 * ALSO -DPOLL -DNCPU=3 -DNR_REQUESTS=1    three CPUs, and no interrupts: one
 *                           that has nothing to do looks at its mailbox
 *
 * MISTAKE_WAIT_DEAF           who waits does not answer
 * MISTAKE_TICKET_AFTER_FLUSH  serves what was asked while it flushed
 * MISTAKE_COUNT_AFTER_BITS    notes calls as made that came after it looked
 * MISTAKE_COUNT_BEFORE_BIT    the call is counted before the bit is set
 * MISTAKE_LOOK_BEFORE_ASKING  is it online? Then asks
 * MISTAKE_LEAVE_SILENTLY      leaves without a last answer
 * MISTAKE_LEAVE_AFTER_ANSWER  the last answer comes before it has left
 * MISTAKE_AWAIT_WHO_LEFT      waits for a flush of who has left
 */
#ifndef NCPU
#define NCPU 2
#endif
#ifndef NR_REQUESTS
#define NR_REQUESTS 2
#endif

byte flushes_asked[NCPU], flushes_served[NCPU];
byte calls_asked[NCPU], calls_served[NCPU];
byte callers[NCPU]; /* whose call it has not begun, a bit each */
byte nr_left[NCPU]; /* in the call of that CPU */
byte to_run[NCPU];  /* who has not made that CPU's call, a bit each */
byte stale[NCPU];   /* on whose behalf it has not flushed, a bit each */
bool online[NCPU];
bool pending[NCPU];  /* an interrupt is on its way */
bool off[NCPU];      /* interrupts are */
bool handling[NCPU]; /* one */

#define ANYTHING_ASKED(c) \
    (flushes_asked[c] != flushes_served[c] || calls_asked[c] != calls_served[c])

/* A step is one access to what is shared, and what the CPU then does alone. */
inline answer_flushes(c)
{
    if
    :: flushes_asked[c] == flushes_served[c]
    :: atomic {
            flushes_asked[c] != flushes_served[c] ->
            ticket = flushes_asked[c]
        }
        stale[c] = 0;
#ifdef MISTAKE_TICKET_AFTER_FLUSH
        ticket = flushes_asked[c];
#endif
        atomic { flushes_served[c] = ticket; ticket = 0 }
    fi
}

inline make_call(c, caller)
{
    atomic {
        assert(to_run[caller] & (1 << c));
        to_run[caller] = to_run[caller] & ~(1 << c)
    }
    atomic { assert(nr_left[caller] > 0); nr_left[caller]--; caller++ }
}

inline answer_calls(c)
{
    if
    :: calls_asked[c] == calls_served[c]
    :: atomic {
            calls_asked[c] != calls_served[c] ->
#ifndef MISTAKE_COUNT_AFTER_BITS
            calls_served[c] = calls_asked[c]
#endif
        }
        atomic { bits = callers[c]; callers[c] = 0 }
#ifdef MISTAKE_COUNT_AFTER_BITS
        calls_served[c] = calls_asked[c];
#endif
        do
        :: atomic {
                caller < NCPU ->
                do
                :: caller < NCPU && !(bits & (1 << caller)) -> caller++
                :: else -> break
                od
            }
            if
            :: caller < NCPU -> make_call(c, caller)
            :: caller == NCPU
            fi
        :: atomic { caller == NCPU -> caller = 0; bits = 0; break }
        od
    fi
}

inline answer(c)
{
    answer_flushes(c);
    answer_calls(c)
}

proctype handler(byte c)
{
    byte ticket, bits, caller;

end_halted:
    do
    :: atomic {
            pending[c] && !off[c] && !handling[c] ->
            pending[c] = false;
            handling[c] = true
        }
        answer(c);
        handling[c] = false
    od
}

/* wait_a_turn(), but no turn is modelled that would find nothing to do. */
#ifdef MISTAKE_WAIT_DEAF
#define SOMETHING_TO_DO(c) false
#else
#define SOMETHING_TO_DO(c) ANYTHING_ASKED(c)
#endif

inline answer_with_interrupts_off(c)
{
    answer(c);
#ifndef POLL
    atomic { off[c] = was_off; was_off = false }
#endif
}

#ifdef POLL
#define INTERRUPTS_OFF(c) skip
#define SEND(o) skip
#define STANDS_STILL(c)
#else
#define INTERRUPTS_OFF(c) was_off = off[c]; off[c] = true
#define SEND(o) pending[o] = true
#define STANDS_STILL(c) provided (!handling[c])
#endif

#define ALL_BUT(c) (((1 << NCPU) - 1) & ~(1 << c))
#define FIRST_BUT(c) (c == 0 -> 1 : 0)
#define NEXT_BUT(c, o) (o + 1 == c -> o + 2 : o + 1)

/* From now on a flush of any other that is online counts. */
inline mark_stale(c)
{
    o = 0;
    do
    :: o < NCPU ->
        if
        :: o != c && online[o] -> stale[o] = stale[o] | (1 << c)
        :: else
        fi;
        o++
    :: else -> break
    od
}

inline await_flush(c, o)
{
    wanted = flushes_asked[o];
    do
    :: atomic {
#ifdef MISTAKE_AWAIT_WHO_LEFT
            flushes_served[o] >= wanted ->
#else
            flushes_served[o] >= wanted || !online[o] ->
#endif
            wanted = 0;
            assert(!(stale[o] & (1 << c)) || !online[o]);
            break
        }
    :: atomic {
            SOMETHING_TO_DO(c) && flushes_served[o] < wanted ->
            INTERRUPTS_OFF(c)
        }
        answer_with_interrupts_off(c)
    od
}

inline flush_all_others(c)
{
    atomic { mark_stale(c); o = FIRST_BUT(c) }
    do
    :: atomic { o < NCPU -> flushes_asked[o]++ }
        atomic { SEND(o); o = NEXT_BUT(c, o) }
    :: atomic { o >= NCPU -> o = FIRST_BUT(c); break }
    od;
    do
    :: o < NCPU -> await_flush(c, o); o = NEXT_BUT(c, o)
    :: atomic { o >= NCPU -> o = 0; break }
    od
}

inline await_calls(c)
{
    do
    :: atomic { nr_left[c] == 0 -> assert(to_run[c] == 0); break }
    :: atomic {
            nr_left[c] > 0 && SOMETHING_TO_DO(c) ->
            INTERRUPTS_OFF(c)
        }
        answer_with_interrupts_off(c)
    od
}

/* It left without having seen the bit: nobody will. */
inline miss(c, o)
{
    atomic {
        if
        :: callers[o] & (1 << c) ->
            callers[o] = callers[o] & ~(1 << c);
            to_run[c] = to_run[c] & ~(1 << o);
            nr_left[c]--
        :: else
        fi
    }
}

inline ask_to_call(c, o)
{
#ifdef MISTAKE_LOOK_BEFORE_ASKING
    if
    :: online[o] ->
        callers[o] = callers[o] | (1 << c);
        calls_asked[o]++;
        SEND(o)
    :: !online[o] ->
        atomic { to_run[c] = to_run[c] & ~(1 << o); nr_left[c]-- }
    fi
#else
#ifdef MISTAKE_COUNT_BEFORE_BIT
    calls_asked[o]++;
    callers[o] = callers[o] | (1 << c);
#else
    callers[o] = callers[o] | (1 << c);
    calls_asked[o]++;
#endif
    if
    :: online[o] -> SEND(o)
    :: !online[o] -> miss(c, o)
    fi
#endif
}

inline call_all_others(c)
{
    await_calls(c);
    atomic {
        nr_left[c] = NCPU - 1;
        to_run[c] = ALL_BUT(c);
        o = FIRST_BUT(c)
    }
    do
    :: o < NCPU -> ask_to_call(c, o); o = NEXT_BUT(c, o)
    :: atomic { o >= NCPU -> o = 0; break }
    od
}

/* An interrupt meanwhile is not relied upon: they stay off. */
inline leave_and_join(c)
{
#ifndef POLL
    off[c] = true;
#endif
#ifdef MISTAKE_LEAVE_AFTER_ANSWER
    answer(c);
    online[c] = false;
#else
    online[c] = false;
#ifndef MISTAKE_LEAVE_SILENTLY
    answer(c);
#endif
#endif
    if
    :: stale[c] = 0; online[c] = true; answer(c)
    :: stays_away = true
    fi
}

proctype cpu(byte c) STANDS_STILL(c)
{
    byte nr, o, wanted, ticket, bits, caller;
    bool was_off, stays_away;

    do
    :: atomic {
            nr < NR_REQUESTS && !stays_away ->
            nr++;
            if
            :: true
#ifndef POLL
            :: off[c] = true
#endif
            fi
        }
        if
        :: flush_all_others(c)
        :: call_all_others(c)
        :: call_all_others(c); await_calls(c)
        :: c == NCPU - 1 -> leave_and_join(c)
        fi;
#ifndef POLL
        off[c] = stays_away
#endif
    :: nr == NR_REQUESTS || stays_away -> break
    od;
    await_calls(c);
#ifdef POLL
end_halted:
    do
    :: !stays_away && ANYTHING_ASKED(c) -> answer(c)
    od
#endif
}

init
{
    atomic {
        byte n = 0;
        do
        :: n < NCPU ->
            online[n] = true;
            run cpu(n);
#ifndef POLL
            run handler(n);
#endif
            n++
        :: else -> break
        od;
        n = 0
    }
}
