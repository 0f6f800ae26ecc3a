/* SPDX-License-Identifier: MIT */
/*
 * Claims of one domain: does it get what it was promised, within its quota?
 *
 * What is claimed has been taken off what is available. Two words say so, that
 * of the node and that of the domain, which agree whenever the domain's lock is
 * free: each step under that lock is one here. An allocation has several, and
 * anything may come in between.
 *
 *   redeemer  two: alloc_domheap_pages() of one or two frames: claim_begin()
 *             promises them; claim_take() redeems what it can of the claim and
 *             reserves the rest, then finds a block or not; if not, what was
 *             redeemed is claimed again, and other memory is asked for;
 *             keep_promise() charges them, and gives back as much of the claim
 *             as was not redeemed
 *   others    claim_pages(), with another claim or none; donate_page(), which
 *             is charged without a promise; frames that come back
 *
 * At each step no frame is lost, and with its claim the domain would own no
 * more than its quota. At rest it has claimed all that was asked for and that
 * it has not got since, as far as the quota goes; and no more, unless it got
 * some otherwise amid an allocation: what was redeemed then was not given back
 * for that.
 *
 * Left out: nodes, and who else wants memory (claim.pml).
 *
 * MISTAKE_PROMISED_TWICE    what is claimed has to fit beside what others are
 *                           promised, who have redeemed their part of it
 * MISTAKE_RESTORED_UNFIT    what was redeemed in vain is claimed again, though
 *                           it does not fit any longer
 * MISTAKE_RESTORED_ANYHOW   and though the claim has been given up
 * MISTAKE_NOTHING_PROMISED  an allocation that is under way is not counted
 * MISTAKE_NOT_REDUCED       other memory leaves the claim as it is
 */
#define QUOTA  4
#define FRAMES 5
#define MIN(a, b) ((a) < (b) -> (a) : (b))

byte available = FRAMES;
byte claimed, pages, promised;
byte underway;     /* frames that are reserved, or taken, by redeemers */
byte owed;         /* of the last claim, what it has not got */
byte nr_redeemers; /* amid an allocation */
bool overlap;      /* it got some otherwise meanwhile */
bool is_stale[2];  /* another claim has been made since it redeemed */

inline check()
{
    assert(available + claimed + pages + underway == FRAMES);
    assert(claimed + pages <= QUOTA);
    assert(nr_redeemers > 0 || claimed == owed)
}

inline fit()
{
#ifdef MISTAKE_PROMISED_TWICE
    room = (pages + promised < QUOTA -> QUOTA - pages - promised : 0);
#else
    room = QUOTA - pages;
#endif
    if
    :: claimed > room -> available = available + claimed - room; claimed = room
    :: else
    fi;
    room = 0
}

/* claim_take(), up to where it has what it wants, or not. */
inline take()
{
    atomic {
        got = MIN(claimed, nr);
        claimed = claimed - got;
        underway = underway + got;
        is_stale[me] = false;
        check()
    }
    if
    :: atomic { got > 0 && available >= nr - got ->
            available = available - (nr - got);
            underway = underway + (nr - got)
        }
        if
        :: has = true
        :: atomic { true -> /* there is no such block */
                available = available + (nr - got);
                underway = underway - (nr - got)
            }
        fi
    :: got > 0 && available < nr - got
    :: got == 0
    fi
}

inline restore()
{
    atomic {
        underway = underway - got;
        if
#ifdef MISTAKE_RESTORED_ANYHOW
        :: true ->
#else
        :: is_stale[me] -> available = available + got
        :: else ->
#endif
            claimed = claimed + got;
#ifndef MISTAKE_RESTORED_UNFIT
            fit()
#endif
        fi;
        got = 0;
        check()
    }
}

/* If it has got them, they are charged, and what it has got is not owed. */
inline end()
{
    atomic {
#ifndef MISTAKE_NOTHING_PROMISED
        promised = promised - nr;
#endif
        nr_redeemers--;
        if
        :: has ->
            underway = underway - nr;
#ifdef MISTAKE_NOT_REDUCED
            room = 0;
#else
            room = MIN(claimed, nr - got);
#endif
            claimed = claimed - room;
            available = available + room;
            pages = pages + nr;
            fit();
            nr = nr - (is_stale[me] -> got : 0);
            owed = (owed > nr -> owed - nr : 0)
        :: else
        fi;
        owed = MIN(owed, QUOTA - pages);
        if
        :: nr_redeemers == 0 && overlap ->
            assert(claimed >= owed);
            owed = claimed;
            overlap = false
        :: else
        fi;
        check();
        nr = 0;
        got = 0;
        has = false
    }
}

proctype redeemer(byte me)
{
    byte nr, got, room;
    bool has;

    do
    :: atomic { claimed > 0 ->
            if
            :: nr = 1
            :: nr = 2
            fi;
            if
            :: pages + promised + nr <= QUOTA ->
#ifndef MISTAKE_NOTHING_PROMISED
                promised = promised + nr;
#endif
                overlap = overlap || nr_redeemers > 0;
                nr_redeemers++
            :: else -> nr = 0
            fi
        }
        if
        :: nr > 0 ->
            take();
            if
            :: !has && got > 0 -> restore()
            :: else
            fi;
            if
            :: atomic { !has && available >= nr ->
                    available = available - nr;
                    underway = underway + nr;
                    has = true
                }
            :: true
            fi;
            end()
        :: else
        fi
    od
}

proctype others()
{
    byte nr, room;

    do
    :: atomic { true ->
            select(nr : 0 .. QUOTA);
            if
            :: nr <= available + claimed && pages + promised + nr <= QUOTA ->
                available = available + claimed - nr;
                claimed = nr;
                owed = nr;
                is_stale[0] = true;
                is_stale[1] = true
            :: else
            fi;
            nr = 0;
            check()
        }
    :: atomic { available > 0 && pages + promised < QUOTA ->
            available--;
            pages++;
            overlap = overlap || nr_redeemers > 0;
            fit();
            owed = MIN(owed, QUOTA - pages);
            check()
        }
    :: atomic { pages > 0 -> pages--; available++; check() }
    od
}

init
{
    atomic {
        run redeemer(0);
        run redeemer(1);
        run others()
    }
}
