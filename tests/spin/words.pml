/* SPDX-License-Identifier: MIT */
/*
 * Runs of whole words: does who makes one longer notice?
 *
 * A chunk of four words that nobody owns. A word is free as a whole or not: who
 * gives the last frame of one fills it. The chunk is whole, or in the set of
 * its longest run: of one word, of two that begin at an even one. Anybody gives
 * and takes at any time; where the chunk is changes with the node's lock alone.
 *
 *   chunk_give()      an OR of a word, then bits_may_move(): a look at the set,
 *                     and, as words_may_move() says, at the words that with
 *                     this one would be the next longer run. If all are full
 *                     the chunk is placed
 *   node_place()      takes it out of its set, reads its words one by one, and
 *                     puts it where they say
 *   supply_run()      takes a word, found by the set, and then places the chunk
 *   magazine_refill() takes a word, and does not
 *
 * At rest, when no CPU is under way: a chunk that is not whole is in the set of
 * its longest run or of a longer one, and is not all free.
 *
 * It rests on each who gives reading the others' words after he has filled his:
 * the last one sees all. And on the set: who has read the one that the chunk is
 * taken out of has given before, so its words are read with his in it.
 *
 * Left out: owners, and how a chunk becomes whole (chunk.pml); runs in a word,
 * which one word shows.
 *
 * MISTAKE_GROUP_READ_EARLY  who fills a word looks at the others before
 * MISTAKE_SET_READ_EARLY    he looks at the set before
 * MISTAKE_GROUP_ASTRAY      the longer run is looked for from his word on, not
 *                           where one can begin
 * MISTAKE_GROUP_OF_TWICE    he looks whether there is a run twice as long as
 *                           the next
 * MISTAKE_ODD_WORD_ONLY     only who fills the second of two words looks
 */
#ifndef NCPU
#define NCPU 2
#endif

#define ALL 15

byte words;            /* a bit for each that is full */
byte set;              /* 1: of runs of a word, 2: of two; 0: none */
bool is_whole = true;
byte used;
bool is_locked;
byte under_way;

#define PAIR(x) (((x) & 3) == 3 || ((x) & 12) == 12)
#define RUN(x) (PAIR(x) -> 2 : ((x) -> 1 : 0))

inline end_way()
{
    under_way--;
    if
    :: under_way == 0 && is_whole -> assert(!words && !used && !set)
    :: under_way == 0 && !is_whole ->
        assert((words | used) == ALL && !(words & used));
        assert(set >= RUN(words));
        assert(words != ALL)
    :: else
    fi
}

/* With the lock held, and ends that. */
inline node_place()
{
    do
    :: true ->
        set = 0;
        seen = words & 1;
        seen = seen | (words & 2);
        seen = seen | (words & 4);
        seen = seen | (words & 8);
        if
        :: atomic { seen != ALL ->
                set = RUN(seen);
                seen = 0;
                is_locked = false;
                end_way()
            }
            break
        :: atomic { seen == ALL && words == ALL ->
                words = 0;
                seen = 0;
                is_whole = true;
                is_locked = false;
                end_way()
            }
            break
        :: atomic { seen == ALL && words != ALL -> seen = 0 }
        fi
    od
}

/* From which one on, and how many? */
#if defined(MISTAKE_GROUP_ASTRAY)
#define NR (s == 2 -> 4 : 2)
#define FIRST (s == 2 -> 0 : (w == 3 -> 2 : w))
#elif defined(MISTAKE_GROUP_OF_TWICE)
#define NR 4
#define FIRST 0
#else
#define NR (s == 2 -> 4 : 2)
#define FIRST (s == 2 -> 0 : w & 2)
#endif

/* @all_full: all that he has looked at are. */
inline look_at_group()
{
    n = FIRST;
    end = n + NR;
    do
    :: atomic { all_full && n < end -> all_full = (words >> n) & 1; n++ }
    :: atomic { !all_full || n == end -> n = 0; end = 0; break }
    od
}

inline words_may_move()
{
#ifdef MISTAKE_ODD_WORD_ONLY
    all_full = (s == 2 || (w & 1));
#endif
    look_at_group()
}

inline fill()
{
    words = words | 1 << w
}

inline chunk_give()
{
    all_full = true;
#if defined(MISTAKE_GROUP_READ_EARLY)
    s = set;
    if
    :: s ->
        atomic { n = FIRST; end = n + NR }
        do
        :: atomic { all_full && n < end ->
                all_full = (n == w || ((words >> n) & 1));
                n++
            }
        :: atomic { !all_full || n == end -> n = 0; end = 0; break }
        od
    :: !s
    fi;
    fill()
#elif defined(MISTAKE_SET_READ_EARLY)
    s = set;
    fill();
    if
    :: s -> words_may_move()
    :: !s
    fi
#else
    fill();
    s = set;
    if
    :: s -> words_may_move()
    :: !s
    fi
#endif
}

inline take(frame)
{
    words = words & ~(frame);
    used = used | (frame)
}

/* Any that is there. */
inline choose(from)
{
    if
    :: (from) & 1 -> w = 0
    :: (from) & 2 -> w = 1
    :: (from) & 4 -> w = 2
    :: (from) & 8 -> w = 3
    fi
}

proctype cpu()
{
    byte w, s, n, end, seen;
    bool all_full;

    do
    :: atomic { used -> under_way++; choose(used); used = used & ~(1 << w) }
        chunk_give();
        if
        :: atomic { all_full && !is_locked ->
                is_locked = true;
                all_full = false;
                s = 0;
                w = 0
            }
            node_place()
        :: atomic { !all_full -> s = 0; w = 0; end_way() }
        fi
    :: atomic { words -> choose(words); take(1 << w); w = 0 }
    :: atomic { set && words ->
            under_way++;
            choose(words);
            take(1 << w);
            w = 0
        }
        atomic { !is_locked -> is_locked = true }
        node_place()
    :: atomic { !is_locked && is_whole -> /* taken apart, for its first word */
            is_whole = false;
            words = ALL & ~1;
            used = 1;
            set = 2
        }
    od
}

init
{
    byte c;

    atomic {
        do
        :: c < NCPU -> run cpu(); c++
        :: else -> c = 0; break
        od
    }
}
