/* SPDX-License-Identifier: MIT */
/*
 * The change of a type: can no CPU use a frame any more in the way of its old
 * type, once it is valid as the new one?
 *
 * One frame, that is used as a page table, or is mapped writable. Modelled:
 * page_type_take() with the flush of who may be stale, page_type_drop(), and
 * what publishes; the last word of a frame's entry, which is the time stamp
 * while the count is 0, and the progress while the frame is PGT_partial.
 *
 *   cpu      two; each takes the frame as either, uses it, which leaves its
 *            mark in the TLB, ends the use and drops it; leaves a table
 *            partial; takes it up again, or apart
 *   machine  CPUs flush, the clock wraps and starts again
 *
 * Always: while the frame is valid as one, no TLB leads to it as the other
 * (I10). Who takes up what is partial finds the progress (I20).
 *
 * Left out: the order of tick, flush and note, and of removal and sample: each
 * is one step here (clock.pml); a restart is one step, too; all CPUs are in
 * the taint. What is examined.
 *
 * MISTAKE_FLUSH_BEFORE_BUSY    has others flush, and then makes the frame busy
 * MISTAKE_STAMP_READ_EARLY     reads the time stamp, and then makes it busy
 * MISTAKE_PUBLISH_BEFORE_FLUSH it is valid, and then others flush
 * MISTAKE_KEYED_ON_NEW_TYPE    only who wants a table has others flush
 * MISTAKE_STAMP_BEFORE_BUSY    who is the last one stamps, and then drops his
 *                              reference by a compare and exchange
 * MISTAKE_STAMP_AFTER_IDLE     publishes the count of 0, and then stamps
 * MISTAKE_JOINS_BUSY           what is busy is shared, as if it were valid
 */
#define MAX 3
#define NCPU 2

byte clock = 1;
byte flushed[NCPU];

/* That CPU's TLB leads to the frame as this. */
bool writes[NCPU], walks[NCPU];

/* type_info: a count, flags, and the type: a table, or writable. */
#define COUNT 3
#define BUSY 4
#define PARTIAL 8
#define VALIDATED 16
#define TABLE 32
byte type_info = VALIDATED;
#define TYPE_COUNT (type_info & COUNT)

#define PROGRESS (MAX + 1)
byte last_word; /* a time, or PROGRESS */

inline forget(c)
{
    writes[c] = false;
    walks[c] = false
}

inline flush(c)
{
    forget(c);
    if
    :: clock < MAX -> clock++; flushed[c] = clock
    :: clock == MAX ->
        forget(0); flushed[0] = 0;
        forget(1); flushed[1] = 0;
        clock = 1
    fi
}

inline flush_if_stale(c)
{
    if
    :: stamp <= clock && flushed[c] <= stamp -> flush(c)
    :: else
    fi
}

/* tlb_debt_pay() */
inline pay()
{
    atomic {
        flush_if_stale(0);
        flush_if_stale(1);
        stamp = 0
    }
}

#ifdef MISTAKE_KEYED_ON_NEW_TYPE
#define CHANGES_TYPE (type == TABLE && !(before & PARTIAL))
#else
#define CHANGES_TYPE ((before & TABLE) != type && !(before & PARTIAL))
#endif

inline end_old_use()
{
    if
    :: CHANGES_TYPE ->
#ifndef MISTAKE_STAMP_READ_EARLY
        stamp = last_word;
#endif
        pay()
    :: else
    fi
}

inline publish(word)
{
    atomic { assert(type_info & BUSY); type_info = word }
}

inline publish_table()
{
    if
    :: publish(TABLE | VALIDATED | 1); has = true
    :: last_word = PROGRESS; publish(TABLE | PARTIAL | 1)
    fi
}

inline examine()
{
    assert(!(before & PARTIAL) || last_word == PROGRESS);
    if
    :: type == 0 -> publish(VALIDATED | 1); has = true
    :: type == TABLE -> publish_table()
    fi
}

#ifdef MISTAKE_JOINS_BUSY
#define MAY_SHARE (VALIDATED | BUSY)
#else
#define MAY_SHARE VALIDATED
#endif

inline page_type_take()
{
#if defined(MISTAKE_FLUSH_BEFORE_BUSY)
    before = type_info;
    end_old_use();
#elif defined(MISTAKE_STAMP_READ_EARLY)
    stamp = last_word;
#endif
    if
    :: atomic { TYPE_COUNT == 0 && !((type_info & VALIDATED) && type == 0) ->
            before = type_info;
            type_info = type | BUSY | 1;
            won = true
        }
    :: atomic { TYPE_COUNT == 0 && (type_info & VALIDATED) && type == 0 ->
            type_info++;
            has = true
        }
    :: atomic { TYPE_COUNT && (type_info & TABLE) == type &&
            (type_info & MAY_SHARE) ->
            type_info++;
            has = true
        }
    :: atomic { (type_info & PARTIAL) && type == TABLE ->
            before = type_info;
            type_info = TABLE | BUSY | 1;
            won = true
        }
    :: atomic { TYPE_COUNT && (type_info & TABLE) != type } /* -EINVAL */
    fi
}

inline get()
{
    page_type_take();
    if
    :: won ->
#if defined(MISTAKE_FLUSH_BEFORE_BUSY)
        examine();
#elif defined(MISTAKE_PUBLISH_BEFORE_FLUSH)
        examine();
        end_old_use();
#else
        end_old_use();
        examine();
#endif
        atomic { won = false; before = 0 }
    :: else
    fi;
    stamp = 0
}

inline publish_idle()
{
#if defined(MISTAKE_STAMP_BEFORE_BUSY)
    publish(type | (type == 0 -> VALIDATED : 0))
#elif defined(MISTAKE_STAMP_AFTER_IDLE)
    publish(type | (type == 0 -> VALIDATED : 0));
    last_word = clock
#else
    last_word = clock;
    publish(type | (type == 0 -> VALIDATED : 0))
#endif
}

inline put()
{
    has = false;
#ifdef MISTAKE_STAMP_BEFORE_BUSY
    if
    :: TYPE_COUNT == 1 -> last_word = clock
    :: else
    fi;
#endif
    if
    :: atomic { TYPE_COUNT > 1 -> type_info-- }
    :: atomic { TYPE_COUNT == 1 -> type_info = type | BUSY | 1 }
        publish_idle()
    fi
}

inline take_apart_partial()
{
    atomic { (type_info & PARTIAL) ->
        type_info = TABLE | BUSY | 1;
        assert(last_word == PROGRESS);
        type = TABLE
    }
    publish_idle()
}

proctype cpu(byte me)
{
    byte type, before, stamp;
    bool has, won;

    do
    :: atomic { !has ->
            if
            :: type = TABLE
            :: type = 0
            fi
        }
        get()
    :: atomic { has && type == 0 -> writes[me] = true }
    :: atomic { has && type == TABLE -> walks[me] = true }
    :: has -> put()
    :: !has -> take_apart_partial()
    od
}

proctype machine()
{
    do
    :: atomic { flush(0) }
    :: atomic { flush(1) }
    od
}

#define VALID_AS(t) \
    (TYPE_COUNT && (type_info & VALIDATED) && (type_info & TABLE) == (t))

proctype watcher()
{
    atomic {
        (VALID_AS(TABLE) && (writes[0] || writes[1])) ||
        (VALID_AS(0) && (walks[0] || walks[1])) ->
        assert(false)
    }
}

init
{
    atomic { run cpu(0); run cpu(1); run machine(); run watcher() }
}
