/* SPDX-License-Identifier: MIT */
/* The 16550, a serial line (National's PC16550D). Assembly reads this too. */
#ifndef X86_UART_H
#define X86_UART_H

#define UART_COM1 0x3f8
#define UART_COM2 0x2f8

/* Registers, by their distance from the port. */
#define UART_DATA         0 /* the divisor's low byte with LINE_DIVISOR */
#define UART_INTERRUPTS   1 /* its high byte */
#define UART_FIFO         2
#define UART_LINE_CONTROL 3
#define UART_MODEM        4
#define UART_LINE_STATUS  5
#define UART_SCRATCH      7

#define UART_FIFO_ON_AND_EMPTY 0x07
#define UART_LINE_8N1          0x03
#define UART_LINE_DIVISOR      0x80
#define UART_MODEM_DTR_RTS     0x03
#define UART_STATUS_RECEIVED   0x01
#define UART_STATUS_CAN_SEND   0x20

#define UART_DIVISOR_115200 1

#endif /* X86_UART_H */
