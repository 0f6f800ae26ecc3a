/* SPDX-License-Identifier: MIT */
/* Looks where there may be nothing. */
#ifndef FAULTS_H
#define FAULTS_H

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <test.h>

/* Does reading at @address end the process? */
static inline bool faults(const volatile void *address)
{
    int status = 0;

    if (test_fork() == 0) {
        signal(SIGSEGV, SIG_DFL);
        (void)*(const volatile char *)address;
        _exit(0);
    }
    wait(&status);

    return WIFSIGNALED(status);
}

#endif /* FAULTS_H */
