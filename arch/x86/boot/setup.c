/* SPDX-License-Identifier: MIT */
/* The boot, as a list of calls: from the loader's last word to the monitor. */
#include <boot/setup.h>
#include <cpu/descriptors.h>
#include <cpu/guest_space.h>
#include <cpu/machine_check.h>
#include <cpu/paging.h>
#include <cpu/registers.h>
#include <cpu/uart.h>
#include <cpu/watchdog.h>
#include <xen/bootmem.h>
#include <xen/domain.h>
#include <xen/frame_table.h>
#include <xen/heap_fault.h>
#include <xen/m2p.h>
#include <xen/machine.h>
#include <xen/monitor.h>
#include <xen/offline.h>
#include <xen/page_alloc.h>
#include <xen/pdx.h>
#include <xen/scrub.h>
#include <xen/selftest.h>
#include <xen/symbols.h>

/* A test that says nothing for longer hangs; the slowest take seconds. */
#define TEST_SECONDS 90

/* Made by tools/symbols.py. */
extern const struct symbol_table image_symbols;

/* What the linker collected; linker.lds defines both also for no tests. */
extern const struct test *const __start_selftests[];
extern const struct test *const __stop_selftests[];

static struct boot_state state;

const struct boot_state *boot_state(void)
{
    return &state;
}

_Noreturn void boot_fail(const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    printk(LOG_ERROR, "tessera cannot start: %s\n", text);
    machine_poweroff(MACHINE_EXIT_BUG);
}

/* The loader's parsers warn on COM1: what else to use is not known yet. */
static void console_init(void)
{
    uart_init(CONSOLE_COM1);
    symbols_register(&image_symbols);
    traps_init();
}

/* Twice: it is not known where to warn before it has been read. */
static void read_command_line(void)
{
    struct boot_options *options = &state.options;
    bool found;

    console_set_level(LOG_ERROR);
    cmdline_parse(options, state.info.command_line);
    console_set_level(options->log_level);
    found = options->console == CONSOLE_COM1 || uart_init(options->console);
    if (!found)
        uart_init(CONSOLE_COM1);

    printk(LOG_INFO, "\nTessera, a hypervisor's memory core\n");
    printk(LOG_INFO, "Started by %s, command line: %s\n", state.info.loader,
           state.info.command_line);
    cmdline_parse(options, state.info.command_line);
    if (!found)
        printk(LOG_WARNING, "console=: there is no such port\n");
}

static void heap_start(void)
{
    if (paging_init(&state.map))
        boot_fail("there is no memory for page tables");
    pdx_enable(state.options.pdx);
    if (frame_table_init(&state.map))
        boot_fail("there is no frame table");
    if (m2p_init())
        boot_fail("there is no memory for the M2P");
    boot_make_nodes(&state);
    scrub_set_mode(state.options.scrub);
    heap_init();
    heap_open_when_idle();
    offline_init(&state.map, bootmem_owner);
    machine_check_enable();
    machine_check_init();
    if (state.options.heap_fail_at)
        heap_fail_at(state.options.heap_fail_at, state.options.heap_fail_every);
}

static void owners_start(void)
{
    if (domains_init())
        boot_fail("there is no memory for domains");
    guest_space_init();
}

static bool run_selftests(void)
{
    unsigned int nr_failed;

    if (!CONFIG_SELFTEST)
        return true;
    selftest_register(__start_selftests, __stop_selftests);
    if (!state.options.selftest[0])
        return true;

    watchdog_start(TEST_SECONDS);
    nr_failed = selftest_run(state.options.selftest);
    watchdog_stop();

    return nr_failed == 0;
}

static _Noreturn void answer_questions(void)
{
    static const struct monitor_view view = { &state.info.map, &state.map };

    if (CONFIG_MONITOR)
        monitor_run(&view);

    printk(LOG_INFO, "There is no monitor in this image: that is all.\n");
    cpu_halt();
}

_Noreturn void setup(void)
{
    unsigned int nr_refused;
    bool passed;

    console_init();
    boot_read_information(&state.info);
    read_command_line();
    boot_build_map(&state);
    boot_fill_bootmem(&state);
    boot_find_cpus(&state);
    boot_find_nodes(&state);
    heap_start();
    owners_start();
    boot_print_summary(&state, rdtsc() - boot_tsc);
    boot_start_cpus(&state);
    (void)boot_take_in_memory(&nr_refused);

    passed = run_selftests();
    if (state.options.poweroff)
        machine_poweroff(passed ? MACHINE_EXIT_SUCCESS : MACHINE_EXIT_FAILURE);
    scrub_start();
    answer_questions();
}
