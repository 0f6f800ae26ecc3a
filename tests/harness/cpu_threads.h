/* SPDX-License-Identifier: MIT */
/*
 * Real threads as CPUs, for what the thread sanitizer is to look at. A thread
 * is not interrupted: it answers others when it looks, by smp_answer().
 */
#ifndef CPU_THREADS_H
#define CPU_THREADS_H

/**
 * cpu_threads_run - let CPUs 0 to @nr - 1 run @body at once.
 *
 * Those that have not joined do. Who has returned answers the others until all
 * have. Then all leave the heap, and all but CPU 0 the machine; this thread is
 * CPU 0.
 */
void cpu_threads_run(unsigned int nr, void (*body)(void));

/* A number below @below, by thread, and the same ones each time. */
unsigned int cpu_draw(unsigned int below);

#endif /* CPU_THREADS_H */
