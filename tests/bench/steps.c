/* SPDX-License-Identifier: MIT */
/* Steps through what a process measures, from another one. */
#define _GNU_SOURCE /* sched_setaffinity() */
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xen/spinlock.h>

#include "measure.h"

/* What the steps have been. */
struct steps {
    unsigned long nr, nr_locked;
    unsigned long nr_at_lock, longest; /* 0: no lock is held */
    unsigned int nr_held;
};

/* A lock prefix, among others; or an exchange with memory. The program is this
 * one too, so its text can be read here. */
static bool is_locked(const uint8_t *text)
{
    static const char prefixes[] = "\x66\x67\x2e\x36\x3e\x26\x64\x65\xf2\xf3";

    while (*text && strchr(prefixes, *text))
        text++;
    if (*text == 0xf0)
        return true;
    if ((*text & 0xf0) == 0x40)
        text++;

    return (*text & 0xfe) == 0x86 && text[1] < 0xc0;
}

static void step_at(struct steps *s, uintptr_t at)
{
    s->nr++;
    s->nr_locked += is_locked((const uint8_t *)at);
    if (at == (uintptr_t)spin_lock && s->nr_held++ == 0)
        s->nr_at_lock = s->nr;
    if (at == (uintptr_t)spin_unlock && --s->nr_held == 0 &&
        s->nr - s->nr_at_lock > s->longest)
        s->longest = s->nr - s->nr_at_lock;
}

/* Wait until the process stops; false: it has ended. */
static bool stops(pid_t pid, int *status)
{
    return waitpid(pid, status, 0) == pid && WIFSTOPPED(*status);
}

/* From where the process is to the end of measured(). */
static bool step_through(pid_t pid, int *status, struct steps *s)
{
    struct user_regs_struct regs;
    unsigned long stack = 0;

    for (;;) {
        ptrace(PTRACE_GETREGS, pid, 0, &regs);
        if (regs.rip == (uintptr_t)measured)
            stack = regs.rsp;
        if (stack && regs.rsp > stack)
            return true;
        if (stack)
            step_at(s, regs.rip);
        ptrace(PTRACE_SINGLESTEP, pid, 0, 0);
        if (!stops(pid, status))
            return false;
    }
}

int measure_steps(int (*program)(void))
{
    struct steps s = { 0 };
    int status = 0;
    cpu_set_t set;
    pid_t pid;

    /* Both on one CPU: they wait for each other all the time. */
    CPU_ZERO(&set);
    CPU_SET((unsigned int)sched_getcpu(), &set);
    sched_setaffinity(0, sizeof(set), &set);
    pid = fork();
    if (pid == 0) {
        measure_stepped = true;
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        exit(program());
    }
    while (stops(pid, &status)) {
        if (WSTOPSIG(status) == SIGTRAP && !step_through(pid, &status, &s))
            break;
        ptrace(PTRACE_CONT, pid, 0,
               WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status));
    }
    printf("steps: %lu\nlocked: %lu\nlongest: %lu\n", s.nr, s.nr_locked,
           s.longest);

    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
