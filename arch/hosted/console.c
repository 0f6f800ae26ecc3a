/* SPDX-License-Identifier: MIT */
/* The console of a process: text kept for the tests, or shown. */
#include <stdio.h>
#include <string.h>

#include <hosted.h>
#include <xen/arch.h>
#include <xen/machine.h>

static char kept[1 << 20];
static size_t nr_kept;
static bool shown;
static const char *typed;

void arch_console_write(const char *text, size_t size)
{
    size_t room = sizeof(kept) - 1 - nr_kept;

    if (shown)
        fwrite(text, 1, size, stdout);
    if (size > room)
        size = room;
    memcpy(kept + nr_kept, text, size);
    nr_kept += size;
}

const char *hosted_console(void)
{
    kept[nr_kept] = '\0';
    return kept;
}

void hosted_console_clear(void)
{
    nr_kept = 0;
}

void hosted_console_show(bool show)
{
    shown = show;
}

void hosted_type(const char *text)
{
    typed = text;
}

int machine_console_read(void)
{
    if (!typed)
        return getchar();

    return *typed ? *typed++ : -1;
}
