/* SPDX-License-Identifier: MIT */
/*
 * The serial line: a 16550, polled. It is the console of the hypervisor, out
 * and in.
 */
#include <asm/processor.h>
#include <cpu/idle.h>
#include <cpu/io.h>
#include <cpu/uart.h>
#include <x86/uart.h>
#include <xen/arch.h>
#include <xen/machine.h>

/* A character takes 87 us at 115200 baud, and a look at the status one. */
#define MAX_POLLS 100000U

/* 0: there is no console. */
static uint16_t uart;

/* A port with nothing behind it does not keep what is written to it. */
static bool is_there(uint16_t port)
{
    static const uint8_t pattern[] = { 0x5a, 0xa5 };

    for (unsigned int i = 0; i < sizeof(pattern); i++) {
        outb(port + UART_SCRATCH, pattern[i]);
        if (inb(port + UART_SCRATCH) != pattern[i])
            return false;
    }

    return true;
}

static uint16_t port_number(enum console_port port)
{
    switch (port) {
    case CONSOLE_COM1: return UART_COM1;
    case CONSOLE_COM2: return UART_COM2;
    case CONSOLE_NONE: break;
    }

    return 0;
}

bool uart_init(enum console_port console)
{
    uint16_t port = port_number(console);

    uart = 0;
    if (console == CONSOLE_NONE)
        return true;
    if (!is_there(port))
        return false;

    outb(port + UART_INTERRUPTS, 0);
    outb(port + UART_LINE_CONTROL, UART_LINE_DIVISOR);
    outb(port + UART_DATA, UART_DIVISOR_115200);
    outb(port + UART_INTERRUPTS, 0);
    outb(port + UART_LINE_CONTROL, UART_LINE_8N1);
    outb(port + UART_FIFO, UART_FIFO_ON_AND_EMPTY);
    outb(port + UART_MODEM, UART_MODEM_DTR_RTS);
    uart = port;

    return true;
}

/* A line that never gets free loses the character, and does not hang us. */
static void send(uint8_t byte)
{
    for (unsigned int i = 0; i < MAX_POLLS; i++) {
        if (inb(uart + UART_LINE_STATUS) & UART_STATUS_CAN_SEND)
            break;
        cpu_relax();
    }
    outb(uart + UART_DATA, byte);
}

/* Only who holds the console's lock writes; others may look. */
static unsigned long nr_written;

unsigned long uart_nr_written(void)
{
    return __atomic_load_n(&nr_written, __ATOMIC_RELAXED);
}

void arch_console_write(const char *text, size_t size)
{
    __atomic_store_n(&nr_written, nr_written + size, __ATOMIC_RELAXED);
    if (!uart)
        return;

    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n')
            send('\r');
        send((uint8_t)text[i]);
    }
}

static bool has_received(void)
{
    return inb(uart + UART_LINE_STATUS) & UART_STATUS_RECEIVED;
}

int machine_console_read(void)
{
    if (!uart)
        return -1;

    idle_until(has_received);

    return inb(uart + UART_DATA);
}
