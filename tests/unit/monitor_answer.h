/* SPDX-License-Identifier: MIT */
/* Ask the monitor, and look at what it says. */
#ifndef MONITOR_ANSWER_H
#define MONITOR_ANSWER_H

#include <stdio.h>
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/monitor.h>

static inline const char *answer(const char *command)
{
    static const struct monitor_view view;
    char line[128];

    hosted_console_clear();
    snprintf(line, sizeof(line), "%s", command);
    monitor_command(&view, line);

    return hosted_console();
}

static inline void expect_part(const char *part)
{
    if (!strstr(hosted_console(), part))
        test_fail(__FILE__, __LINE__, "no \"%s\" in:\n%s", part,
                  hosted_console());
}

#endif /* MONITOR_ANSWER_H */
