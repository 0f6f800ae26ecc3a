/* SPDX-License-Identifier: MIT */
/* Reads the banks of a CPU that has found an error, and draws conclusions. */
#include <cpu/machine_check.h>
#include <cpu/nmi.h>
#include <cpu/percpu.h>
#include <cpu/registers.h>
#include <x86/cpuid.h>
#include <x86/msr.h>
#include <xen/arch.h>
#include <xen/background.h>
#include <xen/bits.h>
#include <xen/errno.h>
#include <xen/machine.h>
#include <xen/offline.h>
#include <xen/printk.h>

struct bank_report {
    bool is_set; /* last, with release; cleared by who has read the rest */
    unsigned int cpu, bank;
    uint64_t status, address, misc;
};

/* What is still to be looked at. More at once are one error, or the end. */
#define NR_REPORTS 32U
static struct bank_report reports[NR_REPORTS];
static bool claimed[NR_REPORTS]; /* atomic */
static unsigned long nr_dropped;

static unsigned int nr_banks(void)
{
    uint32_t features = cpuid(CPUID_FEATURES).edx;
    uint32_t wanted = CPUID_FEATURES_EDX_MCE | CPUID_FEATURES_EDX_MCA;

    if ((features & wanted) != wanted)
        return 0;

    return (unsigned int)(rdmsr(MSR_MCG_CAP) & MCG_CAP_NR_BANKS);
}

void machine_check_enable(void)
{
    unsigned int nr = nr_banks();

    if (nr == 0)
        return;
    if (rdmsr(MSR_MCG_CAP) & MCG_CAP_CTL)
        wrmsr(MSR_MCG_CTL, ~0UL);
    for (unsigned int bank = 0; bank < nr; bank++) {
        wrmsr(MSR_MC_CTL(bank), ~0UL);
        wrmsr(MSR_MC_STATUS(bank), 0);
    }
}

/* For a CPU that idles. Nobody waits for a lock in the exception, so it is an
 * array of places, of which each is written by one who has claimed it. */
static void keep(const struct bank_report *report)
{
    for (unsigned int i = 0; i < NR_REPORTS; i++) {
        if (__atomic_exchange_n(&claimed[i], true, __ATOMIC_ACQUIRE))
            continue;
        reports[i] = *report;
        __atomic_store_n(&reports[i].is_set, true, __ATOMIC_RELEASE);
        return;
    }
    __atomic_fetch_add(&nr_dropped, 1, __ATOMIC_RELAXED);
}

/* One that was to leave already is broken from now on. */
static void take_frame_out(mfn_t mfn)
{
    int rc = offline_page(mfn, true);
    bool stays = rc < 0 && rc != -EEXIST;

    printk(LOG_WARNING, "machine check: frame %#lx %s %s\n", mfn_x(mfn),
           stays ? "stays:" : "is", page_place_name(query_page(mfn).place));
}

/* How many frames, aligned, the error may be in: by the bits of the address
 * that say something. No more than a superpage, lest that be all of memory. */
static unsigned long nr_frames_of(const struct bank_report *report)
{
    unsigned int lowest = report->misc & MC_MISC_LOWEST_BIT;

    if (!(report->status & MC_STATUS_HAS_MISC) ||
        (report->misc & MC_MISC_MODE) != MC_MISC_PHYSICAL ||
        lowest <= PAGE_SHIFT)
        return 1;
    if (lowest > PAGE_SHIFT + SUPERPAGE_ORDER)
        lowest = PAGE_SHIFT + SUPERPAGE_ORDER;

    return BIT(lowest - PAGE_SHIFT);
}

static void take_frames_out(const struct bank_report *report)
{
    unsigned long nr = nr_frames_of(report);
    mfn_t first = maddr_to_mfn(ALIGN_DOWN(report->address, nr << PAGE_SHIFT));

    printk(LOG_ERROR,
           "machine check: CPU %u, bank %u: status %#lx, address %#lx\n",
           report->cpu, report->bank, report->status, report->address);
    if (!(report->status & MC_STATUS_HAS_ADDRESS) ||
        !(report->status & MC_STATUS_UNCORRECTED))
        return;
    for (unsigned long i = 0; i < nr; i++)
        take_frame_out(mfn_add(first, i));
}

static bool step(void)
{
    unsigned long nr = __atomic_exchange_n(&nr_dropped, 0, __ATOMIC_RELAXED);

    if (nr > 0)
        printk(LOG_ERROR, "machine check: %lu more were not kept\n", nr);
    for (unsigned int i = 0; i < NR_REPORTS; i++) {
        struct bank_report report;

        if (!__atomic_exchange_n(&reports[i].is_set, false, __ATOMIC_ACQUIRE))
            continue;
        report = reports[i];
        __atomic_store_n(&claimed[i], false, __ATOMIC_RELEASE);
        take_frames_out(&report);
    }

    return false;
}

void machine_check_init(void)
{
    static struct background work = { .step = step };

    background_register(&work);
}

/* The code that was interrupted cannot go on, or nobody knows what is wrong. */
static bool is_fatal(uint64_t status)
{
    if (!(status & MC_STATUS_UNCORRECTED))
        return false;

    return status & MC_STATUS_CORRUPT || !(status & MC_STATUS_HAS_ADDRESS) ||
           (status & MC_STATUS_SIGNALED && status & MC_STATUS_ACT);
}

static _Noreturn void give_up(const struct trap_frame *frame,
                              const struct bank_report *report, uint64_t global)
{
    stop_other_cpus();
    console_force();
    console_printf("\nMachine check on CPU %u that cannot be gone on after: "
                   "global status %#lx\n",
                   arch_cpu_id(), global);
    if (report->is_set)
        console_printf("bank %u: status %#lx, address %#lx\n", report->bank,
                       report->status, report->address);
    else
        console_printf("no bank tells of it\n");
    exception_print(frame);
    machine_poweroff(MACHINE_EXIT_BUG);
}

/* Read and clear each; *@worst is the one that tells most. */
static bool read_banks(struct bank_report *worst, bool all_fatal)
{
    unsigned int nr = nr_banks();
    bool fatal = all_fatal;

    for (unsigned int bank = 0; bank < nr; bank++) {
        struct bank_report report = { false, arch_cpu_id(),
                                      bank,  rdmsr(MSR_MC_STATUS(bank)),
                                      0,     0 };

        if (!(report.status & MC_STATUS_VALID))
            continue;
        if (report.status & MC_STATUS_HAS_ADDRESS)
            report.address = rdmsr(MSR_MC_ADDRESS(bank));
        if (report.status & MC_STATUS_HAS_MISC)
            report.misc = rdmsr(MSR_MC_MISC(bank));
        if (!worst->is_set || is_fatal(report.status)) {
            *worst = report;
            worst->is_set = true;
        }
        fatal |= is_fatal(report.status);
        if (!fatal) {
            keep(&report);
            wrmsr(MSR_MC_STATUS(bank), 0);
        }
    }

    return fatal;
}

void machine_check(struct trap_frame *frame)
{
    uint64_t global = rdmsr(MSR_MCG_STATUS);
    struct bank_report worst = { 0 };

    if (read_banks(&worst, !(global & MCG_STATUS_RIPV)))
        give_up(frame, &worst, global);
    wrmsr(MSR_MCG_STATUS, 0);

    /* As an interrupt does it: the CPU looks at once whether there is work. */
    __atomic_store_n(&this_cpu()->woken, true, __ATOMIC_RELAXED);
    if (frame->rip == (uintptr_t)wait_for_interrupt + WAIT_HLT)
        frame->rip = (uintptr_t)wait_for_interrupt + WAIT_OVER;
}
