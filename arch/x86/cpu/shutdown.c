/* SPDX-License-Identifier: MIT */
/*
 * The ways out: switching the machine off, starting it anew, and stopping
 * because the hypervisor is wrong.
 */
#include <cpu/io.h>
#include <cpu/nmi.h>
#include <cpu/registers.h>
#include <cpu/traps.h>
#include <x86/cpuid.h>
#include <x86/debug_exit.h>
#include <xen/bug.h>
#include <xen/machine.h>
#include <xen/printk.h>

_Static_assert(DEBUG_EXIT_BUG == MACHINE_EXIT_BUG, "head.S says another");

/* PM1a_CNT of QEMU's machines; sleep type 0 with SLP_EN is off. */
#define QEMU_PM1A_PORT 0x604
#define PM1A_POWER_OFF 0x2000

/* The chipset's reset control register: a cold reset, then do it. */
#define RESET_PORT  0xcf9
#define RESET_COLD  0x02
#define RESET_START 0x06

/* The keyboard controller pulls the CPU's reset line. */
#define KEYBOARD_PORT  0x64
#define KEYBOARD_RESET 0xfe

/* On real hardware something else may listen at an emulator's ports. */
static bool is_virtual(void)
{
    return cpuid(CPUID_FEATURES).ecx & CPUID_FEATURES_ECX_VIRTUAL;
}

_Noreturn void machine_poweroff(enum machine_exit status)
{
    if (is_virtual()) {
        outb(DEBUG_EXIT_PORT, (uint8_t)status);
        outw(QEMU_PM1A_PORT, PM1A_POWER_OFF);
    }

    console_printf("It is safe to switch the machine off.\n");
    cpu_halt();
}

_Noreturn void machine_reboot(void)
{
    static const struct desc_pointer no_idt;

    outb(RESET_PORT, RESET_COLD);
    outb(RESET_PORT, RESET_START);
    outb(KEYBOARD_PORT, KEYBOARD_RESET);

    /* An exception that cannot be delivered, nor the one that says so. */
    load_idt(&no_idt);
    asm volatile("ud2");
    cpu_halt();
}

_Noreturn void arch_bug(const char *file, int line, const char *what)
{
    static bool once;

    stop_other_cpus();

    /* Wrong again while saying so: say no more. */
    if (once)
        machine_poweroff(MACHINE_EXIT_BUG);
    once = true;

    console_force();
    printk(LOG_ERROR, "BUG on CPU %u at %s:%d: %s\n", arch_cpu_id(), file, line,
           what);
    backtrace_print((uintptr_t)__builtin_return_address(0),
                    *(const uintptr_t *)__builtin_frame_address(0));
    print_stopped_cpus();
    machine_poweroff(MACHINE_EXIT_BUG);
}
