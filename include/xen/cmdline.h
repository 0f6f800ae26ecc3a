/* SPDX-License-Identifier: MIT */
/*
 * The command line: words that the user put behind the image's name.
 *
 *   badpage=LIST             frames never to be used (<xen/badpage.h>)
 *   console=com1|com2|none   where to print; com1
 *   heap-fail=N[,EVERY]      let request N for memory fail, and each EVERY
 * after loglvl=error|warning|info|debug   what to print; info maxcpus=N start
 * so many CPUs at most; all mem=SIZE                 use no RAM at or above
 * this address memmap=SIZE@START        add to the memory map: RAM at START,
 *   memmap=SIZE#START        ACPI tables, or
 *   memmap=SIZE$START        reserved memory; several with commas between,
 *   memmap=exactmap          and forget what the firmware said
 *   numa=on|off|fake=N       make nodes as ACPI says, one, or N of equal RAM;
 * on pdx=on|off               compress frame numbers where that helps; on
 *   scrub=idle|eager|off     who makes free memory zero: idle CPUs, whoever
 *                            gives it back, or whoever takes it; idle
 *   selftest=off|GLOB        which tests to run, by "suite: name"; all
 *   poweroff                 after the self-tests switch the machine off
 *
 * An option that is unknown or malformed is named in a warning and ignored; of
 * one given twice the last counts, but memmap= adds up. Words that contain
 * spaces can be put in double quotes.
 */
#ifndef XEN_CMDLINE_H
#define XEN_CMDLINE_H

#include <xen/e820.h>
#include <xen/printk.h>
#include <xen/scrub.h>

enum console_port { CONSOLE_COM1, CONSOLE_COM2, CONSOLE_NONE };

#define CMDLINE_MAX_MEMMAP 64U

struct boot_options {
    enum console_port console;
    enum log_level log_level;
    unsigned int max_cpus;                  /* UINT_MAX: no limit */
    paddr_t mem;                            /* PADDR_MAX: no limit */
    uint64_t heap_fail_at, heap_fail_every; /* 0: none, no more */
    bool exact_map;
    unsigned int nr_memmap;
    struct e820_entry memmap[CMDLINE_MAX_MEMMAP];
    bool numa;               /* make nodes of what ACPI says */
    unsigned int fake_nodes; /* 0: none; else so many, whatever it says */
    bool pdx;
    enum scrub_mode scrub;
    char selftest[128]; /* the pattern; empty: run none */
    bool poweroff;
};

/* Set @options to what @text says, and all else to its default. */
void cmdline_parse(struct boot_options *options, const char *text);

#endif /* XEN_CMDLINE_H */
