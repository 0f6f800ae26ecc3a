/* SPDX-License-Identifier: MIT */
/* Numbers of frames, as people read them. */
#ifndef MONITOR_SIZE_H
#define MONITOR_SIZE_H

#include <xen/memory_map.h>
#include <xen/mm-frame.h>

/* Format the size of @nr frames; returns @text. */
static inline const char *frames_text(char text[SIZE_TEXT], unsigned long nr)
{
    format_size(text, (uint64_t)nr << PAGE_SHIFT);

    return text;
}

#endif /* MONITOR_SIZE_H */
