/* SPDX-License-Identifier: MIT */
/* The inline half of the seam, on bare metal. */
#ifndef ASM_PROCESSOR_H
#define ASM_PROCESSOR_H

/*
 * To be called on each turn of a loop that waits for another CPU. Without it an
 * emulator that runs CPUs by turns spends the whole turn waiting.
 */
static inline void cpu_relax(void)
{
    __builtin_ia32_pause();
}

#endif /* ASM_PROCESSOR_H */
