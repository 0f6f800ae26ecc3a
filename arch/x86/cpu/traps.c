/* SPDX-License-Identifier: MIT */
/*
 * Exceptions. The hypervisor expects none but at the few instructions that the
 * exception table lists; any other one is told, and stops the machine.
 */
#include <cpu/traps.h>
#include <x86/desc.h>
#include <xen/machine.h>
#include <xen/printk.h>

/* The linker collects who may fault, and where it goes on if it does. */
struct exception_fixup {
    uintptr_t at, go_on_at;
};
extern const struct exception_fixup exception_table_start[];
extern const struct exception_fixup exception_table_end[];

/* Let the instruction at label 1 fault, and go on at label 2 if it does. */
#define MAY_FAULT                                                              \
    ".pushsection .exception_table, \"a\"\n\t"                                 \
    ".quad 1b, 2f\n\t"                                                         \
    ".popsection\n\t"

bool machine_probe_read(const void *address, uint8_t *value)
{
    uint8_t byte = 0, done = 0;

    asm volatile("1: movb %2, %0\n\t" MAY_FAULT "movb $1, %1\n\t"
                 "2:"
                 : "+q"(byte), "+q"(done)
                 : "m"(*(const volatile uint8_t *)address));
    if (done)
        *value = byte;

    return done;
}

bool machine_probe_write(void *address, uint8_t value)
{
    uint8_t done = 0;

    asm volatile("1: movb %2, %1\n\t" MAY_FAULT "movb $1, %0\n\t"
                 "2:"
                 : "+q"(done), "=m"(*(volatile uint8_t *)address)
                 : "q"(value));

    return done;
}

static bool fix_up(struct trap_frame *frame)
{
    const struct exception_fixup *fixup;

    if (frame->vector != VECTOR_PAGE_FAULT && frame->vector != VECTOR_GP_FAULT)
        return false;

    for (fixup = exception_table_start; fixup < exception_table_end; fixup++) {
        if (fixup->at == frame->rip) {
            frame->rip = fixup->go_on_at;
            return true;
        }
    }

    return false;
}

void exception(struct trap_frame *frame)
{
    static unsigned int depth;

    if (fix_up(frame))
        return;

    console_force();
    switch (depth++) {
    case 0: exception_print(frame); break;
    case 1:
        /* Telling it went wrong: this much should still be possible. */
        console_printf("\nException %lu at %#lx while another one is told.\n",
                       frame->vector, frame->rip);
        break;
    }
    machine_poweroff(MACHINE_EXIT_BUG);
}
