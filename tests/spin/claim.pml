/* SPDX-License-Identifier: MIT */
/*
 * Claims: is what was promised there, and is a failure one?
 *
 * Two nodes. Each has two counts: free, what is in bitmaps and the buddy and
 * nobody has reserved, and claimed, what of that is promised. Their difference
 * is one word of the node's, what is available, and that alone decides who gets
 * what: who claims, or gives a claim back, changes it in one step, and the word
 * for what is claimed before or after that. So each update is one step here.
 * What is in the bitmaps is counted in free after it is there, and is out of
 * that count before it is taken.
 *
 *   cpu       two, each with a magazine of its own node's frames: gets a frame,
 *             from there or by magazine_refill(), which reserves more than the
 *             one if it can, and gives back what it did not find; or else one
 *             from the other node; or else drains all magazines, and tries once
 *             more: then the request has failed. Frees one into its magazine,
 *             or into the bitmaps; spills its magazine
 *   claimer   claim_pages(): claims K frames on node 0 and then on node 1, all
 *             or nothing, with a drain as above; redeems them one by one, free
 *             and claimed together, or gives the claim up
 *   handler   what interrupts a CPU: hands over what its magazine has, and
 *             closes it: no frame is pushed there until a refill opens it
 *
 * heap_drain() says first that memory is short, which one CPU at a time may do,
 * and until its second try is over: until then a refill takes no more than the
 * one frame that is wanted. Then each other CPU is asked in turn. One that is
 * about to move frames, so that they are neither in its magazine nor free,
 * answers when it is through.
 *
 * At each step: no more is claimed than is free, and what is reserved is found.
 * A request or a claim fails only if there was for each node a moment since it
 * began at which that had too little for it: of free frames that are not
 * claimed, in magazines, and on their way from or to there. At rest the sums
 * are right, and what is claimed is what was granted.
 *
 * Left out: who owns chunks (chunk.pml), where interrupts come (magazine.pml),
 * what else comes between the parts of an allocation (promise.pml).
 *
 * LONG -DFRAMES0=1 -DFRAMES1=2        node 0, the first to claim from, has less
 * LONG -DFRAMES0=2 -DFRAMES1=2 -DK=3  more to claim than a node has
 *
 * MISTAKE_CHECK_THEN_TAKE   a refill reads the counts, then takes that much off
 * MISTAKE_REDEEM_IN_TWO     claimed goes down first, then free
 * MISTAKE_KEEPS_FIRST_NODE  a claim that fails keeps what it has on node 0
 * MISTAKE_NO_DRAIN          who finds nothing fails at once
 * MISTAKE_FREE_BEFORE_BITS  frames are counted as free, then put there
 * MISTAKE_REFILL_AS_EVER    a refill takes more than is wanted while others
 *                           are short: what was drained is cached again
 * MISTAKE_PUSH_AS_EVER      frames are pushed into a magazine that is closed
 * MISTAKE_ANSWER_AMID_REFILL a CPU answers while it moves frames
 * MISTAKE_SHORT_AFTER_DRAIN the magazines are drained, then it is said that
 *                           memory is short
 * MISTAKE_NOT_SHORT_EARLY   it is short no longer, then comes the second try
 */
#ifndef K
#define K 2
#endif
/* Of each node. */
#ifndef FRAMES0
#define FRAMES0 2
#endif
#ifndef FRAMES1
#define FRAMES1 1
#endif
#define CLAIMER 2
#define NCPU 3

byte free[2], claimed[2];
byte in_bitmaps[2];
byte cached[2];        /* in each magazine, of the CPU's own node */
bool is_closed[2];     /* nothing is pushed there: in one word with the above */
byte used[2];
byte spare[2];         /* on their way, and wanted by nobody in particular */
byte granted[2];
byte claimed_now[2];   /* by a claim that is neither granted nor given back */
byte wanted[NCPU];     /* by each CPU's request, or 0 */
byte least0[NCPU];     /* what the nodes had for it at the worst moment */
byte least1[NCPU];
bool is_draining;      /* a CPU is: only one may */
bool is_short;         /* it has said that memory is */
bool asked[2];         /* for all that the magazine has */
byte handed;           /* what it had */
bool is_moving[2];
byte under_way;

#define AVAILABLE(n) (free[n] - claimed[n])
#define MIN(a, b) ((a) < (b) -> (a) : (b))
#define HAS(n) (AVAILABLE(n) + cached[n] + spare[n])
#define FOR(c, n) (HAS(n) + ((c) == CLAIMER -> claimed_now[n] : 0))

/* After each step that makes it less. */
inline note_least()
{
    assert(claimed[0] <= free[0] && claimed[1] <= free[1]);
    least0[0] = MIN(least0[0], FOR(0, 0));
    least1[0] = MIN(least1[0], FOR(0, 1));
    least0[1] = MIN(least0[1], FOR(1, 0));
    least1[1] = MIN(least1[1], FOR(1, 1));
    least0[2] = MIN(least0[2], FOR(2, 0));
    least1[2] = MIN(least1[2], FOR(2, 1))
}

inline begin_request(nr)
{
    under_way++;
    wanted[me] = nr;
    least0[me] = nr;
    least1[me] = nr;
    note_least()
}

inline end_way()
{
    wanted[me] = 0;
    least0[me] = 0;
    least1[me] = 0;
    under_way--;
    if
    :: under_way == 0 ->
        assert(!is_short && !is_draining && !spare[0] && !spare[1]);
        assert(free[0] == in_bitmaps[0] && free[1] == in_bitmaps[1]);
        assert(free[0] + cached[0] + used[0] == FRAMES0);
        assert(free[1] + cached[1] + used[1] == FRAMES1);
        assert(claimed[0] == granted[0] && claimed[1] == granted[1])
    :: else
    fi
}

inline fail()
{
    assert(least0[me] + least1[me] < wanted[me])
}

/* chunk_give(): @many frames, of which @spares were free, on their way. */
inline give(n, many, spares)
{
#ifdef MISTAKE_FREE_BEFORE_BITS
    atomic { free[n] = free[n] + many; spare[n] = spare[n] - spares }
    in_bitmaps[n] = in_bitmaps[n] + many
#else
    in_bitmaps[n] = in_bitmaps[n] + many;
    atomic { free[n] = free[n] + many; spare[n] = spare[n] - spares }
#endif
}

inline drain_one(c)
{
    if
    :: c != me ->
        asked[c] = true;
        if
        :: !asked[c] && handed ->
            give(c, handed, handed);
            handed = 0
        :: !asked[c] && !handed
        fi
    :: c == me -> spill()
    fi
}

inline heap_drain()
{
#ifdef MISTAKE_SHORT_AFTER_DRAIN
    atomic { !is_draining -> is_draining = true }
    drain_one(0);
    drain_one(1);
    is_short = true
#else
    atomic { !is_draining -> is_draining = true; is_short = true }
    drain_one(0);
    drain_one(1)
#endif
#ifdef MISTAKE_NOT_SHORT_EARLY
    ;
    is_short = false
#endif
}

inline end_drain()
{
    atomic { is_short = false; is_draining = false }
}

inline spill()
{
    atomic {
        is_moving[me] = true;
        spare[me] = spare[me] + cached[me];
        nr = cached[me];
        cached[me] = 0
    }
    give(me, nr, nr);
    atomic { nr = 0; is_moving[me] = false }
}

#ifdef MISTAKE_REFILL_AS_EVER
#define MANY 2
#else
#define MANY (is_short -> 1 : 2)
#endif

/* Of the @nr frames that are reserved one is in use from now on. */
inline reserve(n)
{
    assert(free[n] >= nr);
    free[n] = free[n] - nr;
    spare[n] = spare[n] + (nr -> nr - 1 : 0);
    note_least()
}

/* What it has reserved and does not find, it gives back; it finds one. */
inline find()
{
    assert(in_bitmaps[me] >= nr);
    if
    :: nr > 1 -> in_bitmaps[me]--; many = 1
    :: true -> in_bitmaps[me] = in_bitmaps[me] - nr
    fi;
    used[me]++
}

inline keep()
{
    if
    :: nr > 1 && many == 1 -> free[me]++
    :: nr > 1 && many > 1 -> cached[me]++
    :: else
    fi;
    spare[me] = spare[me] - (nr - 1)
}

/* That memory is short is read before; who says so then waits for the end. */
inline magazine_refill()
{
    atomic {
        is_moving[me] = true;
        is_closed[me] = is_short;
        many = MANY;
        nr = MIN(many, AVAILABLE(me));
#ifdef MISTAKE_CHECK_THEN_TAKE
    }
    atomic {
#endif
        reserve(me)
    }
    if
    :: atomic { nr -> find() }
        atomic { keep(); many = 0; is_moving[me] = false }
    :: atomic { !nr -> many = 0; is_moving[me] = false }
    fi
}

inline get_from_other()
{
    atomic { nr = MIN(1, AVAILABLE(1 - me)); reserve(1 - me) }
    if
    :: atomic { nr ->
            assert(in_bitmaps[1 - me]);
            in_bitmaps[1 - me]--;
            used[1 - me]++
        }
    :: !nr
    fi
}

/* @nr says whether it has got one. */
inline try_to_get()
{
    if
    :: atomic { cached[me] -> cached[me]--; used[me]++; nr = 1; note_least() }
    :: !cached[me] ->
        magazine_refill();
        if
        :: nr
        :: !nr -> get_from_other()
        fi
    fi
}

inline alloc_heap_pages()
{
    try_to_get();
#ifndef MISTAKE_NO_DRAIN
    if
    :: nr
    :: !nr ->
        heap_drain();
        try_to_get();
        end_drain()
    fi;
#endif
    atomic {
        if
        :: nr -> nr = 0
        :: else -> fail()
        fi;
        end_way()
    }
}

#ifdef MISTAKE_PUSH_AS_EVER
#define MAY_PUSH (cached[me] < 2)
#else
#define MAY_PUSH (cached[me] < 2 && !is_closed[me])
#endif

proctype cpu(byte me)
{
    byte nr, many;

    do
    :: atomic { true -> begin_request(1) }
        alloc_heap_pages()
    :: atomic { used[me] && MAY_PUSH -> used[me]--; cached[me]++ }
    :: atomic { used[0] -> under_way++; used[0]-- }
        give(0, 1, 0);
        atomic { end_way() }
    :: atomic { used[1] -> under_way++; used[1]-- }
        give(1, 1, 0);
        atomic { end_way() }
    :: atomic { cached[me] -> under_way++ }
        spill();
        atomic { end_way() }
    od
}

inline claim_node(n)
{
    atomic {
        nr = MIN(AVAILABLE(n), K - claimed_now[0] - claimed_now[1]);
        claimed[n] = claimed[n] + nr;
        claimed_now[n] = claimed_now[n] + nr;
        nr = 0;
        note_least()
    }
}

/* On failure what it has is given back, or kept for the second try. */
inline unclaim_node(n)
{
    atomic { claimed[n] = claimed[n] - claimed_now[n]; claimed_now[n] = 0 }
}

#define IS_CLAIMED (claimed_now[0] + claimed_now[1] == K)

inline try_to_claim()
{
    claim_node(0);
    claim_node(1);
    if
    :: IS_CLAIMED
    :: !IS_CLAIMED ->
#ifdef MISTAKE_KEEPS_FIRST_NODE
        claimed_now[0] = 0;
#else
        unclaim_node(0);
#endif
        unclaim_node(1)
    fi
}

inline claim_pages()
{
    try_to_claim();
#ifndef MISTAKE_NO_DRAIN
    if
    :: IS_CLAIMED
    :: !IS_CLAIMED ->
        heap_drain();
        try_to_claim();
        end_drain()
    fi;
#endif
    atomic {
        if
        :: IS_CLAIMED ->
            granted[0] = claimed_now[0];
            granted[1] = claimed_now[1]
        :: else -> fail()
        fi;
        claimed_now[0] = 0;
        claimed_now[1] = 0;
        end_way()
    }
}

inline redeem(n)
{
#ifdef MISTAKE_REDEEM_IN_TWO
    claimed[n]--;
    atomic { assert(free[n]); free[n]-- }
#else
    atomic { assert(free[n] && claimed[n]); claimed[n]--; free[n]-- }
#endif
    atomic {
        assert(in_bitmaps[n]);
        in_bitmaps[n]--;
        used[n]++;
        granted[n]--;
        end_way()
    }
}

proctype claimer(byte me)
{
    byte nr;

    do
    :: atomic { granted[0] + granted[1] == 0 -> begin_request(K) }
        claim_pages()
    :: atomic { granted[0] -> under_way++ }
        redeem(0)
    :: atomic { !granted[0] && granted[1] -> under_way++ }
        redeem(1)
    :: atomic { granted[0] + granted[1] ->
            claimed[0] = claimed[0] - granted[0];
            claimed[1] = claimed[1] - granted[1];
            granted[0] = 0;
            granted[1] = 0
        }
    od
}

proctype handler(byte me)
{
end:
    do
#ifdef MISTAKE_ANSWER_AMID_REFILL
    :: atomic { asked[me] ->
#else
    :: atomic { asked[me] && !is_moving[me] ->
#endif
            handed = cached[me];
            spare[me] = spare[me] + cached[me];
            cached[me] = 0;
            is_closed[me] = true;
            asked[me] = false
        }
    od
}

init
{
    atomic {
        free[0] = FRAMES0;
        free[1] = FRAMES1;
        in_bitmaps[0] = FRAMES0;
        in_bitmaps[1] = FRAMES1;
        run cpu(0);
        run cpu(1);
        run claimer(CLAIMER);
        run handler(0);
        run handler(1)
    }
}
