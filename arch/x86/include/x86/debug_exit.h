/* SPDX-License-Identifier: MIT */
/*
 * QEMU's isa-debug-exit, at the address that our runner gives it: QEMU ends,
 * with twice the byte written there and 1. Assembly reads this too.
 */
#ifndef X86_DEBUG_EXIT_H
#define X86_DEBUG_EXIT_H

#define DEBUG_EXIT_PORT 0xf4
#define DEBUG_EXIT_BUG  0x12 /* MACHINE_EXIT_BUG */

#endif /* X86_DEBUG_EXIT_H */
