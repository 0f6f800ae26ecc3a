/* SPDX-License-Identifier: MIT */
/*
 * The monitor: read a line, find the command, let it answer.
 *
 * Answers are for people and scripts alike: one fact a line, its name first.
 */
#include <xen/bootmem.h>
#include <xen/frame_table.h>
#include <xen/machine.h>
#include <xen/monitor.h>
#include <xen/page_alloc.h>
#include <xen/printk.h>
#include <xen/scrub.h>
#include <xen/selftest.h>
#include <xen/string.h>
#include <xen/text.h>

#include "monitor_line.h"

#define PROMPT "tessera> "

/* A command's words behind its name; those that were not given are "". */
struct words {
    unsigned int nr;
    const char *word[MAX_WORDS];
};

struct command {
    const char *name, *arguments, *help;
    unsigned int min, max; /* how many words behind the name */

    /* One of the two; false: the words make no sense. */
    void (*show)(void);
    bool (*run)(const struct monitor_view *view, const struct words *words);
};

/* All of @text as a number, or as a size with its unit. */
static bool whole_size(const char *text, uint64_t *value)
{
    const char *end;

    return parse_size(text, &end, value) && !*end;
}

static bool order_of(const char *text, unsigned int *order)
{
    uint64_t value;

    if (!whole_size(text, &value) || value > MAX_ORDER) {
        console_printf("not an order from 0 to %u: %s\n", MAX_ORDER, text);
        return false;
    }
    *order = (unsigned int)value;

    return true;
}

static bool frame_of(const char *text, mfn_t *mfn)
{
    uint64_t address;

    if (!whole_size(text, &address) || address >= PADDR_MAX) {
        console_printf("not an address: %s\n", text);
        return false;
    }
    *mfn = maddr_to_mfn(address);

    return true;
}

static bool command_map(const struct monitor_view *view,
                        const struct words *words)
{
    (void)words;
    memory_map_print_raw(view->raw, MEMORY_MAP_ALL_ROWS);
    memory_map_print(view->map, MEMORY_MAP_ALL_ROWS);
    bootmem_print_reservations();

    return true;
}

static bool command_leaks(const struct monitor_view *view,
                          const struct words *words)
{
    (void)view;
    if (words->nr == 0)
        monitor_show_leaks();
    else if (strcmp(words->word[0], "mark") == 0)
        monitor_mark_leaks();
    else
        return false;

    return true;
}

static bool command_page(const struct monitor_view *view,
                         const struct words *words)
{
    bool by_number = strcmp(words->word[0], "mfn") == 0;
    uint64_t number;
    mfn_t mfn;

    if (by_number) {
        if (!whole_size(words->word[1], &number) ||
            number >= PADDR_MAX >> PAGE_SHIFT) {
            console_printf("not a frame number: %s\n", words->word[1]);
            return true;
        }
        mfn = _mfn(number);
    } else if (words->nr != 1) {
        return false;
    } else if (!frame_of(words->word[0], &mfn)) {
        return true;
    }
    monitor_show_frame(view->map, mfn);

    return true;
}

static bool command_alloc(const struct monitor_view *view,
                          const struct words *words)
{
    uint64_t limit = HEAP_NO_LIMIT;
    struct page_info *pg;
    unsigned int order;

    (void)view;
    if (!order_of(words->word[0], &order))
        return true;
    if (words->nr == 2 && !whole_size(words->word[1], &limit)) {
        console_printf("not a limit in bytes: %s\n", words->word[1]);
        return true;
    }
    pg = alloc_heap_pages(order, limit, 0, NULL);
    if (pg)
        console_printf("block   of order %u at %#lx\n", order,
                       mfn_to_maddr(page_to_mfn(pg)));
    else
        console_printf("block   none\n");

    return true;
}

/* What a typist may get wrong must not stop the machine. */
static bool may_free(mfn_t mfn, unsigned int order)
{
    for (unsigned long i = 0; i < BIT(order); i++) {
        mfn_t each = mfn_add(mfn, i);
        unsigned int free_order;

        if (!mfn_valid(each) || bootmem_owner(each) ||
            (mfn_to_page(each)->count_info &
             ~(PGC_state_offlining | PGC_broken)) != 0 ||
            !mfn_eq(heap_block_of(each, &free_order), INVALID_MFN))
            return false;
    }

    /* Frame 0 is never in the heap, nor out of it. */
    return mfn_x(mfn) > 0 && IS_ALIGNED(mfn_x(mfn), BIT(order));
}

static bool command_free(const struct monitor_view *view,
                         const struct words *words)
{
    unsigned int order;
    mfn_t mfn;

    if (!frame_of(words->word[0], &mfn) || !order_of(words->word[1], &order))
        return true;
    if (!memory_map_is_ram(view->map, mfn_to_maddr(mfn),
                           mfn_to_maddr(mfn_add(mfn, BIT(order)))) ||
        !may_free(mfn, order)) {
        console_printf("not a block of order %u that is out: %#lx\n", order,
                       mfn_to_maddr(mfn));
        return true;
    }
    free_heap_pages(mfn_to_page(mfn), order, TLB_NO_DEBT);
    console_printf("freed   order %u at %#lx\n", order, mfn_to_maddr(mfn));

    return true;
}

static bool command_offline(const struct monitor_view *view,
                            const struct words *words)
{
    bool broken = strcmp(words->word[1], "broken") == 0;
    mfn_t mfn;

    (void)view;
    if (words->nr == 2 && !broken)
        return false;
    if (words->nr == 0)
        monitor_show_offline();
    else if (frame_of(words->word[0], &mfn))
        monitor_offline(mfn, broken);

    return true;
}

static bool command_online(const struct monitor_view *view,
                           const struct words *words)
{
    mfn_t mfn;

    (void)view;
    if (frame_of(words->word[0], &mfn))
        monitor_online(mfn);

    return true;
}

static bool command_selftest(const struct monitor_view *view,
                             const struct words *words)
{
    (void)view;
    if (CONFIG_SELFTEST) {
        scrub_pause(); /* they count what is free */
        selftest_run(words->nr > 0 ? words->word[0] : "*");
        scrub_go_on();
    } else {
        console_printf("this image was built without self-tests\n");
    }

    return true;
}

static bool command_reboot(const struct monitor_view *view,
                           const struct words *words)
{
    (void)view;
    (void)words;
    machine_reboot();
}

static bool command_poweroff(const struct monitor_view *view,
                             const struct words *words)
{
    (void)view;
    (void)words;
    machine_poweroff(MACHINE_EXIT_SUCCESS);
}

static bool command_help(const struct monitor_view *view,
                         const struct words *words);

static const struct command commands[] = {
    { "help", "", "show this list", 0, 0, NULL, command_help },
    { "map", "", "the memory map, and what is reserved", 0, 0, NULL,
      command_map },
    { "heap", "", "what is free, and whether the heap is sound", 0, 0,
      monitor_show_heap, NULL },
    { "nodes", "", "which memory is near to which CPUs", 0, 0,
      monitor_show_nodes, NULL },
    { "claims", "", "what domains have been promised, and where", 0, 0,
      monitor_show_claims, NULL },
    { "leaks", "[mark]", "who has memory that was taken since the mark", 0, 1,
      NULL, command_leaks },
    { "tlb", "", "the TLB clock: who flushed when, and why", 0, 0,
      monitor_show_tlb, NULL },
    { "domains", "", "who there is, and what each has", 0, 0,
      monitor_show_domains, NULL },
    { "audit", "", "count every reference anew, and compare", 0, 0,
      monitor_audit, NULL },
    { "page", "ADDRESS | mfn NUMBER", "all that is known of one frame", 1, 2,
      NULL, command_page },
    { "alloc", "ORDER [LIMIT]", "take a block from the heap", 1, 2, NULL,
      command_alloc },
    { "free", "ADDRESS ORDER", "give a block back", 2, 2, NULL, command_free },
    { "offline", "[ADDRESS [broken]]",
      "take a frame out, or list those that are", 0, 2, NULL, command_offline },
    { "online", "ADDRESS", "and take it back", 1, 1, NULL, command_online },
    { "hotadd", "", "take memory into use that was plugged in", 0, 0,
      machine_add_memory, NULL },
    { "cpus", "", "who takes part, and where each CPU is", 0, 0,
      machine_print_cpus, NULL },
    { "selftest", "[GLOB]", "run the self-tests, or some of them", 0, 1, NULL,
      command_selftest },
    { "reboot", "", "start the machine anew", 0, 0, NULL, command_reboot },
    { "poweroff", "", "switch the machine off", 0, 0, NULL, command_poweroff },
};

static bool command_help(const struct monitor_view *view,
                         const struct words *words)
{
    (void)view;
    (void)words;
    for (unsigned int i = 0; i < ARRAY_SIZE(commands); i++)
        console_printf("%-9s%-22s%s\n", commands[i].name, commands[i].arguments,
                       commands[i].help);

    return true;
}

void monitor_command(const struct monitor_view *view, char *line)
{
    const char *word[MAX_WORDS];
    unsigned int nr = monitor_split(line, word);
    struct words words = { nr - 1, { word[1], word[2], word[3], "" } };
    const struct command *command = commands;

    if (nr == 0)
        return;
    while (strcmp(command->name, word[0]) != 0) {
        if (++command == commands + ARRAY_SIZE(commands)) {
            console_printf("no such command: %s; try 'help'\n", word[0]);
            return;
        }
    }
    if (words.nr < command->min || words.nr > command->max ||
        (command->run && !command->run(view, &words)))
        console_printf("usage: %s %s\n", command->name, command->arguments);
    else if (command->show)
        command->show();
}

_Noreturn void monitor_run(const struct monitor_view *view)
{
    char line[LINE_SIZE];

    console_printf("The monitor: type 'help'.\n");
    for (;;) {
        console_printf(PROMPT);
        if (!monitor_read_line(line))
            machine_poweroff(MACHINE_EXIT_SUCCESS);
        monitor_command(view, line);
    }
}
