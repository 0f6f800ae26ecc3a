/* SPDX-License-Identifier: MIT */
/* The nodes in words, a line each. */
#include <stdarg.h>

#include <xen/mm-frame.h>
#include <xen/numa.h>
#include <xen/printk.h>

/* What a line has room for. */
#define MAX_RANGES    3U
#define MAX_CPU_RUNS  8U
#define MAX_DISTANCES 16U

struct line {
    char text[400];
    size_t length;
};

static __printf(2, 3) void append(struct line *line, const char *format, ...)
{
    size_t room = sizeof(line->text) - line->length;
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(line->text + line->length, room, format, args);
    va_end(args);
    line->length += (size_t)length < room ? (size_t)length : room - 1;
}

static void append_ranges(struct line *line, const struct srat *srat,
                          unsigned int node)
{
    unsigned int nr = 0;

    for (unsigned int i = 0; i < srat->nr_ranges; i++) {
        const struct srat_range *range = &srat->range[i];

        if (range->domain != node_domain(node))
            continue;
        if (nr++ < MAX_RANGES)
            append(line, "%s[%#llx, %#llx)%s", nr > 1 ? ", " : " in ",
                   (unsigned long long)range->start,
                   (unsigned long long)range->end,
                   range->hotplug ? " to plug into" : "");
    }
    if (nr > MAX_RANGES)
        append(line, " and %u more", nr - MAX_RANGES);
}

/* CPUs below @nr: "CPUs 0-3,8". */
static void append_cpus(struct line *line, unsigned int node, unsigned int nr)
{
    unsigned int nr_runs = 0;

    for (unsigned int cpu = 0; cpu < nr; cpu++) {
        unsigned int first = cpu;

        if (node_of_cpu(cpu) != node)
            continue;
        while (cpu + 1 < nr && node_of_cpu(cpu + 1) == node)
            cpu++;
        if (nr_runs++ >= MAX_CPU_RUNS)
            continue;
        append(line, nr_runs == 1 ? ", CPUs %u" : ",%u", first);
        if (cpu > first)
            append(line, "-%u", cpu);
    }
    if (nr_runs == 0)
        append(line, ", no CPU");
    if (nr_runs > MAX_CPU_RUNS)
        append(line, ",...");
}

static void append_distances(struct line *line, unsigned int node)
{
    unsigned int nr = nr_nodes < MAX_DISTANCES ? nr_nodes : MAX_DISTANCES;

    append(line, ", distances");
    for (unsigned int i = 0; i < nr; i++)
        append(line, " %u", node_distance(node, i));
    if (nr < nr_nodes)
        append(line, " ...");
}

void numa_print(unsigned int nr)
{
    const struct srat *srat = numa_source();

    for (unsigned int node = 0; srat && node < nr_nodes; node++) {
        struct line line = { .length = 0 };

        append(&line, "numa: node %u (domain %u): %lu MiB", node,
               srat->domain[node_domain(node)],
               node_nr_frames(node) >> (20 - PAGE_SHIFT));
        append_ranges(&line, srat, node);
        append_cpus(&line, node, nr);
        append_distances(&line, node);
        printk(LOG_INFO, "%s\n", line.text);
    }
}
