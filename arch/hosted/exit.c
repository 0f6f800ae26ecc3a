/* SPDX-License-Identifier: MIT */
/* The way out of a machine that is a process. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <xen/machine.h>

_Noreturn void machine_poweroff(enum machine_exit status)
{
    fflush(NULL);
    _exit(status == MACHINE_EXIT_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE);
}

_Noreturn void machine_reboot(void)
{
    machine_poweroff(MACHINE_EXIT_SUCCESS);
}
