/* SPDX-License-Identifier: MIT */
/*
 * Scrubbing: is a dirty frame ever handed out as clean, or one that is offline?
 *
 * A chunk of two frames: a bit for each says that it is free, another that it
 * is dirty. Who gets a frame's free bit has the frame, whoever he is; its dirty
 * bit is his, too. All changes of the bits are single atomic steps.
 *
 *   user      chunk_give(): says that a frame is dirty, then that it is free.
 *             magazine_refill(): takes all that is free by an exchange, then
 *             reads which of it are dirty. Those have their debt paid and are
 *             scrubbed before they are handed out
 *   scrubber  scrub_step(): takes a dirty frame as a user would, pays its
 *             debt, scrubs it, says that it is clean and gives it back. Or
 *             stops before that, as its time is over, and gives it back dirty
 *   offliner  offline_page() of frame 0: notes that a frame of this chunk is to
 *             go, marks the frame, then takes it if it is free
 *   machine   while a TLB leads to a frame, its old user writes to it
 *
 * Who hands a frame out or frees it looks at its mark, and parks it; that is
 * one step with what he does to its state (magazine.pml). Who has given the
 * free bit back looks at the note after it, and at the mark then, and takes the
 * frame out again if he can.
 *
 * At each step: nobody gets a frame that somebody has. What is handed out has
 * been scrubbed, and no TLB leads to it. After offline_page() has returned the
 * frame is not handed out. At rest each frame is in one place; what is not
 * dirty is clean; what was to go offline is parked or in use.
 *
 * Left out: who owns the chunk (chunk.pml), magazines (magazine.pml), those who
 * take dirty frames for what they are, the flush (clock.pml).
 *
 * ALSO -DUSERS=1 -DSCRUBBERS=2   one user, and two who scrub
 * LONG -DUSERS=2 -DSCRUBBERS=2   two of each
 *
 * MISTAKE_FREE_BEFORE_DIRTY who frees says that it is free, then dirty
 * MISTAKE_DIRTY_READ_EARLY  who takes reads what is dirty, then takes
 * MISTAKE_DIRTY_BY_STORE    he loads the dirty bits, and stores those that stay
 * MISTAKE_MARK_UNSEEN       he does not look at the mark
 * MISTAKE_CLEAN_EARLY       who scrubs says that it is clean, and then scrubs;
 *                           or stops
 * MISTAKE_CLEAN_LATE        he gives it back, then says that it is clean
 * MISTAKE_SCRUB_BEFORE_FLUSH he scrubs, and then pays
 * MISTAKE_TAKE_BY_LOOK      he sees that it is free, and clears the bit, which
 *                           another has cleared
 * MISTAKE_GIVE_BLINDLY      he gives it back, and looks at no note
 * MISTAKE_NOTE_READ_EARLY   he looks at the note, and then gives it back
 */
#ifndef USERS
#define USERS 2
#endif
#ifndef SCRUBBERS
#define SCRUBBERS 1
#endif

#define ALL 3 /* a bit for each frame */

byte free;
byte dirty;
byte used = ALL;    /* frames that are in use */
byte parked;
byte between;       /* that are in somebody's hands */
bool is_noted;      /* in the chunk: a frame is to go */
bool is_marked;     /* frame 0 is the one */
bool is_done;       /* offline_page() has returned */
byte contents = ALL;/* what a frame's last user left there is there still */
byte stale = ALL;   /* a TLB leads there */
byte under_way;

inline end_way()
{
    under_way--;
    if
    :: under_way == 0 ->
        assert(!between && (free + used + parked) == ALL);
        assert((free | used | parked) == ALL);
        assert(!((contents | stale) & free & ~dirty));
        assert(!(is_done && free & 1))
    :: else
    fi
}

/* Of frames whose free bits were found set. */
inline take(bits)
{
    assert(!((between | used | parked) & (bits)));
    between = between | (bits)
}

inline park(one)
{
    assert(one == 1 && is_marked);
    between = between & ~one;
    parked = parked | one;
    is_noted = false
}

inline pay()
{
    stale = stale & ~one
}

inline clear_contents()
{
    assert(between & one);
    contents = contents & ~one
}

/* What everybody does who gives a frame back. */
inline give_free()
{
#ifdef MISTAKE_NOTE_READ_EARLY
    saw = is_noted;
#endif
    atomic { between = between & ~one; free = free | one }
#ifndef MISTAKE_GIVE_BLINDLY
#ifndef MISTAKE_NOTE_READ_EARLY
    saw = is_noted;
#endif
    if
    :: saw && one == 1 && is_marked ->
        if
        :: atomic { free & one -> free = free & ~one; take(one); park(one) }
        :: !(free & one)
        fi
    :: !(saw && one == 1 && is_marked)
    fi
#endif
}

inline chunk_give()
{
#ifdef MISTAKE_FREE_BEFORE_DIRTY
    give_free();
    atomic { dirty = dirty | one }
#else
    atomic { dirty = dirty | one }
    give_free()
#endif
}

inline magazine_refill()
{
#ifdef MISTAKE_DIRTY_READ_EARLY
    soiled = dirty;
#endif
    atomic { got = free; free = 0; take(got) }
#ifdef MISTAKE_DIRTY_READ_EARLY
    soiled = soiled & got;
#else
    soiled = dirty & got;
#endif
#ifdef MISTAKE_DIRTY_BY_STORE
    one = dirty & ~soiled;
    dirty = one;
    one = 0
#else
    atomic { dirty = dirty & ~soiled }
#endif
}

/* For each frame that was got: scrubs it, then looks at the mark. */
inline magazine_get()
{
    do
    :: atomic { got & soiled -> one = (got & soiled & 1 -> 1 : 2) }
        atomic { pay() }
        atomic { clear_contents(); soiled = soiled & ~one; one = 0 }
    :: got && !(got & soiled) ->
        one = (got & 1 -> 1 : 2);
        atomic {
            got = got & ~one;
            if
#ifndef MISTAKE_MARK_UNSEEN
            :: one == 1 && is_marked -> park(one)
#endif
            :: else ->
                assert(!(one == 1 && is_done));
                assert(!((contents | stale) & one));
                between = between & ~one;
                used = used | one;
                contents = contents | one;
                stale = stale | one
            fi;
            one = 0
        }
    :: !got -> break
    od
}

inline choose(set)
{
    if
    :: (set) & 1 -> one = 1
    :: (set) & 2 -> one = 2
    fi
}

proctype user()
{
    byte one, got, soiled;
    bool saw;

    do
    :: atomic { used ->
            under_way++;
            choose(used);
            used = used & ~one;
            between = between | one
        }
        if
        :: atomic { one == 1 && is_marked -> park(one) }
        :: atomic { !(one == 1 && is_marked) }
            chunk_give()
        fi;
        atomic { one = 0; saw = false; end_way() }
    :: atomic { free -> under_way++ }
        magazine_refill();
        magazine_get();
        atomic { soiled = 0; end_way() }
    od
}

/* @saw says whether it has got the frame. */
inline take_dirty()
{
#ifdef MISTAKE_TAKE_BY_LOOK
    saw = (free & one) != 0;
    atomic {
        if
        :: saw -> free = free & ~one; take(one)
        :: else
        fi
    }
#else
    atomic {
        if
        :: free & one -> free = free & ~one; take(one); saw = true
        :: else
        fi
    }
#endif
}

inline scrub()
{
#ifdef MISTAKE_CLEAN_EARLY
    atomic { dirty = dirty & ~one }
#endif
    if
    :: true /* its time is over */
    :: true ->
#ifdef MISTAKE_SCRUB_BEFORE_FLUSH
        atomic { clear_contents() }
        atomic { pay() }
#else
        atomic { pay() }
        atomic { clear_contents() }
#endif
#ifndef MISTAKE_CLEAN_LATE
        atomic { dirty = dirty & ~one }
#endif
    fi
}

proctype scrubber()
{
    byte one;
    bool saw;

    do
    :: atomic { free & dirty -> under_way++; choose(free & dirty) }
        take_dirty();
        if
        :: saw ->
            scrub();
            give_free()
#ifdef MISTAKE_CLEAN_LATE
            ;
            atomic { dirty = dirty & ~one }
#endif
        :: !saw
        fi;
        atomic { one = 0; saw = false; end_way() }
    od
}

proctype offliner()
{
    atomic { true -> under_way++ }
    is_noted = true;
    is_marked = true;
    if
    :: atomic { free & 1 -> free = free & ~1; take(1); park(1) }
    :: !(free & 1)
    fi;
    atomic { is_done = true; end_way() }
}

active proctype machine()
{
    do
    :: atomic { stale & 1 -> contents = contents | 1 }
    :: atomic { stale & 2 -> contents = contents | 2 }
    od
}

init
{
    byte i;

    atomic {
        do
        :: i < USERS -> run user(); i++
        :: else -> break
        od;
        i = 0;
        do
        :: i < SCRUBBERS -> run scrubber(); i++
        :: else -> break
        od;
        i = 0;
        run offliner()
    }
}
