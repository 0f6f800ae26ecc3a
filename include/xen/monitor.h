/* SPDX-License-Identifier: MIT */
/*
 * The monitor: a few commands on the serial line, for hand and script.
 *
 *   help                    what there is
 *   map                     the memory map and every reservation
 *   heap                    what is free, by order, node and CPU; its check
 *   nodes                   which memory is near to which CPUs
 *   claims                  what domains have been promised, and where
 *   leaks [mark]            who has what memory, of what was taken since then
 *   page ADDRESS|mfn NUMBER all that is known about one frame
 *   alloc ORDER [LIMIT]     take a block, to see it happen
 *   free ADDRESS ORDER      give it back
 *   offline [ADDRESS [broken]], online ADDRESS
 *                           take a frame out, or back; list those that are out
 *   domains                 who there is, what each has, and its vCPUs
 *   audit                   count every reference anew, and compare
 *   hotadd                  take memory into use that has been plugged in
 *   cpus                    who takes part, and where each CPU is
 *   selftest [GLOB]         run the self-tests again, or some of them
 *   reboot, poweroff
 */
#ifndef XEN_MONITOR_H
#define XEN_MONITOR_H

#include <xen/memory_map.h>
#include <xen/mm-frame.h>

/* What the monitor shows; the machine fills it in once, at boot. */
struct monitor_view {
    const struct e820_map *raw;
    const struct memory_map *map;
};

/* Read commands and carry them out, until one of them leaves the machine. */
_Noreturn void monitor_run(const struct monitor_view *view);

/* Carry out one command; @line is taken apart. For scripts and tests. */
void monitor_command(const struct monitor_view *view, char *line);

/* Print all that is known of the frame @mfn; any number may be asked. */
void monitor_show_frame(const struct memory_map *map, mfn_t mfn);

/* Print where the frame @mfn is; take it out of the machine, or back, and print
 * what has become of it; and print which ones are out. */
void monitor_show_place(mfn_t mfn);
void monitor_offline(mfn_t mfn, bool broken);
void monitor_online(mfn_t mfn);
void monitor_show_offline(void);

/* Print a line for each domain, and one for each of its vCPUs. */
void monitor_show_domains(void);

/* Audit the machine, and print the verdict. */
void monitor_audit(void);

/* Print what the heap has, where, and in what shape; in few lines. */
void monitor_show_heap(void);

/* Print a line for each domain that has a claim, with its nodes. */
void monitor_show_claims(void);

/* Print a line for each node. */
void monitor_show_nodes(void);

/* Print who has memory; and let that be asked from now on only of what is taken
 * from now on. With CONFIG_PAGE_OWNER. */
void monitor_show_leaks(void);
void monitor_mark_leaks(void);

/* Print the TLB clock, its counters, and a line for each CPU. */
void monitor_show_tlb(void);

#endif /* XEN_MONITOR_H */
