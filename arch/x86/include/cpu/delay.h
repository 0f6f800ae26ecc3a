/* SPDX-License-Identifier: MIT */
/* Real time: by the CPU's time stamp counter, once its speed is known. */
#ifndef CPU_DELAY_H
#define CPU_DELAY_H

#include <xen/types.h>

/* Measure the counter against the PC's timer: takes 10 ms. Boot only. */
void delay_init(void);

/* Do nothing for so long, at least. */
void delay_us(unsigned int microseconds);

/* The counter's value @ms milliseconds from now, for who waits no longer. */
uint64_t deadline_ms(unsigned int ms);
bool deadline_is_over(uint64_t deadline);

/* Ticks of the counter in milliseconds. */
uint64_t ticks_to_ms(uint64_t ticks);

#endif /* CPU_DELAY_H */
