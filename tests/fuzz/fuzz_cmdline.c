/* SPDX-License-Identifier: MIT */
/* The command line: the input is the text. */
#include <stdlib.h>
#include <string.h>

#include <xen/cmdline.h>

#include "fuzz.h"

static void check(const struct boot_options *options)
{
    EXPECT(options->console <= CONSOLE_NONE);
    EXPECT(options->log_level <= LOG_DEBUG);
    EXPECT(options->mem > 0 && options->mem <= PADDR_MAX);
    EXPECT(options->nr_memmap <= CMDLINE_MAX_MEMMAP);
    EXPECT(memchr(options->selftest, '\0', sizeof(options->selftest)));
    for (unsigned int i = 0; i < options->nr_memmap; i++) {
        const struct e820_entry *entry = &options->memmap[i];

        EXPECT(entry->size > 0);
        EXPECT(entry->address + (entry->size - 1) >= entry->address);
        EXPECT(entry->type >= E820_RAM && entry->type <= E820_ACPI);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct boot_options options, again;
    char *text = malloc(size + 1);

    EXPECT(text);
    memcpy(text, data, size);
    text[size] = '\0';

    memset(&options, 0xa5, sizeof(options));
    cmdline_parse(&options, text);
    check(&options);

    /* What is understood depends on nothing but the text. */
    memset(&again, 0x5a, sizeof(again));
    cmdline_parse(&again, text);
    EXPECT(strcmp(options.selftest, again.selftest) == 0);
    EXPECT(options.mem == again.mem && options.nr_memmap == again.nr_memmap);
    free(text);

    return 0;
}
