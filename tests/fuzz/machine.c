/* SPDX-License-Identifier: MIT */
/* The machine of a fuzzer: it has nothing to say, and a bug is a finding. */
#include <stdio.h>
#include <stdlib.h>

#include <xen/arch.h>

#include "fuzz.h"

void arch_console_write(const char *text, size_t size)
{
    (void)text;
    (void)size;
}

unsigned int arch_cpu_id(void)
{
    return 0;
}

_Noreturn void arch_bug(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}
