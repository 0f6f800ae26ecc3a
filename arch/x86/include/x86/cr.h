/* SPDX-License-Identifier: MIT */
/*
 * Control registers (Intel SDM, "Control Registers"). Assembly reads this file
 * too: no suffixes.
 */
#ifndef X86_CR_H
#define X86_CR_H

#define CR0_PE 0x00000001 /* protected mode */
#define CR0_MP 0x00000002 /* WAIT heeds TS */
#define CR0_ET 0x00000010 /* always set */
#define CR0_NE 0x00000020 /* x87 errors as exceptions */
#define CR0_WP 0x00010000 /* read-only holds for the supervisor too */
#define CR0_PG 0x80000000 /* paging */

#define CR4_PAE 0x00000020 /* 64-bit page table entries */
#define CR4_MCE 0x00000040 /* machine checks as exceptions */
#define CR4_PGE 0x00000080 /* global pages */

#endif /* X86_CR_H */
