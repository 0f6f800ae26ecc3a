/* SPDX-License-Identifier: MIT */
/*
 * The end of a domain: does it come, and is there nothing left then?
 *
 * A domain with the two tables of tables.inc, and a base pointer. Its vCPU
 * leaves them in whatever state, and its record. Modelled: domain_destroy()
 * with the steps that concern vCPUs and frames; what another, privileged
 * domain does to the frames meanwhile, and get_page_table() when their owner
 * dies.
 *
 *   owner      makes OPS calls, or is stopped before: pins, takes a base
 *              pointer, undoes that, gives frames up
 *   destroyer  begins then. Is asked to yield YIELDS times, at any time
 *   foreign    makes FOREIGN_OPS calls at any time: pins and unpins frames of
 *              the domain, maps them read-only, or the child writable, and
 *              unmaps them. It need not go on with what was interrupted; but
 *              when the domain is dead it finishes its own record and unmaps
 *              what it has, and does no more
 *
 * The destroyer comes to an end, without being called again more often than it
 * was asked to yield. When the foreign domain has let go of all there is no
 * frame and no reference left (I26). While no CPU is in a call, the audit is
 * clean.
 *
 * Left out: grants and descriptors, linear tables; the lists are in any order.
 *
 * ALSO -DK=0
 * LONG -DOPS=3
 * LONG -DFOREIGN_OPS=2
 *
 * MISTAKE_RECORD_STAYS        the record of the vCPU is not finished
 * MISTAKE_BASE_DROPPED_TWICE  a base pointer whose drop was interrupted is in
 *                             the record, and is still the vCPU's
 * MISTAKE_PARTIAL_STAYS       a table that is partial is left as it is
 * MISTAKE_SET_ASIDE_EARLY     a frame whose turn was interrupted has had it
 * MISTAKE_PARTIAL_AFTER_ALL   the foreign domain does not look whether the
 *                             domain is dying, once it has left a table
 *                             partial
 * MISTAKE_BACK_IS_NOTHING     or not if it was partial before, too
 * MISTAKE_LOOKED_AT_EARLY     or looks only before that
 * MISTAKE_PIN_AFTER_ALL       or does not look once it has pinned
 */
#define NCPU 2
#ifndef OPS
#define OPS 2
#endif
#ifndef FOREIGN_OPS
#define FOREIGN_OPS 1
#endif
#ifndef YIELDS
#define YIELDS 2
#endif
#define MAY_YIELD (yields[me] < YIELDS)
#define YIELD yields[me]++
byte yields[2];

bool is_stopped, dying, is_dead; /* that domain */

#if defined(MISTAKE_PARTIAL_AFTER_ALL) || defined(MISTAKE_LOOKED_AT_EARLY)
#define IS_ALIVE true
#else
#define IS_ALIVE (!dying)
#endif
#include "tables.inc"

bool had_its_turn[NR_PAGES]; /* it is set aside */

/* Who a CPU works for. */
#define OWNER 0
#define FOREIGN 1
#define DESTROYER 2

/* What the domain may ask for its own frames. */
inline enter()
{
    inside++;
    if
    :: deferred[me] != NONE -> take_from_record()
    :: deferred[me] == NONE ->
        calls++;
        if
        :: page = PARENT
        :: page = CHILD
        fi;
        if
        :: wish = PIN
        :: page == PARENT -> wish = LINK /* vcpu_new_kernel_base() */
        :: IS(page, PINNED) -> unpin()
        :: other_entry[page] -> unlink()
        :: allocated[page] -> allocated[page] = false; put_page(page)
        fi
    fi
}

/*
 * The destroyer: common/relinquish.c. What it is to do next, and what is left
 * to drop then.
 */
#define RECORD 0
#define BASE 1
#define NEXT_PAGE 2
#define PIN_OF_PAGE 3
#define PARTIAL_PAGE 4
#define OWN_REFERENCE 5

#ifdef MISTAKE_RECORD_STAYS
#define HAS_RECORD false
#else
#define HAS_RECORD (deferred[me] != NONE)
#endif
#ifdef MISTAKE_PARTIAL_STAYS
#define IS_TO_DROP(p) false
#else
#define IS_TO_DROP(p) IS(p, PARTIAL)
#endif

#define ALL_HAD_THEIR_TURN (had_its_turn[PARENT] && had_its_turn[CHILD])

/* A new call of domain_destroy(): as often as it was interrupted, and once. */
inline begin()
{
    calls++;
    assert(calls <= 1 + YIELDS);
    inside++;
    if
    :: HAS_RECORD -> take_from_record()
    :: else
    fi;
    step = BASE
}

inline drop_base()
{
    if
    :: other_entry[PARENT] -> page = PARENT; unlink()
    :: else
    fi;
    step = NEXT_PAGE
}

/* hold_first(), in any order */
inline hold_next()
{
    if
    :: !had_its_turn[PARENT] -> page = PARENT
    :: !had_its_turn[CHILD] -> page = CHILD
    fi;
    if
    :: count[page] > 0 -> count[page]++; is_held = true; step = PIN_OF_PAGE
    :: else -> had_its_turn[page] = true /* it is being freed */
    fi
}

inline drop_pin()
{
    if
    :: IS(page, PINNED) -> unpin()
    :: else
    fi;
    step = PARTIAL_PAGE
}

inline drop_partial()
{
    if
    :: IS_TO_DROP(page) -> count[page]++; hold[page] = HALF
    :: else
    fi;
    step = OWN_REFERENCE
}

inline drop_own_reference()
{
    if
    :: allocated[page] -> allocated[page] = false; put_page(page)
    :: else
    fi;
    had_its_turn[page] = true;
    put_page(page);
    is_held = false;
    step = NEXT_PAGE
}

inline destroy()
{
    if
    :: step == RECORD -> begin()
    :: step == BASE -> drop_base()
    :: step == NEXT_PAGE && !ALL_HAD_THEIR_TURN -> hold_next()
    :: step == NEXT_PAGE && ALL_HAD_THEIR_TURN -> is_dead = true
    :: step == PIN_OF_PAGE -> drop_pin()
    :: step == PARTIAL_PAGE -> drop_partial()
    :: step == OWN_REFERENCE -> drop_own_reference()
    :: step == NEXT_PAGE && MAY_YIELD -> YIELD; must_yield = true
    fi
}

/* The call is over, for good or to be made again, or there is more to do. */
inline end_of_destroy()
{
#ifdef MISTAKE_BASE_DROPPED_TWICE
    if
    :: step == NEXT_PAGE && deferred[me] != NONE -> other_entry[PARENT] = true
    :: else
    fi;
#endif
    if
    :: must_yield || is_dead || deferred[me] != NONE ->
        if
        :: is_held ->
#ifdef MISTAKE_SET_ASIDE_EARLY
            had_its_turn[page] = true;
#endif
            put_page(page)
        :: else
        fi;
        is_held = false;
        must_yield = false;
        step = RECORD;
        leave()
    :: else
    fi
}

/* What a privileged domain may ask for the frames of another. */
inline enter_foreign()
{
    inside++;
    if
    :: deferred[me] != NONE -> take_from_record()
    :: deferred[me] == NONE ->
        calls++;
        if
        :: page = PARENT
        :: page = CHILD
        fi;
        if
#ifdef MISTAKE_LOOKED_AT_EARLY
        :: !dying -> wish = PIN
#else
        :: wish = PIN
#endif
        :: IS(page, PINNED) -> unpin()
        :: owned[page] && !read_only_entry[page] ->
            count[page]++;
            read_only_entry[page] = true
        :: read_only_entry[page] ->
            read_only_entry[page] = false;
            put_page(page)
        :: page == CHILD && owned[CHILD] && TYPE_COUNT(CHILD) == 0 ->
            map_writable()
        :: page == CHILD && writable_entry ->
            unmap_writable()
        fi
    fi
}

/* pin_table(): the pin of a domain that lost its pins would stay. */
inline undo_if_too_late()
{
    if
#ifndef MISTAKE_PIN_AFTER_ALL
    :: r == OK && hold[page] == NONE && dying ->
        atomic {
            if
            :: IS(page, PINNED) -> unpin()
            :: else
            fi
        }
#endif
    :: else
    fi
}

inline unmap_all()
{
    if
    :: writable_entry -> unmap_writable()
    :: else
    fi;
    page = 0;
    do
    :: page < NR_PAGES && read_only_entry[page] ->
        read_only_entry[page] = false;
        put_page(page)
    :: page < NR_PAGES && !read_only_entry[page] -> page++
    :: page == NR_PAGES -> break
    od
}

/* One process text for the three, as what they call is long. */
proctype cpu(byte me, role)
{
    byte calls, step;
    bool is_held, must_yield;
    LOCALS;

    do
    :: atomic { role == OWNER && calls < OPS -> enter() }
work:
        if
        :: wish -> take(); keep(); undo_if_too_late()
        :: else
        fi;
        vcpu_defer();
        d_step {
            if
            :: role == DESTROYER -> end_of_destroy()
            :: else -> leave()
            fi
        }
    :: d_step { role == OWNER -> is_stopped = true; yields[me] = 0 }
        break
    :: atomic { role == FOREIGN &&
            (calls < FOREIGN_OPS || (is_dead && deferred[me] != NONE)) ->
            enter_foreign()
        }
        goto work
    :: atomic { role == FOREIGN && is_dead && deferred[me] == NONE ->
            unmap_all()
        }
        break
    :: atomic { role == DESTROYER && !is_dead -> destroy() }
        goto work
    :: role == DESTROYER && is_dead -> break
    od
}

init
{
    run cpu(0, OWNER);
    atomic { is_stopped -> run cpu(1, FOREIGN) }
    dying = true;
    run cpu(0, DESTROYER);
    (_nr_pr == 1);
    assert(!owned[PARENT] && !owned[CHILD])
}
