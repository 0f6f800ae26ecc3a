/* SPDX-License-Identifier: MIT */
/*
 * Domains, their frames and what holds them, in the plainest way: arrays, and
 * no count anywhere. How many references a frame has is counted anew each time,
 * over all that may hold one. Nothing is ever interrupted here.
 *
 * The state is a value: it can be copied, tried, and thrown away. It shares
 * with the core the formats of entries and of arguments, and no code.
 */
#ifndef NAIVE_GUESTS_H
#define NAIVE_GUESTS_H

#include <stdbool.h>

#include <x86/pte.h>
#include <xen/domain.h>
#include <xen/page_holder.h>
#include <xen/page_table.h>
#include <xen/types.h>

#define NAIVE_FRAMES  112U
#define NAIVE_DOMAINS 3U
#define NAIVE_VCPUS   2U
#define NAIVE_NONE    (~0U) /* no frame */

/* In place of a domain: those that own devices, and what is exported. */
#define NAIVE_IO  NAIVE_DOMAINS
#define NAIVE_XEN (NAIVE_DOMAINS + 1)

/* All that a guest writes of a frame; what lies beyond stays zero. */
#define NAIVE_WORDS (PTES_PER_TABLE < 8 ? 8U : (unsigned int)PTES_PER_TABLE)

/* Types by number: tables by their level. */
#define NAIVE_DESCRIPTORS 5U
#define NAIVE_WRITABLE    7U

enum naive_phase {
    NAIVE_IDLE,
    NAIVE_BUSY,
    NAIVE_PARTIAL,
    NAIVE_VALID,
};

struct naive_frame {
    unsigned int owner; /* index of a domain + 1; 0: nobody */
    bool allocated, pinned;
    unsigned int type; /* in any phase but idle */
    enum naive_phase phase;
    unsigned int nr; /* busy or partial: entries that hold */
    bool half;       /* and one that holds half */
    bool inherited;  /* busy, and was partial */
    unsigned long m2p;
    uint64_t word[NAIVE_WORDS];
};

struct naive_hold {
    unsigned int frame;
    enum hold hold;
};

struct naive_vcpu {
    struct naive_hold kernel_base, user_base, deferred;
    struct naive_hold gdt[GDT_FRAMES], ldt[LDT_FRAMES];
    unsigned long ldt_base;
    unsigned int ldt_entries;
};

struct naive_domain {
    enum domain_state state;
    bool privileged;
    unsigned int max_pages;
    struct naive_vcpu vcpu[NAIVE_VCPUS];
};

struct naive_guests {
    unsigned long first;      /* the machine frame that frame[0] stands for */
    unsigned long end_of_ram; /* none from there on has an entry */
    unsigned long highest;    /* what guests are told */
    unsigned long device[2];  /* frames that the privileged may map */
    struct naive_frame frame[NAIVE_FRAMES];
    struct naive_domain domain[NAIVE_DOMAINS];
    unsigned int nr_temporary; /* references that are in somebody's hands */
    struct naive_hold temporary[24];
};

struct naive_count {
    unsigned int general, type;
};

/* Count everything. */
void naive_count(const struct naive_guests *g,
                 struct naive_count count[NAIVE_FRAMES]);
struct naive_count naive_count_of(const struct naive_guests *g,
                                  unsigned int frame);

/* Frames that domain @d owns. */
unsigned int naive_nr_pages(const struct naive_guests *g, unsigned int d);

/* The frame of a number, or NAIVE_NONE. */
unsigned int naive_frame_of(const struct naive_guests *g, unsigned long mfn);

/* A reference in hand: taken, dropped, handed to a holder that is written down
 * elsewhere (let go). They form a stack. */
void naive_push(struct naive_guests *g, unsigned int frame, enum hold hold);
bool naive_get(struct naive_guests *g, unsigned long mfn, unsigned int d);
void naive_drop(struct naive_guests *g);
void naive_drop_type(struct naive_guests *g); /* full becomes read-only */
struct naive_hold naive_let_go(struct naive_guests *g);

/* Drop what a holder that is written down holds. */
void naive_drop_hold(struct naive_guests *g, struct naive_hold *hold);

/* Use the frame in hand, held read-only, as @type: 0 and it is held fully, or a
 * negative errno and it is not. */
int naive_take_type(struct naive_guests *g, unsigned int type);

/* May @entry stand in a table of @level; and what is it made into? */
int naive_check_entry(unsigned int level, uint64_t *entry);

/* Take what *@entry names in @table, of @d's, into the hand; of a device, or of
 * the table itself, a holder of nothing. */
int naive_take_entry(struct naive_guests *g, unsigned int d, unsigned int owner,
                     unsigned int table, unsigned int level, uint64_t *entry);

/* May it stand among descriptors; and what is it made into? */
int naive_check_descriptor(uint64_t *descriptor);

/* What an entry of a valid table holds. */
struct naive_hold naive_entry_hold(const struct naive_guests *g,
                                   unsigned int level, unsigned int slot,
                                   uint64_t entry);
bool naive_is_hypervisors(unsigned int level, unsigned int slot);

/* Have nothing partial, and nothing put off, any more. */
void naive_settle(struct naive_guests *g);

/* Take all from domain @d. */
void naive_destroy(struct naive_guests *g, unsigned int d);

#endif /* NAIVE_GUESTS_H */
