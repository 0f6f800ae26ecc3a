/* SPDX-License-Identifier: MIT */
/*
 * The self-tests that are linked into the image: tests/boot, run on the machine
 * that has booted. TAP goes to the console (https://testanything.org), and the
 * last line is "# selftest: N passed, M failed".
 */
#ifndef XEN_SELFTEST_H
#define XEN_SELFTEST_H

#include <xen/types.h>

/**
 * selftest_run - run each test whose "suite: name" matches the glob @pattern.
 *
 * After each one the heap is checked, and a broken invariant fails the test
 * that broke it. Returns the number of tests that failed; finding none to run
 * counts as one failure.
 */
unsigned int selftest_run(const char *pattern);

#endif /* XEN_SELFTEST_H */
