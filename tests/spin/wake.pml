/* SPDX-License-Identifier: MIT */
/*
 * The idle loop: does a CPU that halts miss what should wake it?
 *
 * Modelled: on x86 idle_loop(), halt() and the interrupt handler; smp_kick();
 * one who asks for a flush, ask_to_flush(), and waits for it. The loop clears a
 * note, looks for work, and halts with interrupts off, unless an interrupt has
 * left its note meanwhile; HLT lets them in at the moment when it begins to
 * wait. An interrupt that ends it leaves its note and does no more.
 *
 * Property: the CPU is not halted while there is work, or a request, and no
 * interrupt is on its way to it.
 *
 * Left out: marks (idle.pml), tickets (mailbox.pml).
 *
 * MISTAKE_KICK_EARLY    the interrupt is sent before the work can be seen
 * MISTAKE_LOOK_EARLY    the loop looks for work, and then clears the note
 * MISTAKE_HALT_LATE     it looks at the note and lets interrupts in, then halts
 * MISTAKE_NO_ANSWER     it goes on without a look at what it was asked
 */
bool work = false, sent_work = false;     /* and the kick has been sent */
bool asked = false, sent_request = false; /* and so has its interrupt */
bool pending = false; /* an interrupt is on its way */
bool woken = false;   /* the note that one came */
bool halted = false;

#define MAY_BE_INTERRUPTED \
    if \
    :: atomic { pending -> pending = false; woken = true; asked = false } \
    :: true \
    fi

/* Called with interrupts off. */
inline halt()
{
    if
    :: woken
    :: !woken ->
#ifdef MISTAKE_HALT_LATE
        MAY_BE_INTERRUPTED;
#endif
        halted = true;
        atomic { pending -> pending = false; woken = true; halted = false }
#ifndef MISTAKE_NO_ANSWER
        asked = false
#endif
    fi
}

active proctype idle_loop()
{
    do
    :: true ->
#ifndef MISTAKE_LOOK_EARLY
        woken = false;
#endif
        MAY_BE_INTERRUPTED;
        if
        :: atomic { work -> work = false }
        :: !work ->
            MAY_BE_INTERRUPTED;
#ifdef MISTAKE_LOOK_EARLY
            woken = false;
#endif
            halt()
        fi
    od
}

active proctype kicker()
{
    do
    :: true ->
#ifdef MISTAKE_KICK_EARLY
        pending = true;
        work = true;
#else
        work = true;
        pending = true;
#endif
        sent_work = true;
        !work;
        sent_work = false
    od
}

active proctype asker()
{
    do
    :: asked = true;
        pending = true;
        sent_request = true;
        !asked;
        sent_request = false
    od
}

active proctype watcher()
{
    do
    :: atomic { halted && !pending && work && sent_work -> assert(false) }
    :: atomic { halted && !pending && asked && sent_request -> assert(false) }
    od
}
