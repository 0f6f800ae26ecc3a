/* SPDX-License-Identifier: MIT */
/*
 * General references: is a frame freed once, by whoever is the last, and does
 * it never belong to two?
 *
 * One frame and two domains, of which ALICE dies some time. Modelled:
 * get_page(), put_page(), put_page_allocated(); how a frame gets an owner and
 * loses it, in common/domheap.c, where steps under page_alloc_lock are one
 * step if others cannot tell; a count of three bits, of which the top quarter
 * is refused.
 *
 *   user       two, one for each domain: takes references to what the domain
 *              owns and puts them; gives up the domain's own
 *   exchange   steals the frame of either, and gives it back, to the other
 *              domain, or frees it
 *   heap       gives a free frame to either
 *   destroyer  of ALICE
 *
 * Always: who has taken a reference finds that the owner stays who it was.
 * With a count comes an owner, and PGC_allocated never without a count; what
 * is free has none of them (I11). Nothing is freed twice, or while somebody
 * has it. When ALICE is gone the frame is not hers by her own reference (I26).
 *
 * Left out: types, the lists (a frame is on its owner's), quotas, the lock of
 * the heap, and what is owed to TLBs (last_reference.pml, deferred.pml).
 *
 * MISTAKE_GET_FROM_ZERO      a reference is taken though there is none
 * MISTAKE_GET_AT_TOP         and though the count is full
 * MISTAKE_OWNER_FIRST        first who owns it is looked at, then it is taken
 * MISTAKE_OWNED_AT_LAST      the count is 1, and then the owner is written
 * MISTAKE_DISOWNED_AT_LAST   the frame is freed, and then has no owner
 * MISTAKE_ALLOCATED_TWICE    PGC_allocated is looked at, and then cleared
 * MISTAKE_ALLOCATED_ALONE    is cleared by one who has no reference of his own
 * MISTAKE_STEAL_WHAT_IS_SHARED the count is compared, but not PGC_allocated
 * MISTAKE_STEAL_COUNT_FIRST  the count becomes 0, and then PGC_allocated is
 *                            clear
 * MISTAKE_STEAL_OWNER_FIRST  the owner goes before the count
 * MISTAKE_ALIVE_BEFORE_LOCK  that ALICE lives is asked before her lock is
 *                            taken
 */
#define NOBODY 0
#define ALICE 1
#define BOB 2

/* count_info */
#define COUNT 7
#define IS_FULL(word) (((word) & 6) == 6)
#define ALLOCATED 8
byte count_info = ALLOCATED | 1;

byte owner = ALICE;
bool is_free;        /* the heap has it */
bool dying, is_dead; /* ALICE */
byte lock;           /* page_alloc_lock, of both; who has it */

#define acquire() atomic { lock == 0 -> lock = 1 + _pid }
#define release() lock = 0

inline free_heap_pages()
{
    assert(!is_free);
    is_free = true
}

inline free_domheap_page()
{
    assert((count_info & (COUNT | ALLOCATED)) == 0);
#ifdef MISTAKE_DISOWNED_AT_LAST
    free_heap_pages();
    owner = NOBODY
#else
    acquire();
    owner = NOBODY;
    release();
    free_heap_pages()
#endif
}

inline put_page()
{
    atomic {
        assert((count_info & COUNT) > 0);
        count_info--;
        was_last = (count_info & COUNT) == 0
    }
    if
    :: was_last -> was_last = false; free_domheap_page()
    :: else
    fi
}

inline get_page_any()
{
    atomic {
        if
#ifndef MISTAKE_GET_FROM_ZERO
        :: (count_info & COUNT) == 0 -> has = false
#endif
#ifndef MISTAKE_GET_AT_TOP
        :: IS_FULL(count_info) -> has = false
#endif
        :: else ->
            count_info++;
            assert((count_info & COUNT) > 0);
            has = true
        fi
    }
}

inline get_page(d)
{
#ifdef MISTAKE_OWNER_FIRST
    if
    :: owner == d -> get_page_any()
    :: else -> has = false
    fi
#else
    get_page_any();
    if
    :: has && owner != d -> put_page(); has = false
    :: else
    fi
#endif
}

/* Of who has a reference. */
#define ASSERT_HELD(d) \
    assert(owner == (d) && (count_info & COUNT) > 0 && !is_free)

inline put_page_allocated(d)
{
    atomic {
        was_allocated = (count_info & ALLOCATED) != 0;
#ifdef MISTAKE_ALLOCATED_TWICE
    }
    atomic {
#endif
        if
        :: was_allocated ->
            ASSERT_HELD(d);
            count_info = count_info & ~ALLOCATED
        :: else
        fi
    }
    if
    :: was_allocated -> was_allocated = false; put_page()
    :: else
    fi
}

proctype user(byte me)
{
    byte held;
    bool has, was_last, was_allocated;

    do
    :: held < 6 ->
        get_page(me);
        atomic {
            if
            :: has -> held++; has = false; ASSERT_HELD(me)
            :: else
            fi
        }
    :: held > 0 -> ASSERT_HELD(me)
    :: held > 0 -> held--; put_page()
    :: held > 0 -> put_page_allocated(me)
    od
}

/* donate_page(), assign_pages(): nobody else knows of the frame before this. */
inline give(d)
{
#ifdef MISTAKE_ALIVE_BEFORE_LOCK
    given = !(d == ALICE && dying);
    acquire();
#else
    acquire();
    given = !(d == ALICE && dying);
#endif
    if
    :: given ->
#ifdef MISTAKE_OWNED_AT_LAST
        count_info = count_info | ALLOCATED | 1;
        owner = d
#else
        assert(owner == NOBODY);
        owner = d;
        assert((count_info & (COUNT | ALLOCATED)) == 0);
        count_info = count_info | ALLOCATED | 1
#endif
    :: else
    fi;
    release()
}

inline give_or_free(d)
{
    give(d);
    if
    :: given -> given = false
    :: else -> free_domheap_page()
    fi
}

#ifdef MISTAKE_STEAL_WHAT_IS_SHARED
#define MAY_STEAL ((count_info & COUNT) == 2)
#else
#define MAY_STEAL ((count_info & (COUNT | ALLOCATED)) == (ALLOCATED | 2))
#endif

#ifdef MISTAKE_STEAL_COUNT_FIRST
#define LEFT (count_info & ALLOCATED)
#else
#define LEFT 0
#endif

/* Both references go in one step. */
inline take_last_references()
{
    atomic {
        has = MAY_STEAL;
        if
        :: has -> count_info = LEFT
        :: else
        fi
    }
    if
    :: has -> count_info = 0
    :: else
    fi
}

inline steal_page(d)
{
    get_page(d);
    if
    :: has ->
        acquire();
#ifdef MISTAKE_STEAL_OWNER_FIRST
        owner = NOBODY;
        take_last_references();
        owner = (has -> NOBODY : d);
#else
        take_last_references();
        if
        :: has -> owner = NOBODY
        :: else
        fi;
#endif
        release();
        if
        :: !has -> put_page()
        :: else
        fi
    :: else
    fi
}

proctype exchange()
{
    byte who;
    bool has, was_last, given;

    do
    :: atomic {
            if
            :: who = ALICE
            :: who = BOB
            fi
        }
        steal_page(who);
        if
        :: has ->
            has = false;
            if
            :: give_or_free(ALICE)
            :: give_or_free(BOB)
            :: free_domheap_page()
            fi
        :: else
        fi
    od
}

proctype heap()
{
    bool given;

    do
    :: atomic { is_free -> is_free = false }
        if
        :: give(ALICE)
        :: give(BOB)
        fi;
        if
        :: given -> given = false
        :: else -> free_heap_pages()
        fi
    od
}

/* domain_destroy(): what is on the list is looked at until nothing is. */
proctype destroyer()
{
    bool has, was_last, was_allocated, is_left;

    acquire();
    dying = true;
    release();
    do
    :: acquire();
        is_left = (owner == ALICE && (count_info & ALLOCATED));
        release();
        if
        :: is_left ->
#ifdef MISTAKE_ALLOCATED_ALONE
            put_page_allocated(ALICE)
#else
            get_page(ALICE);
            if
            :: has -> put_page_allocated(ALICE); put_page(); has = false
            :: else /* the last user is freeing it */
            fi
#endif
        :: else -> break
        fi
    od;
    is_dead = true
}

#define I11 \
    (((count_info & COUNT) == 0 || owner != NOBODY) && \
     (!(count_info & ALLOCATED) || (count_info & COUNT)) && \
     (!is_free || (owner == NOBODY && count_info == 0)))
#define I26 (!is_dead || owner != ALICE || !(count_info & ALLOCATED))

proctype watcher()
{
    atomic { !(I11 && I26) -> assert(I11); assert(I26) }
}

init
{
    atomic {
        run user(ALICE);
        run user(BOB);
        run exchange();
        run heap();
        run destroyer();
        run watcher()
    }
}
