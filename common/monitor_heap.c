/* SPDX-License-Identifier: MIT */
/*
 * What the monitor's commands "heap", "nodes" and "leaks" answer: what there is
 * and in what shape, what is the matter with it, and who has it.
 *
 * On a machine with two nodes "heap" takes at most 40 lines.
 */
#include <xen/heap_statistics.h>
#include <xen/monitor.h>
#include <xen/numa.h>
#include <xen/offline.h>
#include <xen/page_owner.h>
#include <xen/printk.h>
#include <xen/scrub.h>
#include <xen/smp.h>

#include "monitor_size.h"

/* Of CPUs, the first ones. */
#define MAX_CPUS 5U

/* Of those who have memory, those who have most. */
#define MAX_CALLERS 16U

/* From here on a node is called broken up: per mille. */
#define BROKEN_UP 500U

/* An order's free blocks, and how much of all that is free is in smaller ones.
 */
static void show_order(const struct heap_node_statistics *sum,
                       unsigned int order)
{
    unsigned int useless = heap_fragmentation(sum, order);
    char size[SIZE_TEXT], free[SIZE_TEXT];
    unsigned long nr = 0;

    for (unsigned int tier = 0; tier < NR_TIERS; tier++)
        nr += sum->nr_blocks[tier][order];
    if (nr == 0)
        return;
    console_printf("%5u  %10s  %11lu  %11lu  %11lu  %10s  %6u.%u%%\n", order,
                   frames_text(size, BIT(order)),
                   sum->nr_blocks[TIER_BELOW_16M][order],
                   sum->nr_blocks[TIER_BELOW_4G][order],
                   sum->nr_blocks[TIER_ABOVE_4G][order],
                   frames_text(free, nr << order), useless / 10, useless % 10);
}

/* All that is free and not cached, by tier. */
static void show_tiers(const struct heap_node_statistics *sum)
{
    char text[NR_TIERS + 1][SIZE_TEXT];
    unsigned long all = 0;

    for (unsigned int tier = 0; tier < NR_TIERS; tier++) {
        unsigned long nr = heap_tier_free(sum, tier);

        frames_text(text[tier], nr);
        all += nr;
    }
    console_printf("  all              %11s  %11s  %11s  %10s\n",
                   text[TIER_BELOW_16M], text[TIER_BELOW_4G],
                   text[TIER_ABOVE_4G], frames_text(text[NR_TIERS], all));
}

static void show_orders(const struct heap_node_statistics *sum)
{
    console_printf("order  block size  below 16MiB   below 4GiB        above  "
                   "      free  smaller\n");
    for (unsigned int order = 0; order < NR_ORDERS; order++)
        show_order(sum, order);
    show_tiers(sum);
}

/* The largest free block, or "none". */
static const char *largest_text(char text[SIZE_TEXT],
                                const struct heap_node_statistics *s)
{
    for (unsigned int order = NR_ORDERS; order-- > 0;)
        for (unsigned int tier = 0; tier < NR_TIERS; tier++)
            if (s->nr_blocks[tier][order] > 0)
                return frames_text(text, BIT(order));

    return "none";
}

/* What is free and not promised to anybody. */
static unsigned long nr_available(const struct heap_node_statistics *s)
{
    return s->nr_free > s->nr_claimed ? s->nr_free - s->nr_claimed : 0;
}

static const char *remark(const struct heap_node_statistics *s)
{
    if (s->nr_free == 0)
        return s->nr_frames > 0 ? "  full" : "";
    if (nr_available(s) == 0)
        return "  all claimed";

    return heap_fragmentation(s, CHUNK_ORDER) >= BROKEN_UP ? "  broken up" : "";
}

static void show_memory(unsigned int node, const struct heap_node_statistics *s)
{
    unsigned int useless = heap_fragmentation(s, CHUNK_ORDER);
    unsigned long clean = s->nr_free - s->nr_dirty;
    char text[6][SIZE_TEXT];

    console_printf(
        "%4u  %9s  %9s  %9s  %9s  %9s  %9s  %4u.%u%%%s\n", node,
        frames_text(text[0], s->nr_free), frames_text(text[1], s->nr_cached),
        frames_text(text[2], clean), frames_text(text[3], s->nr_claimed),
        frames_text(text[4], s->nr_offline), largest_text(text[5], s),
        useless / 10, useless % 10, remark(s));
}

static void show_chunks(unsigned int node, const struct heap_node_statistics *s)
{
    console_printf("%4u  %9lu  %9lu ", node, s->nr_whole, s->nr_owned);
    for (unsigned int run = 0; run < CHUNK_ORDER; run++)
        console_printf("  %5lu", s->nr_broken[run]);
    console_printf("\n");
}

static void show_nodes(void)
{
    struct heap_node_statistics s;

    console_printf("node       free     cached      clean    claimed    "
                   "offline    largest  below 2MiB\n");
    for (unsigned int node = 0; node < nr_nodes; node++) {
        heap_node_statistics(node, &s);
        show_memory(node, &s);
    }
    console_printf("chunks    whole      owned   run 0      1      2      3   "
                   "   4      5      6      7      8\n");
    for (unsigned int node = 0; node < nr_nodes; node++) {
        heap_node_statistics(node, &s);
        show_chunks(node, &s);
    }
}

static void show_cpu(unsigned int cpu, const struct heap_cpu_statistics *s)
{
    char chunk[24] = "none";

    if (!mfn_eq(s->chunk, INVALID_MFN))
        snprintf(chunk, sizeof(chunk), "%#lx", mfn_to_maddr(s->chunk));
    console_printf("%4u  %4u  %5lu  %5lu  %7lu  %7lu  %7lu  %7lu  %s\n", cpu,
                   s->node, s->nr_clean, s->nr_dirty, s->nr_small[1],
                   s->nr_small[2], s->nr_small[3], s->nr_small[CHUNK_ORDER],
                   chunk);
}

static void show_cpus(void)
{
    struct heap_cpu_statistics s;
    unsigned int nr = 0;

    console_printf(" cpu  node  clean  dirty  order 1  order 2  order 3  "
                   "order 9  takes from\n");
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
        if (heap_cpu_statistics(cpu, &s) && nr++ < MAX_CPUS)
            show_cpu(cpu, &s);
    if (nr > MAX_CPUS)
        console_printf("and %u more\n", nr - MAX_CPUS);
}

void monitor_show_heap(void)
{
    struct heap_node_statistics sum;
    char free[SIZE_TEXT], total[SIZE_TEXT];
    int broken = heap_check();

    heap_sum_statistics(&sum);
    show_orders(&sum);
    show_nodes();
    show_cpus();
    console_printf("free    %lu of %lu frames (%s of %s)\n", sum.nr_free,
                   sum.nr_frames, frames_text(free, sum.nr_free),
                   frames_text(total, sum.nr_frames));
    console_printf("claimed %lu frames (%s); available to all: %s\n",
                   sum.nr_claimed, frames_text(free, sum.nr_claimed),
                   frames_text(total, nr_available(&sum)));
    console_printf("dirty   %lu frames (%s); idle CPUs scrubbed %lu%s\n",
                   sum.nr_dirty, frames_text(free, sum.nr_dirty),
                   scrub_nr_done(),
                   scrub_mode == SCRUB_OFF ? "; scrub=off" : "");
    console_printf("offline %lu frames; %lu in use are to follow\n",
                   offline_nr(), offline_nr_pending());
    if (broken)
        console_printf("check   breaks H%d\n", broken);
    else
        console_printf("check   every invariant holds\n");
}

void monitor_show_nodes(void)
{
    enum log_level level = console_level();

    if (!numa_source()) {
        console_printf("nodes   one, with all memory and all CPUs\n");
        return;
    }
    if (level < LOG_INFO)
        console_set_level(LOG_INFO);
    numa_print(nr_cpus);
    console_set_level(level);
}

void monitor_show_leaks(void)
{
    if (CONFIG_PAGE_OWNER)
        page_owner_print(MAX_CALLERS);
    else
        console_printf("this image was built without PAGE_OWNER\n");
}

void monitor_mark_leaks(void)
{
    if (CONFIG_PAGE_OWNER)
        page_owner_mark();
    console_printf("leaks   are from now on what is taken from now on\n");
}
