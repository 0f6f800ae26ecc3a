/* SPDX-License-Identifier: MIT */
/*
 * What the control registers hold from long mode on. They are written whole:
 * firmware leaves bits behind, other ones on each machine. Assembly reads this
 * file too.
 */
#ifndef CPU_CONTROL_H
#define CPU_CONTROL_H

#include <x86/cr.h>
#include <x86/msr.h>

#define CR0_WHOLE  (CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG)
#define CR4_WHOLE  (CR4_PAE | CR4_MCE | CR4_PGE)
#define EFER_WHOLE (EFER_LME | EFER_NXE) /* it reads with EFER_LMA */

#endif /* CPU_CONTROL_H */
