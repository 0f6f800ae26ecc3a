/* SPDX-License-Identifier: MIT */
/*
 * Any sequence of RAM, reservations and allocations, against the oracle.
 *
 * The boot allocator starts once, so each input has a process of its own. What
 * the child has covered it leaves in shared memory, and the fuzzer learns of it
 * as if it had been there.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xen/bootmem.h>
#include <xen/mm-frame.h>

#include "../model/naive_bootmem.h"
#include "fuzz.h"

/*
 * The bounds of where the compiler counts how often each edge was taken. It
 * declares the section's names itself, so C may not.
 */
__asm__(".pushsection .data\n"
        "counters: .quad __start___sancov_cntrs\n"
        "counters_end: .quad __stop___sancov_cntrs\n"
        ".popsection");
extern uint8_t *const counters, *const counters_end;

/* A step is six bytes; addresses have a granularity of a quarter frame. */
struct step {
    uint8_t what, align;
    uint16_t start, size;
};

static void take_step(const struct step *step)
{
    paddr_t start = (paddr_t)step->start % (4 * NAIVE_BOOTMEM_FRAMES) << 10;
    paddr_t end = start + ((paddr_t)step->size << step->what / 4 % 11);
    unsigned long align = 1UL << step->align % 12;
    const char *owner = step->align / 12 % 2 ? "other" : "fuzzer";
    mfn_t mfn;

    if (end > NAIVE_BOOTMEM_FRAMES * PAGE_SIZE)
        end = NAIVE_BOOTMEM_FRAMES * PAGE_SIZE;
    switch (step->what % 4) {
    case 0:
    case 1:
        bootmem_add(start, end);
        naive_bootmem_add(start, end);
        break;
    case 2:
        EXPECT(bootmem_reserve(start, end, owner) == 0);
        naive_bootmem_reserve(start, end);
        break;
    case 3:
        mfn = bootmem_alloc(step->size % 1024, align, start, owner);
        EXPECT(naive_bootmem_alloc(step->size % 1024, align, start) ==
               (mfn_eq(mfn, INVALID_MFN) ? 0 : mfn_x(mfn)));
        break;
    }
}

static void run(const uint8_t *data, size_t size)
{
    unsigned long start, nr;
    mfn_t mfn = INVALID_MFN;

    for (; size >= sizeof(struct step);
         size -= sizeof(struct step), data += sizeof(struct step)) {
        struct step step;

        memcpy(&step, data, sizeof(step));
        take_step(&step);
        EXPECT(bootmem_check() == 0);
    }
    EXPECT(bootmem_nr_lost() == 0);
    EXPECT(bootmem_nr_free() == naive_bootmem_nr_free());
    for (unsigned long f = 0; f < NAIVE_BOOTMEM_FRAMES; f++)
        EXPECT((bootmem_owner(_mfn(f)) != NULL) ==
               naive_bootmem_is_reserved(f));
    while ((nr = naive_bootmem_take(&start)) > 0)
        EXPECT(bootmem_take_all(&mfn) == nr && mfn_x(mfn) == start);
    EXPECT(bootmem_take_all(&mfn) == 0);
}

/* Wait for @child. The fuzzer's own clock interrupts that every few seconds. */
static int status_of(pid_t child)
{
    int status = 0;
    pid_t ended;

    do
        ended = waitpid(child, &status, 0);
    while (ended < 0 && errno == EINTR);

    return ended == child ? status : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t nr = (size_t)(counters_end - counters);
    static uint8_t *covered;
    pid_t child;

    if (!covered)
        covered = mmap(NULL, nr, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT(covered != MAP_FAILED);
    fflush(NULL);
    child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        run(data, size);
        memcpy(covered, counters, nr);
        _exit(0);
    }
    EXPECT(status_of(child) == 0);
    memcpy(counters, covered, nr);

    return 0;
}
