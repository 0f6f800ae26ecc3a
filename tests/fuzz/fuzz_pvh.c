/* SPDX-License-Identifier: MIT */
/* PVH: the input is memory from address 4096 on, the start info first. */
#include <string.h>

#include <xen/pvh.h>

#include "fuzz.h"

#define START 4096U

static struct boot_info info;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory_window window = fuzz_window(data, size, START);

    memset(&info, 0xa5, sizeof(info));
    if (pvh_parse(&window, START, &info) == 0) {
        fuzz_check_boot_info(&info, &window);
        EXPECT(!info.efi);
        EXPECT(!info.has_rsdp_copy);
    }
    fuzz_window_free(&window);

    return 0;
}
