/* SPDX-License-Identifier: MIT */
/* Counts results, and prints them as a table. */
#include <public/xen.h>
#include <stdio.h>
#include <string.h>
#include <xen/errno.h>

#include <public/grant_table.h>
#include <public/memory.h>

#include "call_count.h"
#include "call_maker.h"

static const char *const event_name[] = {
    "calls",
    "interrupted",
    "not continued",
    "domains made",
    "domains destroyed",
    "that left frames to others",
    "local table frames loaded",
    "grants mapped or copied",
};

static const struct {
    int number;
    const char *name;
} errors[] = {
    { 0, "done" },        { -EPERM, "PERM" },
    { -ESRCH, "SRCH" },   { -ENOMEM, "NOMEM" },
    { -EACCES, "ACCES" }, { -EFAULT, "FAULT" },
    { -EBUSY, "BUSY" },   { -EINVAL, "INVAL" },
    { -ENOSYS, "NOSYS" }, { -EOPNOTSUPP, "NOTSUPP" },
};

#define NR_ERRORS ARRAY_SIZE(errors)

enum kind {
    UPDATE,
    PRESERVE,
    NAME,
    PIN,
    UNPIN,
    BASE,
    USER_BASE,
    FLUSH,
    SET_LDT,
    CLEAR,
    COPY,
    OTHER_EXT,
    VA_MAPPING,
    OTHERS_VA_MAPPING,
    INCREASE,
    DECREASE,
    POPULATE,
    EXCHANGE,
    ASK_MEMORY,
    SET_GDT,
    DESCRIPTOR,
    UNKNOWN,
    NR_KINDS,
};

static const char *const kind_name[] = {
    "mmu_update", "  preserving bits", "  a name",        "pin",
    "unpin",      "base pointer",      "user's base",     "flush",
    "set_ldt",    "clear_page",        "copy_page",       "other mmuext_op",
    "va_mapping", "  other's frames",  "increase",        "decrease",
    "populate",   "exchange",          "other memory_op", "set_gdt",
    "descriptor", "unknown",
};

static unsigned long events[NR_EVENTS];
static unsigned long results[NR_KINDS][NR_ERRORS + 1];
static bool has_results; /* not if no model says what they are to be */
static unsigned long tables[5], links, nr_looks;

void count_event(enum call_event event)
{
    events[event]++;
}

unsigned long count_of(enum call_event event)
{
    return events[event];
}

static void count(enum kind kind, long result, unsigned long nr)
{
    unsigned int i = 0;

    while (i < NR_ERRORS && errors[i].number != result)
        i++;
    results[kind][i] += nr;
    has_results = true;
}

static enum kind kind_of_update(const struct mmu_update *request)
{
    switch (request->ptr & 7) {
    case MMU_MACHPHYS_UPDATE: return NAME;
    case MMU_PT_UPDATE_PRESERVE_AD: return PRESERVE;
    default: return UPDATE;
    }
}

static enum kind kind_of_ext(const struct mmuext_op *op)
{
    switch (op->cmd) {
    case MMUEXT_PIN_L1_TABLE:
    case MMUEXT_PIN_L2_TABLE:
    case MMUEXT_PIN_L3_TABLE:
    case MMUEXT_PIN_L4_TABLE: return PIN;
    case MMUEXT_UNPIN_TABLE: return UNPIN;
    case MMUEXT_NEW_BASEPTR: return BASE;
    case MMUEXT_NEW_USER_BASEPTR: return USER_BASE;
    case MMUEXT_SET_LDT: return SET_LDT;
    case MMUEXT_CLEAR_PAGE: return CLEAR;
    case MMUEXT_COPY_PAGE: return COPY;
    default:
        return op->cmd >= MMUEXT_TLB_FLUSH_LOCAL && op->cmd <= MMUEXT_INVLPG_ALL
                   ? FLUSH
                   : OTHER_EXT;
    }
}

/* Each element for itself. */
static void count_list(const struct naive_caller *c,
                       const struct hypercall *call, long result)
{
    bool is_update = call->number == __HYPERVISOR_mmu_update;
    size_t size =
        is_update ? sizeof(struct mmu_update) : sizeof(struct mmuext_op);

    /* One that only comes for its result has been counted. */
    for (unsigned long i = 0; i <= c->nr_done && call->argument[0]; i++) {
        uint64_t at = call->argument[0] + i * size;
        struct mmu_update request;
        struct mmuext_op op;
        enum kind kind = UNKNOWN;

        if (i == c->nr_done && result >= 0)
            return;
        if (is_update && naive_read(c, at, &request, sizeof(request)))
            kind = kind_of_update(&request);
        else if (!is_update && naive_read(c, at, &op, sizeof(op)))
            kind = kind_of_ext(&op);
        count(kind, i < c->nr_done ? 0 : result, 1);
    }
}

static void count_memory(const struct naive_caller *c,
                         const struct hypercall *call, long result)
{
    switch (call->argument[0] & MEMOP_CMD_MASK) {
    case XENMEM_increase_reservation: count(INCREASE, 0, c->nr_done); break;
    case XENMEM_decrease_reservation: count(DECREASE, 0, c->nr_done); break;
    case XENMEM_populate_physmap: count(POPULATE, 0, c->nr_done); break;
    case XENMEM_exchange:
        count(EXCHANGE, 0, c->nr_done);
        count(EXCHANGE, result, result < 0);
        break;
    default: count(ASK_MEMORY, result > 0 ? 0 : result, 1);
    }
}

void count_call(const struct naive_caller *c, const struct hypercall *call,
                long result)
{
    switch (call->number) {
    case __HYPERVISOR_mmu_update:
    case __HYPERVISOR_mmuext_op: count_list(c, call, result); break;
    case __HYPERVISOR_update_va_mapping: count(VA_MAPPING, result, 1); break;
    case __HYPERVISOR_update_va_mapping_otherdomain:
        count(OTHERS_VA_MAPPING, result, 1);
        break;
    case __HYPERVISOR_memory_op: count_memory(c, call, result); break;
    case __HYPERVISOR_set_gdt: count(SET_GDT, result, 1); break;
    case __HYPERVISOR_update_descriptor: count(DESCRIPTOR, result, 1); break;
    default: count(UNKNOWN, result, 1);
    }
}

void count_grants(const char *memory, const struct hypercall *call)
{
    unsigned long nr = call->argument[2];

    if (call->number != __HYPERVISOR_grant_table_op || call->restart ||
        call->argument[1] != CALL_MEMORY || nr > 3)
        return;
    for (unsigned int i = 0; i < nr; i++) {
        struct gnttab_map_grant_ref map;
        struct gnttab_copy copy;

        memcpy(&map, memory + i * sizeof(map), sizeof(map));
        memcpy(&copy, memory + i * sizeof(copy), sizeof(copy));
        events[EVENT_GRANT_USED] +=
            (call->argument[0] == GNTTABOP_map_grant_ref && map.status == 0) ||
            (call->argument[0] == GNTTABOP_copy && copy.status == 0);
    }
}

/* Those that lead to a table of the same level. */
static unsigned int nr_links(const struct naive_guests *g,
                             const struct naive_frame *table)
{
    unsigned int nr = 0;

    for (unsigned int i = 0; i < PTES_PER_TABLE; i++) {
        struct naive_hold h =
            naive_entry_hold(g, table->type, i, table->word[i]);

        nr += h.frame != NAIVE_NONE && g->frame[h.frame].type == table->type;
    }

    return nr;
}

void count_tables(const struct naive_guests *g)
{
    nr_looks++;
    for (unsigned int f = 0; f < NAIVE_FRAMES; f++) {
        const struct naive_frame *frame = &g->frame[f];

        if (frame->phase == NAIVE_PARTIAL)
            tables[0]++;
        if (frame->phase == NAIVE_VALID && frame->type <= 4) {
            tables[frame->type]++;
            links += frame->type > 1 ? nr_links(g, frame) : 0;
        }
    }
}

static double average(unsigned long sum)
{
    return (double)sum / (double)(nr_looks ? nr_looks : 1);
}

static void print_results(void)
{
    printf("# %-18s", "");
    for (unsigned int i = 0; i < NR_ERRORS; i++)
        printf("%9s", errors[i].name);
    for (unsigned int k = 0; k < NR_KINDS; k++) {
        printf("\n# %-18s", kind_name[k]);
        for (unsigned int i = 0; i < NR_ERRORS; i++)
            printf("%9lu", results[k][i]);
    }
    printf("\n");
}

void count_print(void)
{
    printf("# ");
    for (unsigned int i = 0; i < NR_EVENTS; i++)
        printf("%s%lu %s", i ? ", " : "", events[i], event_name[i]);
    printf("\n# tables at a time:");
    for (unsigned int level = 4; level > 0; level--)
        printf(" L%u %.1f,", level, average(tables[level]));
    printf(" partial %.2f, linear entries %.2f\n", average(tables[0]),
           average(links));
    if (has_results)
        print_results();
}
