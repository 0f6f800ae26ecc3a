/* SPDX-License-Identifier: MIT */
/*
 * Partial validation: may a table be left at any entry, and be taken up again
 * by anybody, in either direction?
 *
 * Modelled: page_type_take(), page_type_drop() and what publishes; the walker;
 * get_page_table(), put_holder(); who calls these, with the deferred record of
 * its vCPU. The tables are those of tables.inc.
 *
 *   cpu  two; each makes OPS calls: takes a table and keeps it, as pin or as
 *        an entry of another table, or drops what was kept; gives a frame up
 *        that it owns; maps the child writable, or no longer. Each call
 *        finishes first what is deferred. A call that was interrupted need not
 *        be made again: when it returns, it is over.
 *
 * While no CPU is in a call, all holders are counted: I1, I2, I4, I7, I8, I11.
 * At the end of each walk, what the progress is going to say is what the
 * entries hold: I8, I16. At each step, what a function demands: that a full
 * holder's frame is valid, that there is a reference to put.
 *
 * Left out: page locks (page_lock.pml), TLBs (type_change.pml), linear tables.
 *
 * ALSO -DK=0
 * ALSO -DK=2
 * LONG -DOPS=3 -DK=0
 * LONG -DOPS=3 -DK=1
 * LONG -DOPS=3 -DK=2
 * LONG -DNCPU=3 -DOPS=1
 *
 * MISTAKE_HALF_HOLDS_NOTHING     an entry whose child was left partial drops
 *                                its general reference, as who asks for no
 *                                entry does
 * MISTAKE_HALF_HELD_TWICE        who examines on takes that once more
 * MISTAKE_HALF_SKIPPED           who takes apart begins below the half entry
 * MISTAKE_HALF_DROPPED_AS_FULL   what is half is dropped as if it were full
 * MISTAKE_INTENT_RECOMPUTED      a record that was interrupted and nothing
 *                                done is full, whatever it was
 * MISTAKE_EINTR_FORGETS_HALF     so is an entry nothing
 * MISTAKE_ERROR_FORGETS_HALF     a child that failed, and holds entries still,
 *                                is not half its entry's
 * MISTAKE_EXIT_BY_INDEX          if the walk stands at the entry where it
 *                                began, nothing has been done
 * MISTAKE_BEGINS_ANEW            who examines on begins with the first entry
 * MISTAKE_ERROR_IS_IDLE          a table that fails is idle, whatever its
 *                                entries hold
 * MISTAKE_ABORT_BY_DROP          it is dropped like one that is valid
 * MISTAKE_RECORD_AND_PUT         the caller puts its reference though it is
 *                                half a holder now, and will be put as such
 * MISTAKE_PARTIAL_HOLDS_NOTHING  PGT_partial has no general reference of its
 *                                own
 * MISTAKE_PARTIAL_BEFORE_GET     is published, and then it takes that
 * MISTAKE_PROGRESS_AFTER_PUBLISH is published, and then the progress is
 *                                written
 */
#ifndef NCPU
#define NCPU 2
#endif
#ifndef OPS
#define OPS 2
#endif
#include "tables.inc"

/* The deferred work, if there is any; or something new, of what can be done. */
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
        :: wish = LINK
        :: IS(page, PINNED) -> unpin()
        :: other_entry[page] -> unlink()
        :: allocated[page] -> allocated[page] = false; put_page(page)
        :: page == CHILD && owned[CHILD] && TYPE_COUNT(CHILD) == 0 ->
            map_writable()
        :: page == CHILD && writable_entry -> unmap_writable()
        fi
    fi
}

proctype cpu(byte me)
{
    byte calls;
    LOCALS;

    do
    :: atomic { calls < OPS || deferred[me] != NONE -> enter() }
        if
        :: wish -> take(); keep()
        :: else
        fi;
        vcpu_defer();
        d_step { leave() }
    :: calls == OPS && deferred[me] == NONE -> break
    od
}

init
{
    atomic {
        run cpu(0);
        run cpu(1)
#if NCPU > 2
        ; run cpu(2)
#endif
    }
}
