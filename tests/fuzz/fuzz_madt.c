/* SPDX-License-Identifier: MIT */
/* The MADT: the input is the number of the CPU that boots, and then the table.
 */
#include <string.h>

#include <xen/bits.h>
#include <xen/madt.h>
#include <xen/mm-frame.h>

#include "fuzz.h"

static void check(const struct madt *madt)
{
    unsigned long seen[BITMAP_LONGS(NR_APIC_IDS + 1)] = { 0 };

    EXPECT(madt->nr <= CONFIG_NR_CPUS);
    for (unsigned int i = 0; i < madt->nr; i++) {
        EXPECT(madt->apic_id[i] < NR_APIC_IDS);
        EXPECT(!bitmap_test(seen, madt->apic_id[i]));
        bitmap_set(seen, madt->apic_id[i]);
    }
    EXPECT(madt->lapic != 0 && madt->lapic < PADDR_MAX);
    EXPECT(IS_ALIGNED(madt->lapic, PAGE_SIZE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory_window window;
    static struct madt madt;
    unsigned int total;
    uint8_t booting;

    if (size < 1 || data[0] >= NR_APIC_IDS)
        return 0;

    booting = data[0];
    window = fuzz_window(data + 1, size - 1, 0);
    madt_parse(window.base, window.size, &madt);
    fuzz_window_free(&window);
    check(&madt);
    total = madt.nr + madt.nr_left_out;
    EXPECT(total <= NR_APIC_IDS);

    madt_put_first(&madt, booting);
    check(&madt);
    EXPECT(madt.nr > 0 && madt.apic_id[0] == booting);
    EXPECT(madt.nr + madt.nr_left_out - total <= 1);

    return 0;
}
