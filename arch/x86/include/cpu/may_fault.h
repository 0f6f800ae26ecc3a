/* SPDX-License-Identifier: MIT */
/* How an instruction is written that may fault: traps.c reads the table. */
#ifndef CPU_MAY_FAULT_H
#define CPU_MAY_FAULT_H

/* Let the instruction at label 1 fault, and go on at label 2 if it does. */
#define MAY_FAULT                                                              \
    ".pushsection .exception_table, \"a\"\n\t"                                 \
    ".quad 1b, 2f\n\t"                                                         \
    ".popsection\n\t"

#endif /* CPU_MAY_FAULT_H */
