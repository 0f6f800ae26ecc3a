/* SPDX-License-Identifier: MIT */
/*
 * Blocks at hand beside a frame that leaves: is one handed out with it?
 *
 * One block of two frames, of which only the first has an entry that is looked
 * at when the block is taken; the second is to leave. A CPU with a stack, which
 * runs with interrupts on; the handler is one step. And who takes the frame out.
 *
 *   cpu       takes the block from its stack, small_pop(), or from the node;
 *             gives it back: says in the first entry that it is free, puts it
 *             on its stack, small_push(), and looks whether anything is
 *             leaving: then he takes the top of the stack and gives it to the
 *             node, small_turn_back()
 *   handler   collects all of the stack for who takes the frame out
 *   offliner  offline_page(): says that something is leaving, notes the chunk
 *             with the node's lock held, waits until no CPU is amid a block,
 *             marks the frame, and has the stack emptied
 *
 * Who gives a block to the node and finds a note there lets each frame be free
 * by itself, and the marked one leave: give_noted(). Of the node nobody gets a
 * block with a note.
 *
 * Once offline_page() has returned nobody takes the block as a whole. At rest
 * it is nowhere on a stack then.
 *
 * Left out: how marks are not lost (magazine.pml).
 *
 * MISTAKE_NOT_TURNED_BACK   who has put a block on his stack does not look
 * MISTAKE_LOOKED_EARLY      he does, and then puts it there
 * MISTAKE_SAID_LATE         the stack is emptied, and then it is said that
 *                           something is leaving
 * MISTAKE_NOT_EMPTIED       nobody has the stack emptied
 * MISTAKE_NOTE_UNREAD       who gives a block to the node does not look whether
 *                           there is a note
 */
#define NODE   0
#define STACK  1
#define USED   2
#define MOVING 3 /* somebody gives it to the node */
#define APART  4 /* each frame by itself; the one that is to leave has left */

byte place = NODE;
byte nr;               /* of the stack */
bool is_leaving;       /* nr_leaving > 0 */
bool is_noted, is_marked;
bool is_done;          /* offline_page() has returned */
bool asked, has_handed;
byte under_way;

inline end_way()
{
    under_way--;
    if
    :: under_way == 0 ->
        assert(nr == (place == STACK -> 1 : 0));
        assert(place != MOVING);
        assert(!is_done || place == USED || place == APART)
    :: else
    fi
}

/* With the node's lock held. */
inline give_block()
{
    atomic {
        assert(place == MOVING);
#ifdef MISTAKE_NOTE_UNREAD
        place = NODE
#else
        place = (is_noted -> APART : NODE);
        is_leaving = (is_noted && is_marked -> false : is_leaving)
#endif
    }
}

/* The height by a compare and exchange, which an interrupt may be before. */
inline small_push()
{
    n = nr;
    atomic { assert(n == 0 && nr == 0); nr = 1; place = STACK }
}

inline small_turn_back()
{
    do
    :: true ->
        n = nr;
        if
        :: !n -> break
        :: atomic { n && nr == n ->
                nr = 0;
                assert(place == STACK);
                place = MOVING
            }
            give_block();
            break
        :: atomic { n && nr != n -> n = 0 }
        fi
    od
}

inline look()
{
    leaving = is_leaving
}

inline put()
{
    skip; /* its first entry says that it is free, and has no mark */
#ifdef MISTAKE_LOOKED_EARLY
    look();
    small_push();
#else
    small_push();
    look();
#endif
#ifndef MISTAKE_NOT_TURNED_BACK
    if
    :: leaving -> small_turn_back()
    :: !leaving
    fi;
#endif
    atomic { n = 0; leaving = false; end_way() }
}

active proctype cpu()
{
    byte n;
    bool leaving;

end:
    do
    :: atomic { nr -> /* small_pop() */
            assert(place == STACK && !is_done);
            nr = 0;
            place = USED
        }
    :: atomic { place == NODE && !is_noted -> /* alloc_heap_pages() */
            place = USED
        }
    :: atomic { place == USED && !is_leaving -> under_way++ }
        put() /* chunks are kept */
    :: atomic { place == USED -> under_way++; place = MOVING }
        give_block();
        atomic { end_way() }
    od
}

active proctype handler()
{
end:
    do
    :: atomic { asked ->
            has_handed = nr;
            place = (nr -> MOVING : place);
            nr = 0;
            asked = false
        }
    od
}

inline say()
{
    is_leaving = true
}

inline note()
{
    atomic {
        is_noted = true;
        place = (place == NODE -> APART : place)
    }
}

inline drain()
{
#ifdef MISTAKE_NOT_EMPTIED
    skip
#else
    asked = true;
    if
    :: atomic { !asked && has_handed -> has_handed = false }
        give_block()
    :: !asked && !has_handed
    fi
#endif
}

active proctype offliner()
{
    atomic { true -> under_way++ }
#ifdef MISTAKE_SAID_LATE
    note();
    is_marked = true;
    drain();
    say();
#else
    say();
    note();
    is_marked = true;
    drain();
#endif
    atomic { is_done = true; end_way() }
}
