/* SPDX-License-Identifier: MIT */
/*
 * Real time.
 *
 * The time stamp counter is everywhere, but nobody says how fast it counts.
 * Channel 2 of the PC's timer (Intel 8254) does not interrupt and has a known
 * speed. A machine without one gets a guess that is too high: what waits by it
 * waits too long, which does no harm.
 */
#include <asm/processor.h>
#include <cpu/delay.h>
#include <cpu/io.h>
#include <cpu/registers.h>
#include <xen/printk.h>

#define PIT_HERTZ     1193182U
#define PIT_CHANNEL_2 0x42
#define PIT_COMMAND   0x43

/* Channel 2, both bytes, mode 0: the output goes up when the count is over. */
#define PIT_COUNT_DOWN_2 0xb0

/* The port in which channel 2 is switched on, and shows its output. */
#define GATE_PORT   0x61
#define GATE_ON     0x01
#define GATE_SOUND  0x02
#define GATE_OUTPUT 0x20

#define MEASURE_MS 10U

#define MAX_TRIES 3U

/* Faster ones are not built. */
#define FASTEST_PER_MS 10000000UL

static uint64_t ticks_per_ms = FASTEST_PER_MS;

static bool is_over(void)
{
    return inb(GATE_PORT) & GATE_OUTPUT;
}

/*
 * How many ticks the timer's 10 ms take. 0, or too many: there is none. A port
 * with nothing behind it seems to say at once that the time is over.
 */
static uint64_t measure(void)
{
    uint16_t count = PIT_HERTZ / 1000 * MEASURE_MS;
    uint64_t start, ticks = 0;

    outb(GATE_PORT, (uint8_t)((inb(GATE_PORT) & ~GATE_SOUND) | GATE_ON));
    outb(PIT_COMMAND, PIT_COUNT_DOWN_2);
    outb(PIT_CHANNEL_2, (uint8_t)count);
    /* An emulator may stop here for a while: so before the timer starts, lest
     * time passes that is not seen. */
    start = rdtsc();
    outb(PIT_CHANNEL_2, (uint8_t)(count >> 8));
    if (is_over())
        return 0;
    while (!is_over() && ticks <= MEASURE_MS * FASTEST_PER_MS) {
        cpu_relax();
        ticks = rdtsc() - start;
    }

    return ticks;
}

void delay_init(void)
{
    uint64_t measured = 0;

    /* An emulator may have no time to look before the time is over. */
    for (unsigned int i = 0; i < MAX_TRIES && measured == 0; i++)
        measured = measure() / MEASURE_MS;
    if (measured > 0 && measured < FASTEST_PER_MS)
        ticks_per_ms = measured;
    else
        printk(LOG_WARNING,
               "there is no timer to measure the CPU's clock with: "
               "waiting takes longer than it should\n");
}

void delay_us(unsigned int microseconds)
{
    uint64_t end = rdtsc() + microseconds * ticks_per_ms / 1000;

    while (rdtsc() < end)
        cpu_relax();
}

uint64_t deadline_ms(unsigned int ms)
{
    return rdtsc() + ms * ticks_per_ms;
}

bool deadline_is_over(uint64_t deadline)
{
    return rdtsc() >= deadline;
}

uint64_t ticks_to_ms(uint64_t ticks)
{
    return ticks / ticks_per_ms;
}
