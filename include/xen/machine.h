/* SPDX-License-Identifier: MIT */
/*
 * What the bootable image asks of its machine beyond the seam: a keyboard, a
 * look at its CPUs and a way out. Not part of the library; an embedder need not
 * provide it.
 */
#ifndef XEN_MACHINE_H
#define XEN_MACHINE_H

#include <xen/compiler.h>
#include <xen/types.h>

/* The next character typed on the console; waits for it. -1: there are no
 * more, and never will be. */
int machine_console_read(void);

/* Print a line for each CPU: its state, and where it is at this moment. */
void machine_print_cpus(void);

/* Take memory into use that has been plugged in, and print what came of it.
 * From CPU 0. */
void machine_add_memory(void);

/* How the machine is left. Under QEMU the exit status tells. */
enum machine_exit {
    MACHINE_EXIT_SUCCESS = 0x10, /* isa-debug-exit makes it status 33 */
    MACHINE_EXIT_FAILURE = 0x11, /* a self-test failed: 35 */
    MACHINE_EXIT_BUG = 0x12,     /* a BUG or an unexpected exception: 37 */
};

_Noreturn void machine_poweroff(enum machine_exit status);
_Noreturn void machine_reboot(void);

/*
 * Read the byte at @address, or write it, where that may fault. Returns false
 * if it did, and the machine goes on.
 */
__must_check bool machine_probe_read(const void *address, uint8_t *value);
__must_check bool machine_probe_write(void *address, uint8_t value);

#endif /* XEN_MACHINE_H */
