/* SPDX-License-Identifier: MIT */
/* Reads a line that somebody types, and cuts it into words. */
#include <xen/machine.h>
#include <xen/printk.h>

#include "monitor_line.h"

unsigned int monitor_split(char *line, const char *word[MAX_WORDS])
{
    unsigned int nr = 0;

    for (unsigned int i = 0; i < MAX_WORDS; i++)
        word[i] = "";
    while (*line) {
        if (*line == ' ' || *line == '\t') {
            *line++ = '\0';
            continue;
        }
        if (nr < MAX_WORDS)
            word[nr] = line;
        nr++;
        while (*line && *line != ' ' && *line != '\t')
            line++;
    }

    return nr;
}

bool monitor_read_line(char line[LINE_SIZE])
{
    unsigned int length = 0;

    for (;;) {
        int c = machine_console_read();

        if (c < 0)
            return false;
        if (c == '\r' || c == '\n')
            break;
        if ((c == '\b' || c == 0x7f) && length > 0) {
            length--;
            console_printf("\b \b");
        } else if (c >= ' ' && c < 0x7f && length < LINE_SIZE - 1) {
            line[length++] = (char)c;
            console_printf("%c", c);
        }
    }
    line[length] = '\0';
    console_printf("\n");

    return true;
}
