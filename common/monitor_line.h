/* SPDX-License-Identifier: MIT */
/* A line that somebody types, and its words. */
#ifndef MONITOR_LINE_H
#define MONITOR_LINE_H

#include <xen/types.h>

#define LINE_SIZE 128U
#define MAX_WORDS 4U

/* Cut @line into words; returns how many there are, of which MAX_WORDS are
 * kept. */
unsigned int monitor_split(char *line, const char *word[MAX_WORDS]);

/* Read a line with its echo; false if there will be no more input. */
bool monitor_read_line(char line[LINE_SIZE]);

#endif /* MONITOR_LINE_H */
