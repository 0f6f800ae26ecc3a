/* SPDX-License-Identifier: MIT */
/* The serial line. */
#ifndef CPU_UART_H
#define CPU_UART_H

#include <xen/cmdline.h>

/**
 * uart_init - from now on the console is @port, at 115200 baud, 8N1.
 *
 * Returns false if there is no such port; the console is then none at all.
 */
bool uart_init(enum console_port port);

/* How many characters the console was sent, if there is one or not. */
unsigned long uart_nr_written(void);

#endif /* CPU_UART_H */
