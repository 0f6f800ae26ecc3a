/* SPDX-License-Identifier: MIT */
/*
 * The page lock: is a table valid while an entry of it is written, and is it
 * taken apart by whoever drops the last reference?
 *
 * A table of one entry, which names one of two frames, or none. Modelled: what
 * page_type_take(), page_type_drop(), page_lock() and page_unlock() make of
 * type_info; update_entry(), with an exchange under the lock for the write;
 * the walker, which counts the frame that the entry names.
 *
 *   user     two: begins to use the table and ends that, ROUNDS times
 *   updater  two: has a general reference to the table, and so may find it in
 *            any state; writes an entry ROUNDS times
 *
 * At each step: the entry is written while the table is valid. A valid table's
 * entry holds its frame. At the end nobody has anything: no table is left
 * valid that nobody uses, which no last reference would ever take apart
 * (XSA-242). Nobody waits for ever: all come to their end, and as each takes
 * so many steps, no wait goes round in a circle.
 *
 * Left out: interruptions, and partial tables (partial.pml).
 *
 * MISTAKE_DROP_LEAVES_LOCK   who drops all but the lock's reference does not
 *                            wait, so that unlocking drops the last one
 * MISTAKE_LOCK_HOLDS_NOTHING a lock is a flag, and no reference
 * MISTAKE_LOCK_WHAT_IS_BUSY  a table that is no longer, or not yet, valid can
 *                            be locked
 * MISTAKE_WRITE_UNLOCKED     the entry is written, and the table was valid
 *                            before
 * MISTAKE_PUT_BEFORE_WRITE   what the entry held is dropped, and then it is
 *                            written
 * MISTAKE_DROP_WHILE_LOCKED  who has locked a table drops his reference to it
 */
#ifndef ROUNDS
#define ROUNDS 2
#endif

/* type_info */
#define COUNT 7
#define VALIDATED 8
#define BUSY 16
#define LOCKED 32
byte type_info;

byte entry = 1; /* the frame that it names; 0: none */
byte held[3];   /* references to each frame */

#define TYPE_COUNT (type_info & COUNT)
#define IS(flag) ((type_info & (flag)) != 0)

inline get_frame(frame)
{
    held[frame]++
}

inline put_frame(frame)
{
    atomic { assert(held[frame] > 0); held[frame]-- }
}

inline page_type_take()
{
    if
    :: atomic { TYPE_COUNT == 0 -> type_info = BUSY | 1 }
        get_frame(entry);
        atomic { assert(type_info == (BUSY | 1)); type_info = VALIDATED | 1 }
    :: atomic { IS(VALIDATED) && TYPE_COUNT -> type_info++ }
    fi
}

inline page_type_drop()
{
    if
    :: atomic { TYPE_COUNT > 1 &&
#ifndef MISTAKE_DROP_LEAVES_LOCK
            !(IS(LOCKED) && TYPE_COUNT == 2) &&
#endif
            IS(VALIDATED) -> type_info-- }
    :: atomic { TYPE_COUNT == 1 && IS(VALIDATED) -> type_info = BUSY | 1 }
        put_frame(entry);
        atomic { assert(type_info == (BUSY | 1)); type_info = 0 }
    fi
}

inline page_lock()
{
    atomic {
        !IS(LOCKED) ->
        has_lock = (IS(VALIDATED) && TYPE_COUNT);
#ifdef MISTAKE_LOCK_WHAT_IS_BUSY
        has_lock = TYPE_COUNT > 0;
#endif
        if
#ifdef MISTAKE_LOCK_HOLDS_NOTHING
        :: has_lock -> type_info = type_info | LOCKED
#else
        :: has_lock -> type_info = (type_info + 1) | LOCKED
#endif
        :: else
        fi
    }
}

inline page_unlock()
{
    atomic {
        assert(IS(LOCKED));
#ifdef MISTAKE_LOCK_HOLDS_NOTHING
        type_info = type_info & ~LOCKED;
#else
        type_info = (type_info - 1) & ~LOCKED;
#endif
        has_lock = false
    }
}

inline write_entry()
{
    atomic {
        assert(IS(VALIDATED) && TYPE_COUNT);
        old = entry;
        entry = new
    }
}

inline exchange()
{
    page_lock();
    if
    :: has_lock ->
#if defined(MISTAKE_PUT_BEFORE_WRITE)
        old = entry;
        put_frame(old);
        write_entry();
        page_unlock()
#elif defined(MISTAKE_WRITE_UNLOCKED)
        page_unlock();
        write_entry();
        put_frame(old)
#else
        write_entry();
        page_unlock();
        put_frame(old)
#endif
    :: else ->
        put_frame(new)
    fi
}

proctype updater()
{
    byte round, old, new;
    bool has_lock;

    do
    :: atomic { round < ROUNDS ->
            round++;
            if
            :: new = 0
            :: new = 1
            :: new = 2
            fi
        }
        get_frame(new);
        exchange();
        atomic { old = 0; new = 0 }
    :: round == ROUNDS -> break
    od
}

proctype user()
{
    byte round;
    bool has_lock;

    do
    :: round < ROUNDS ->
        page_type_take();
#ifdef MISTAKE_DROP_WHILE_LOCKED
        page_lock();
        page_type_drop();
        page_unlock();
#else
        page_type_drop();
#endif
        round++
    :: round == ROUNDS -> break
    od
}

/* Frame 0 is none; to hold it is to hold nothing. */
proctype watcher()
{
end:
    atomic { IS(VALIDATED) && (TYPE_COUNT == 0 || held[entry] == 0) ->
        assert(TYPE_COUNT > 0);
        assert(held[entry] > 0)
    }
}

init
{
    atomic {
        run watcher();
        run user();
        run user();
        run updater();
        run updater()
    }
    (_nr_pr == 2); /* but the watcher */
    assert(type_info == 0 && held[0] + held[1] + held[2] == 0)
}
