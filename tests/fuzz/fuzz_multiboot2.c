/* SPDX-License-Identifier: MIT */
/*
 * Multiboot2: the input is the boot information, but for its total size, which
 * is right unless the first byte of the reserved word is odd.
 */
#include <string.h>

#include <xen/multiboot2.h>

#include "fuzz.h"

static uint8_t copy[1 << 16];
static struct boot_info info;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory_window window;
    uint32_t total = (uint32_t)size;

    if (size > sizeof(copy))
        return 0;

    memcpy(copy, data, size);
    if (size >= 8 && !(copy[4] & 1))
        memcpy(copy, &total, sizeof(total));

    window = fuzz_window(copy, size, 0x10000);
    memset(&info, 0xa5, sizeof(info));
    if (multiboot2_parse(&window, 0x10000, &info) == 0) {
        fuzz_check_boot_info(&info, &window);
        EXPECT(info.framebuffer.type <= 2);
    }
    fuzz_window_free(&window);

    return 0;
}
