/* SPDX-License-Identifier: MIT */
/* The boot's steps, and what it found out. */
#ifndef BOOT_SETUP_H
#define BOOT_SETUP_H

#include <xen/boot_info.h>
#include <xen/cmdline.h>
#include <xen/compiler.h>
#include <xen/madt.h>
#include <xen/memory_map.h>
#include <xen/mm-frame.h>
#include <xen/srat.h>

/* Where firmware left a table; empty: there is none. */
struct boot_table {
    paddr_t start, end;
};

struct boot_state {
    struct boot_info info;
    struct boot_options options;
    struct memory_map map; /* as used */

    struct boot_table madt_table, srat_table, slit_table; /* ACPI's */
    struct madt madt; /* as used: CPU 0 is the one that boots */
    struct srat srat; /* as read, or made up for numa=fake= */
    unsigned int nr_cpus_listed;
    mfn_t trampoline; /* INVALID_MFN: there is no frame for it */
};

/*
 * What head.S was handed by the loader, and when, in ticks of the TSC. The
 * magic number is MULTIBOOT2_LOADER_MAGIC or PVH_START_MAGIC.
 */
extern uint32_t boot_magic, boot_information;
extern uint64_t boot_tsc;

/* From head.S: all there is to do. */
_Noreturn void setup(void);

/* Say why the machine cannot start, and stop it. */
_Noreturn __cold void boot_fail(const char *format, ...) __printf(1, 2);

/* The window on memory that the boot's page tables give. */
extern const struct memory_window boot_window;

/* loader.c: find out who started us, and what they told. */
void boot_read_information(struct boot_info *info);

/* map.c: make state->map from what was told and what the user wants. */
void boot_build_map(struct boot_state *state);

/* No RAM from there on can be used: for the CPU, or for mem=. */
paddr_t boot_map_limit(const struct boot_options *options);

/* reserve.c: give RAM to the boot allocator, but for what is in use. Finds the
 * ACPI tables on the way. */
void boot_fill_bootmem(struct boot_state *state);

/* cpus.c: read which CPUs there are, while firmware's tables can be read; and
 * start them, once there is a heap. */
void boot_find_cpus(struct boot_state *state);
void boot_start_cpus(struct boot_state *state);

/* plug.c: leave room for what @srat says may be plugged in, if there is a block
 * that tells when it is; @table is the SRAT, or NULL. And take in what has
 * been: from CPU 0, once there is a heap. Returns how many DIMMs were taken. */
void boot_make_room(struct boot_state *state, const struct srat *srat,
                    const void *table);
unsigned int boot_take_in_memory(unsigned int *nr_refused);

/* nodes.c: read which memory is near to which CPUs, while firmware's tables can
 * be read and before there is a frame table; and make nodes of it, once
 * there is a frame table; and tell which CPUs are where, once they are known.
 */
void boot_find_nodes(struct boot_state *state);
void boot_make_nodes(struct boot_state *state);
void boot_place_cpus(const struct madt *madt);

/* The bytes of a table, or NULL if there is none. */
const void *boot_table_bytes(const struct boot_table *table, size_t *size);

/* summary.c: tell what became of memory, and what it took, in TSC ticks. */
void boot_print_summary(const struct boot_state *state, uint64_t ticks);

/* What the self-tests compare the machine with. */
const struct boot_state *boot_state(void);

#endif /* BOOT_SETUP_H */
