/* SPDX-License-Identifier: MIT */
/*
 * Several CPUs: who is there, and how one asks another to do something.
 *
 * Each CPU has a mailbox: counters of what was asked of it, and of what it has
 * done. To ask, count up and send an interrupt; the CPU that is asked does it
 * in the interrupt, or earlier, when it looks by itself. Nobody takes a lock
 * for it, and who waits for an answer answers others meanwhile: so two CPUs
 * that ask each other cannot wait for ever, with interrupts on or off.
 *
 * A CPU waits for others only where it holds no spinlock.
 */
#ifndef XEN_SMP_H
#define XEN_SMP_H

#include <xen/compiler.h>
#include <xen/cpumask.h>

/* How many CPUs there may be; numbers are below it. 1 until smp_set_nr_cpus(),
 * which is called once, before a second CPU joins. */
extern unsigned int nr_cpus;
void smp_set_nr_cpus(unsigned int nr);

/* Who has joined. CPU 0 is there from the start. */
extern cpumask_t cpu_online_map;

/**
 * smp_join - the calling CPU takes part from now on.
 *
 * It may not touch a guest's memory before: it flushes its TLB first, and only
 * then is one of those that others ask.
 */
void smp_join(void);

/**
 * smp_leave - the calling CPU takes no part any more.
 *
 * It uses no guest's translation any more. Others may have asked it meanwhile:
 * it answers, so that nobody waits for it. It may join again.
 */
void smp_leave(void);

/**
 * smp_call - have each CPU of @mask call @function(@data).
 *
 * The caller's own CPU included, if it is in @mask: it calls last. One that has
 * left does not call; it is named in the log, and counted (smp_nr_missed). With
 * @wait returns when all have returned from @function; @data must last so long.
 * Without, @data must last until the caller's next smp_call(), which first
 * waits for this one. @function runs with interrupts off, waits for no other
 * CPU, and takes no lock that is held with interrupts on.
 */
void smp_call(const cpumask_t *mask, void (*function)(void *data), void *data,
              bool wait);

/* Make @cpu look up from idling: there is work for it. If it has left, that is
 * counted. Any lock may be held. */
void smp_kick(unsigned int cpu);

/**
 * smp_answer - do what has been asked of this CPU.
 *
 * The machine calls it from its interrupt, with interrupts off. Returns whether
 * there was anything to do.
 */
bool smp_answer(void);

/* One turn of a loop that waits for another CPU: who waits answers. */
void smp_wait_a_turn(void);

/* Calls and kicks that were not made, as their CPU had left. */
unsigned long smp_nr_missed(void);

/* Have each CPU of @mask flush its TLB, and wait, but for no CPU that leaves.
 * Returns how many were interrupted. For common/tlb_flush.c: others use
 * flush_tlb_mask(), which lets idle CPUs sleep. */
unsigned int smp_flush(const cpumask_t *mask);

#endif /* XEN_SMP_H */
