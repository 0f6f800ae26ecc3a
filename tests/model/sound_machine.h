/* SPDX-License-Identifier: MIT */
/*
 * A machine in which all is well, and one thing of each kind that the auditor
 * looks at: for tests that break one, and see what it says.
 */
#ifndef SOUND_MACHINE_H
#define SOUND_MACHINE_H

#include <test.h>
#include <xen/audit.h>

#include "pv_machine.h"

struct sound_machine {
    struct domain *d, *other; /* other is privileged */
    struct vcpu *v;           /* of d */

    /* Of d: a tree, its root the base pointer; one of level 3, pinned; one left
     * half way; a frame that nothing refers to, and one that is not charged. */
    struct page_info *root, *l3, *l2, *l1, *leaf;
    struct page_info *pinned, *partial, *plain, *extra;

    /* Of other: a table, pinned, with leaf and with the table l1, to be read.
     */
    struct page_info *foreign;
};

/* Make it, and see that both audits find it well. */
struct sound_machine sound_machine(void);

/* A general reference to a frame. */
struct page_holder sound_hold(struct page_info *pg);

/* Pin it as a table, which it must be. */
void sound_pin(struct page_info *pg, unsigned int level);

#define TYPE(pg) ((pg)->inuse_overlay.type_info)

/* What was said since the last listen(), and how often it was some words. */
void listen(void);
const char *said(void);
unsigned int times_said(const char *words);

/* Both audits find that @invariant is broken, with these words; and if @alone,
 * no other one. */
void expect_report(const char *file, int line, bool alone, int invariant,
                   const char *words);

/* Do something, have it found, and undo it. Only this is broken by it; */
#define EXPECT_BROKEN(invariant, words, corrupt, restore)                      \
    do {                                                                       \
        corrupt;                                                               \
        expect_report(__FILE__, __LINE__, true, invariant, words);             \
        restore;                                                               \
        EXPECT_EQ(audit(), 0);                                                 \
    } while (0)

/* or more than one, but this is noticed first. */
#define EXPECT_BROKEN_FIRST(invariant, words, corrupt, restore)                \
    do {                                                                       \
        corrupt;                                                               \
        expect_report(__FILE__, __LINE__, false, invariant, words);            \
        restore;                                                               \
        EXPECT_EQ(audit(), 0);                                                 \
    } while (0)

/* Change one member, and change it back. */
#define EXPECT_BROKEN_BY(invariant, words, member, value)                      \
    do {                                                                       \
        __typeof__(member) before_ = (member);                                 \
        EXPECT_BROKEN(invariant, words, (member) = (value),                    \
                      (member) = before_);                                     \
    } while (0)

#endif /* SOUND_MACHINE_H */
