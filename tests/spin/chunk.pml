/* SPDX-License-Identifier: MIT */
/*
 * Chunk ownership: is a frame ever in two hands, or in none?
 *
 * One chunk of two words of two frames. Its words change at any time; who owns
 * it, and where it is (in the buddy as whole, in the set of its largest run, or
 * nowhere), only under the node's lock. What a CPU may do at any time:
 *
 *   chunk_give()      anybody frees into it: an OR of a word, then a look at
 *                     the owner, at the run, and at the other words
 *   magazine_refill(), supply_run()
 *                     take a word, or a part of it, by an exchange. That a
 *                     chunk is a CPU's current one, or that it is in a set, is
 *                     a hint: he owns it, or did before, or has found it or
 *                     raids it. So here each may try at any time; and then the
 *                     set says too much, until somebody places the chunk
 *   supply_chunk()    takes the chunk out of its set, or whole out of the
 *                     buddy. Then it is fresh until he has written the entries
 *                     of its frames, and after that its words
 *   node_disown()     ends that somebody owns it: he himself, who looks whether
 *                     he does still, or who needs its frames, and leaves alone
 *                     what is fresh
 *   node_place()      puts a chunk that nobody owns where its words say: part
 *                     of the above, or after something was taken
 *   node_take_whole(), give_block()
 *                     take the chunk as a block out of the buddy and back; its
 *                     frames may come back one by one, too
 *
 * At each step: a frame that is got was free, and has its entry written. A
 * chunk that becomes whole has all its frames. At rest, when no CPU is under
 * way: what is whole has no bit set. What is not, and nobody owns, is in the
 * set of its largest run or of a larger one, and is not all free. All frames
 * are there.
 *
 * It rests on three orderings of a store and a later load, on both sides. Bits
 * are given, then the owner is read; he stores that there is none, then reads
 * the words. Bits are given, then the run is read; who places the chunk takes
 * it out of its set, then reads the words. Bits are given, then the other words
 * are read, by each who gives.
 *
 * Left out: other chunks (CPUs meet in one), how the buddy merges, and what a
 * frame owes (deferred.pml, scrub.pml). Taking or freeing a lock is one step
 * with what comes after, or before: it makes no difference to others. A step is
 * sequentially consistent; what becomes of the owner's store if it is not, is
 * one of the mistakes.
 *
 * MISTAKE_WORDS_READ_EARLY  who releases reads the words, then stores that
 *                           nobody owns the chunk
 * MISTAKE_OWNER_IN_BUFFER   that store is plain, and in the store buffer while
 *                           he reads the words (x86-TSO)
 * MISTAKE_OWNER_READ_EARLY  who frees looks at the owner, then gives the bits
 * MISTAKE_OTHERS_READ_EARLY he looks at the other words, then gives them
 * MISTAKE_RUN_STAYS         a chunk that is placed anew stays in its old set
 *                           while its words are read
 * MISTAKE_WORDS_BEFORE_ENTRIES a fresh chunk's words are written before entries
 * MISTAKE_NOT_FRESH_EARLY   it is no longer fresh, then its words are written
 * MISTAKE_RELEASE_UNCHECKED who releases his current chunk does not look
 *                           whether it is his still: another has it fresh
 * MISTAKE_WHOLE_BY_STORE    all bits are set, so the words are stored as 0
 * MISTAKE_UNDONE_UNPLACED   who finds that a chunk is not whole after all gives
 *                           the bits back, and leaves it in no set
 */
#ifndef NCPU
#define NCPU 3
#endif

#define ONES 3 /* a word all of whose frames are free */
#define ALL 15 /* the frames of the chunk */

byte word[2];
byte set;              /* the set that it is in, by its largest run; 0: none */
bool is_owned;
bool is_fresh;
bool is_whole = true;  /* it is in the buddy */
bool is_written;       /* its frames have entries */
byte used;             /* frames that somebody has got */
bool is_block;         /* all of them, and as a block */
bool is_locked;        /* the node is */
byte seen[2];          /* words, as who has the lock has seen them */
bool is_late = false;  /* that nobody owns it is in his store buffer */
bool has_seen = false; /* he has read the words before */
byte under_way;        /* CPUs that are not at rest */

#define RUN(a, b) ((a) == ONES || (b) == ONES -> 2 : ((a) || (b) -> 1 : 0))

/* Who has the lock reads his own store. */
#define STAYS ((is_owned && !is_late) || is_whole)
#define HAS_SEEN_ALL (seen[0] == ONES && seen[1] == ONES)

inline end_way()
{
    under_way--;
    if
    :: under_way == 0 && is_whole ->
        assert(!word[0] && !word[1] && !used && !is_owned && !set)
    :: under_way == 0 && !is_whole ->
        assert((word[0] | word[1] << 2) + used == ALL);
        assert(is_owned || set >= RUN(word[0], word[1]));
        assert(is_owned || used)
    :: else
    fi
}

inline lock()
{
    is_locked = true;
    under_way++
}

/* Stores leave the buffer in order. */
inline unlock()
{
    !is_late;
    is_locked = false;
    seen[0] = 0;
    seen[1] = 0;
    end_way()
}

/* All of word @w. */
inline get(w)
{
    assert(!word[w] || is_written);
    assert((used & word[w] << 2 * w) == 0);
    used = used | word[w] << 2 * w;
    word[w] = 0
}

/* Words that are all ones: is it so still? Others may take some of them. */
inline try_whole()
{
#ifdef MISTAKE_WHOLE_BY_STORE
    word[0] = 0;
    word[1] = 0;
#else
    atomic { !is_late -> seen[0] = word[0]; word[0] = 0 }
    atomic { seen[1] = word[1]; word[1] = 0 }
#endif
    if
    :: atomic { HAS_SEEN_ALL ->
            assert(!used && !word[0] && !word[1]);
            is_whole = true;
            is_written = false
        }
    :: atomic { !HAS_SEEN_ALL ->
            word[0] = word[0] | seen[0]
        }
        atomic { word[1] = word[1] | seen[1] }
    fi
}

/* With the lock held, and ends that. */
inline node_place()
{
    do
    :: atomic { STAYS -> unlock() }
        break
    :: atomic { !STAYS ->
#ifndef MISTAKE_RUN_STAYS
            set = 0
#endif
        }
        if
        :: atomic { has_seen -> has_seen = false }
        :: atomic { !has_seen -> seen[0] = word[0] }
            seen[1] = word[1]
        fi;
        if
        :: HAS_SEEN_ALL ->
#ifdef MISTAKE_RUN_STAYS
            set = 0;
#endif
            try_whole();
#ifdef MISTAKE_UNDONE_UNPLACED
            unlock();
            break
#endif
        :: atomic { !HAS_SEEN_ALL && !is_late ->
                set = RUN(seen[0], seen[1]);
                unlock()
            }
            break
        fi
    od
}

/* @bits go into word @w; @bits is then what that has. */
inline give_bits()
{
    atomic { word[w] = word[w] | bits; bits = word[w] }
}

/* After that, @bits is 0 if the chunk need not be placed. */
inline chunk_give()
{
#if defined(MISTAKE_OWNER_READ_EARLY)
    early = is_owned;
    give_bits();
    if
    :: early -> bits = 0
    :: !early ->
#elif defined(MISTAKE_OTHERS_READ_EARLY)
    early = word[1 - w];
    give_bits();
    if
    :: is_owned -> bits = 0
    :: !is_owned ->
#else
    give_bits();
    if
    :: is_owned -> bits = 0
    :: !is_owned ->
#endif
        if
        :: set < RUN(bits, 0)
        :: set >= RUN(bits, 0) && bits != ONES -> bits = 0
#ifdef MISTAKE_OTHERS_READ_EARLY
        :: set >= RUN(bits, 0) && bits == ONES && early == ONES
        :: set >= RUN(bits, 0) && bits == ONES && early != ONES -> bits = 0
#else
        :: set >= RUN(bits, 0) && bits == ONES ->
            bits = (word[1 - w] == ONES -> bits : 0)
#endif
        fi
    fi;
    w = 0
}

/* Of a fresh chunk. */
inline write_all()
{
#ifdef MISTAKE_WORDS_BEFORE_ENTRIES
    atomic { word[0] = ONES; word[1] = ONES }
#endif
    is_written = true;
#ifdef MISTAKE_NOT_FRESH_EARLY
    is_fresh = false;
#endif
#ifndef MISTAKE_WORDS_BEFORE_ENTRIES
    word[0] = ONES;
    word[1] = ONES;
#endif
    atomic { is_fresh = false; end_way() }
}

/* Frames of one word that are freed together. */
inline choose_used()
{
    if
    :: used & ONES -> w = 0
    :: used >> 2 -> w = 1
    fi;
    bits = (used >> 2 * w) & ONES;
    if
    :: bits == ONES -> bits = 1
    :: bits == ONES -> bits = 2
    :: true
    fi;
    used = used & ~(bits << 2 * w);
    is_block = false
}

#ifdef MISTAKE_RELEASE_UNCHECKED
#define MAY_RELEASE is_owned
#else
#define MAY_RELEASE (is_owned && !is_fresh)
#endif

inline node_disown()
{
#if defined(MISTAKE_WORDS_READ_EARLY)
    seen[0] = word[0];
    seen[1] = word[1];
    has_seen = true
#elif defined(MISTAKE_OWNER_IN_BUFFER)
    is_late = true
#else
    is_owned = false
#endif
}

proctype cpu()
{
    byte w, bits;
#if defined(MISTAKE_OWNER_READ_EARLY) || defined(MISTAKE_OTHERS_READ_EARLY)
    byte early;
#endif

    do
    :: atomic { used -> under_way++; choose_used() }
        chunk_give();
        if
        :: atomic { !is_locked && bits -> is_locked = true; bits = 0 }
            node_place()
        :: atomic { !bits -> end_way() }
        fi
    :: atomic { word[0] -> get(0) } /* magazine_refill() */
    :: atomic { word[1] -> get(1) }
    :: atomic { !is_locked && set -> /* supply_chunk() */
            set = 0;
            is_owned = true
        }
    :: atomic { !is_locked && is_whole ->
            under_way++;
            is_whole = false;
            is_owned = true;
            is_fresh = true
        }
        write_all()
    :: atomic { !is_locked && MAY_RELEASE -> lock(); node_disown() }
#ifdef MISTAKE_WORDS_READ_EARLY
        is_owned = false;
#endif
        node_place()
    :: atomic { !is_locked && set -> lock() } /* after supply_run() */
        node_place()
    :: atomic { !is_locked && is_whole -> /* node_take_whole() */
            is_whole = false;
            is_written = true;
            used = ALL;
            is_block = true
        }
    :: atomic { !is_locked && is_block -> /* give_block() */
            assert(!word[0] && !word[1] && !is_owned && !set);
            used = 0;
            is_block = false;
            is_written = false;
            is_whole = true
        }
    od
}

#ifdef MISTAKE_OWNER_IN_BUFFER
active proctype store_buffer()
{
    do
    :: atomic { is_late -> is_late = false; is_owned = false }
    od
}
#endif

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
