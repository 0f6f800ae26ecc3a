/* SPDX-License-Identifier: MIT */
/*
 * Magazines: is a frame lost, or got twice, when another CPU empties one or
 * takes the frame offline, though their owner locks nothing?
 *
 * Two frames, two CPUs with a magazine each, and a third that takes frame 0
 * offline. All run with interrupts on; an interrupt comes between two
 * instructions, and its handler is one step. A compare and exchange that is not
 * locked is one instruction: its own CPU's interrupts cannot split it. But it
 * is two steps for others, of which the second writes in any case: what was
 * read, if the compare failed.
 *
 *   cpu       pops a frame and uses it: magazine_pop(), magazine_refill();
 *             pushes one that somebody has used: magazine_put(); has the other
 *             CPU's magazine emptied, and gives what was in it to the bitmap:
 *             heap_drain(); takes the chunk as a block, writes the entries of
 *             its frames: alloc_heap_pages(), heap_clear_entries()
 *   handler   what interrupts a CPU: hands over all that its magazine has, or
 *             does nothing, which tells that no instruction is half done
 *   offliner  offline_page(): notes in the chunk, with the node lock held, that
 *             a frame of it is to go. Marks the frame, interrupts the others,
 *             and looks whether the mark is still there, until it is. If the
 *             frame is in the bitmap, takes it out of there
 *
 * Who meets the mark parks the frame: who pops or pushes it; and who has given
 * frames to the bitmap and then sees the note, if he gets it out again. Who
 * writes entries looks at the note before, and keeps marks if there is one; who
 * has noted waits for those who are at it. No chunk with such a note becomes a
 * block.
 *
 * At each step: no frame is got that somebody has. Since offline_page() has
 * returned, nobody gets the frame who had not begun to. At rest each frame is
 * in one place; what was to go offline is parked, in use or in a magazine, and
 * marked.
 *
 * Left out: who owns the chunk (chunk.pml); dirt (scrub.pml); online_page().
 *
 * MISTAKE_NO_SECOND_LOOK    the mark is not looked for after the interrupt
 * MISTAKE_NO_INTERRUPT      it is looked for, but nobody was interrupted
 * MISTAKE_COUNT_BY_STORE    the count is loaded and stored, not compared and
 *                           exchanged: what the handler did is undone
 * MISTAKE_HANDLER_LOCKS     the handler takes the node lock, which the CPU that
 *                           it interrupts may hold
 * MISTAKE_DRAIN_BLINDLY     who gives drained frames does not look at the note
 * MISTAKE_NOTE_READ_EARLY   he does, and then gives them
 * MISTAKE_BLOCK_OF_MARKED   a chunk becomes a block in spite of the note
 * MISTAKE_ENTRIES_UNCHECKED who writes entries does not look at it before
 * MISTAKE_BUSY_UNASKED      nobody waits for those who are at it
 * MISTAKE_MARK_BEFORE_NOTE  the mark comes before the note
 */
#define ALL 3 /* a bit for each frame */
#define NOBODY 3

/* The state of a frame. */
#define IN_USE 0
#define FREE 1
#define MARK 2
#define PARKED 4

byte state[2] = FREE;
byte in_bitmap = ALL;
byte used;             /* frames that somebody has */
byte parked;
byte nr[2];            /* of the magazine of each CPU */
byte slot[4];          /* two for each CPU */
bool is_noted;         /* in the chunk: a frame is to go */
byte locked_by = NOBODY;
bool is_half_done[2];  /* the instruction that the CPU is at */
bool asked[2];         /* for all that its magazine has */
byte handed[2];        /* what it had */
bool interrupted[2];
bool is_busy[2];       /* between the look at the note and the last entry */
bool is_done = false;  /* offline_page() has returned */
byte under_way;

#define MAGAZINE(c) \
    ((nr[c] > 0 -> 1 << slot[2 * (c)] : 0) + \
     (nr[c] > 1 -> 1 << slot[2 * (c) + 1] : 0))

#define LOCK locked_by == NOBODY; locked_by = me
#define UNLOCK locked_by = NOBODY

inline begin_way()
{
    under_way++
}

inline end_way()
{
    under_way--;
    if
    :: under_way == 0 ->
        assert(in_bitmap + used + parked + MAGAZINE(0) + MAGAZINE(1) == ALL);
        assert((in_bitmap & used) + (parked & in_bitmap) == 0);
        assert(!is_done || !(in_bitmap & 1));
        assert(!is_done || state[0] & MARK)
    :: else
    fi
}

/* Who does it has the frame. */
inline park(f)
{
    assert(f == 0 && state[f] & MARK && !(state[f] & PARKED));
    state[f] = MARK | PARKED;
    parked = parked | 1 << f;
    is_noted = false
}

/* A compare and exchange that is not locked: its two steps. */
inline read_state()
{
    is_half_done[me] = true;
    was = state[f]
}

inline write_state(old, new)
{
    is_half_done[me] = false;
    state[f] = (was == old -> new : was)
}

/* One instruction on what no other CPU writes. */
inline store_nr(new)
{
    atomic {
#ifdef MISTAKE_COUNT_BY_STORE
        nr[me] = new;
        has = true
#else
        has = (nr[me] == n);
        nr[me] = (has -> new : nr[me])
#endif
    }
}

/* magazine_put(), once the frame is free. */
inline push()
{
    do
    :: true ->
        atomic { n = nr[me]; slot[2 * me + n] = f }
        store_nr(n + 1);
        if
        :: has -> break
        :: !has
        fi
    od;
    atomic { n = 0; has = false }
}

inline put()
{
    atomic { read_state() }
    atomic { write_state(IN_USE, FREE) }
    if
    :: was == IN_USE -> push()
    :: was != IN_USE -> atomic { park(f) }
    fi
}

inline use()
{
    atomic { read_state() }
    atomic {
        write_state(FREE, IN_USE);
        if
        :: was == FREE ->
            assert(!(used & 1 << f));
            assert(!(is_done && f == 0));
            used = used | 1 << f
        :: was != FREE -> park(f)
        fi
    }
}

/* @has says whether there was one. */
inline pop()
{
    do
    :: true ->
        if
        :: nr[me] == 0 -> break
        :: atomic { nr[me] != 0 -> n = nr[me]; f = slot[2 * me + n - 1] }
            store_nr(n - 1);
            if
            :: has -> break
            :: !has
            fi
        fi
    od
}

inline magazine_refill()
{
    atomic {
        LOCK;
        if
        :: in_bitmap & 1 -> f = 0; has = true
        :: in_bitmap & 2 -> f = 1; has = true
        :: !in_bitmap
        fi;
        in_bitmap = in_bitmap & ~(has << f)
    }
    UNLOCK;
    if
    :: has -> push()
    :: !has
    fi
}

inline get()
{
    pop();
    if
    :: has -> use()
    :: !has -> magazine_refill()
    fi
}

/* Frames that were drained; what has the mark comes out again. */
inline give_bits()
{
#ifdef MISTAKE_NOTE_READ_EARLY
    has = is_noted;
#endif
    atomic { in_bitmap = in_bitmap | handed[me]; handed[me] = 0 }
#ifndef MISTAKE_NOTE_READ_EARLY
    has = is_noted;
#endif
#ifndef MISTAKE_DRAIN_BLINDLY
    if
    :: has && state[0] & MARK ->
        atomic { has = in_bitmap & 1; in_bitmap = in_bitmap & ~1 }
        if
        :: has -> atomic { park(0) }
        :: !has
        fi
    :: !has
    :: has && !(state[0] & MARK)
    fi
#endif
}

inline heap_drain()
{
    asked[1 - me] = true;
    !asked[1 - me];
    if
    :: handed[me] -> give_bits()
    :: !handed[me]
    fi
}

inline heap_clear_entries()
{
    is_busy[me] = true;
#ifndef MISTAKE_ENTRIES_UNCHECKED
    has = is_noted;
#endif
    if
    :: has ->
        atomic { read_state() }
        atomic { write_state(was, IN_USE | (was & MARK)) }
    :: !has -> state[0] = IN_USE
    fi;
    state[1] = IN_USE;
    is_busy[me] = false;
    atomic { was = 0; has = false }
}

#ifdef MISTAKE_BLOCK_OF_MARKED
#define IS_BLOCK (in_bitmap == ALL)
#else
#define IS_BLOCK (in_bitmap == ALL && !is_noted)
#endif

inline take_block()
{
    UNLOCK;
    heap_clear_entries();
    atomic { used = ALL; end_way() }
}

proctype cpu(byte me)
{
    byte f, n, was;
    bool has;

    do
    :: atomic { true -> begin_way() }
        get();
        atomic { f = 0; n = 0; was = 0; has = false; end_way() }
    :: atomic { used -> begin_way();
            if
            :: used & 1 -> f = 0
            :: used & 2 -> f = 1
            fi;
            used = used & ~(1 << f)
        }
        put();
        atomic { f = 0; was = 0; end_way() }
    :: atomic { true -> begin_way() }
        heap_drain();
        atomic { has = false; end_way() }
    :: atomic { IS_BLOCK && locked_by == NOBODY ->
            begin_way();
            LOCK;
            assert(!is_done);
            in_bitmap = 0
        }
        take_block()
    od
}

proctype handler(byte me)
{
end:
    do
    :: atomic { asked[me] && !is_half_done[me] ->
#ifdef MISTAKE_HANDLER_LOCKS
            assert(locked_by != me); /* it would wait for ever */
            locked_by == NOBODY;
#endif
            handed[1 - me] = MAGAZINE(me);
            if
            :: nr[me] > 0 -> slot[2 * me] = 0
            :: else
            fi;
            if
            :: nr[me] > 1 -> slot[2 * me + 1] = 0
            :: else
            fi;
            nr[me] = 0;
            asked[me] = false
        }
    :: atomic { interrupted[me] && !is_half_done[me] ->
            interrupted[me] = false
        }
    od
}

/* Who may have begun to write entries before that is through afterwards. */
inline note()
{
    atomic { LOCK; is_noted = true }
    UNLOCK;
#ifndef MISTAKE_BUSY_UNASKED
    !is_busy[0];
    !is_busy[1]
#endif
}

inline mark()
{
    do
    :: atomic { state[0] = state[0] | MARK }
#ifndef MISTAKE_NO_INTERRUPT
        atomic { interrupted[0] = true; interrupted[1] = true }
        !interrupted[0] && !interrupted[1];
#endif
#ifdef MISTAKE_NO_SECOND_LOOK
        break
#else
        if
        :: state[0] & MARK -> break
        :: !(state[0] & MARK)
        fi
#endif
    od
}

proctype offliner()
{
    byte me = 2;
    bool has;

    atomic { true -> begin_way() }
#ifdef MISTAKE_MARK_BEFORE_NOTE
    mark();
    note();
#else
    note();
    mark();
#endif
    atomic { has = in_bitmap & 1; in_bitmap = in_bitmap & ~1 }
    if
    :: has -> atomic { park(0) }
    :: !has
    fi;
    atomic { is_done = true; end_way() }
}

init
{
    atomic {
        run cpu(0);
        run cpu(1);
        run handler(0);
        run handler(1);
        run offliner()
    }
}
