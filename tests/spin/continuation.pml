/* SPDX-License-Identifier: MIT */
/*
 * Continuations: does a guest learn exactly what has been done, and is what a
 * call leaves half done good for ever?
 *
 * Modelled: hypercall(), the batches of mmu_update and mmuext_op with the
 * registers and the word in the guest's memory by which one call continues
 * another, vcpu_defer() and vcpu_finish_deferred(). The elements of a list do
 * what pins, unpins and updates of entries do to the tables of tables.inc.
 *
 *   vcpu  two; each asks for CALLS lists of two elements. When it is to
 *         execute the call again, it does, or does not and asks for something
 *         else, or for nothing any more
 *
 * When a call is left, for good or to be continued: *done is the number of
 * elements that have had their effect, and no other has had any; one that is
 * over has left no record, and its result is that of its last element. A
 * record is empty when something is put into it. While no CPU is in a call,
 * the audit is clean.
 *
 * Left out: that the guest may change the list and *done meanwhile, which
 * harms itself alone; lists of lists.
 *
 * LONG -DK=0
 * LONG -DK=2
 *
 * MISTAKE_AGAIN_AFTER_EFFECT   who was interrupted dropping what an entry held
 *                              before has the element served again
 * MISTAKE_COUNTED_EARLY        an element is counted, and then served
 * MISTAKE_DONE_BEGINS_ANEW     *done is counted by each part of a call for
 *                              itself
 * MISTAKE_RECORD_LEFT          a call is over though it has left a record
 * MISTAKE_RESULT_LOST          the result is forgotten while that is finished
 * MISTAKE_NEXT_WITH_RECORD     the next element is served with a record left
 * MISTAKE_BEGIN_WITH_RECORD    a call begins though finishing the record was
 *                              interrupted
 * MISTAKE_EINTR_IS_ERROR       who was interrupted before anything was done
 *                              tells the guest
 */
#define NCPU 2
#ifndef CALLS
#define CALLS 1
#endif
#include "tables.inc"

#define LIST 2 /* elements */

/* Elements: PIN and UNPIN of the parent, LINK and UNLINK of the child. */
#define UNPIN 3
#define UNLINK 4

/* What element is it? Chosen when it is first asked for. */
inline choose_element()
{
    if
    :: element != 0
    :: element == 0 ->
        if
        :: element = PIN
        :: element = UNPIN
        :: element = LINK
        :: element = UNLINK
        fi
    fi
}

/* pin_table(), unpin_table(), update_entry(): what is dropped follows. */
inline serve_element()
{
    atomic {
        choose_element();
        page = (element == PIN || element == UNPIN -> PARENT : CHILD);
        r = OK;
        wish = (element <= LINK -> element : 0);
        if
        :: element == UNPIN && IS(page, PINNED) -> unpin(); effects++
        :: element == UNPIN && !IS(page, PINNED) -> r = EINVAL
        :: element == UNLINK && other_entry[page] -> unlink(); effects++
        :: element == UNLINK && !other_entry[page] -> effects++
        :: element <= LINK
        fi
    }
    if
    :: wish -> take(); keep()
    :: else
    fi;
    atomic {
        if
        :: element <= LINK && r == OK -> effects++
        :: else
        fi;
        result = r
#ifndef MISTAKE_EINTR_IS_ERROR
        ; result = (result == EINTR -> ERESTART : result)
#endif
    }
}

inline finish_element()
{
    vcpu_defer();
    atomic {
#ifdef MISTAKE_AGAIN_AFTER_EFFECT
        result = (deferred[me] != NONE && result == OK -> ERESTART : result);
#endif
        if
        :: result == OK ->
#ifndef MISTAKE_COUNTED_EARLY
            nr_done++;
#endif
            element = 0
        :: else
        fi
    }
}

#ifdef MISTAKE_NEXT_WITH_RECORD
#define HAS_RECORD false
#else
#define HAS_RECORD (deferred[me] != NONE)
#endif

/* update_all(), serve_all() */
inline serve_all()
{
    result = OK;
    do
    :: nr_done < nr_left && result == OK && HAS_RECORD ->
        result = ERESTART
    :: nr_done < nr_left && result == OK && nr_done > 0 ->
        result = ERESTART
    :: nr_done < nr_left && result == OK && !HAS_RECORD ->
#ifdef MISTAKE_COUNTED_EARLY
        nr_done++;
#endif
        serve_element();
        finish_element()
    :: nr_done == nr_left || result != OK -> break
    od
}

/* batch_end() */
inline end_batch()
{
    atomic {
#ifdef MISTAKE_DONE_BEGINS_ANEW
        done = 0;
#endif
        done = done + nr_done;
        nr_left = nr_left - nr_done;
        nr_done = 0;
        restart = (result == ERESTART);
        if
#ifndef MISTAKE_RECORD_LEFT
        :: deferred[me] != NONE && !restart ->
            restart = true;
            is_parked = true
#endif
        :: else
        fi
#ifdef MISTAKE_RESULT_LOST
        ; result = (is_parked -> OK : result)
#endif
    }
}

/* hypercall(), serve(), batch_begin() */
inline hypercall()
{
    if
    :: deferred[me] != NONE -> take_from_record(); vcpu_defer()
    :: else
    fi;
    restart = false;
    if
#ifndef MISTAKE_BEGIN_WITH_RECORD
    :: deferred[me] != NONE -> restart = true
#else
    :: false
#endif
    :: else ->
        if
        :: is_parked
        :: !is_parked -> serve_all(); end_batch()
        fi
    fi
}

/* What the guest learns is what has been done. */
inline return_to_guest()
{
    assert(done == effects);
    assert(restart || deferred[me] == NONE);
    assert(restart || (result == OK) == (nr_left == 0));
    assert(restart || result == OK || result == EINVAL);
    if
    :: !restart -> forget_list()
    :: else
    fi;
    leave()
}

/* The guest has no more interest in it. */
inline forget_list()
{
    element = 0;
    nr_left = 0;
    done = 0;
    effects = 0;
    is_parked = false;
    restart = false;
    result = 0
}

proctype vcpu(byte me)
{
    /* The list, how much of it is left, and what the guest knows. */
    byte calls, element, nr_left, done, result;
    bool is_parked, restart;
    byte nr_done; /* in this part of the call */
    byte effects; /* that elements have had */
    LOCALS;

    do
    :: atomic { restart || calls < CALLS ->
            if
            :: restart /* again, as it was left */
            :: !restart -> calls++; nr_left = LIST
            fi;
            inside++
        }
        hypercall();
        d_step { return_to_guest() }
    :: d_step { restart -> forget_list() }
    :: !restart && calls == CALLS -> break
    od
}

init
{
    atomic { run vcpu(0); run vcpu(1) }
}
