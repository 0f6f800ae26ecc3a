/* SPDX-License-Identifier: MIT */
/* Find out who started us, and read what was told. */
#include <boot/setup.h>
#include <cpu/layout.h>
#include <x86/multiboot2.h>
#include <x86/pvh.h>
#include <xen/multiboot2.h>
#include <xen/pvh.h>

const struct memory_window boot_window = {
    .base = (const uint8_t *)DIRECT_MAP,
    .start = 0,
    .size = BOOT_MAP_SIZE,
};

void boot_read_information(struct boot_info *info)
{
    int rc;

    switch (boot_magic) {
    case MULTIBOOT2_LOADER_MAGIC:
        rc = multiboot2_parse(&boot_window, boot_information, info);
        break;
    case PVH_START_MAGIC:
        rc = pvh_parse(&boot_window, boot_information, info);
        break;
    default:
        boot_fail("started by something else than a multiboot2 or PVH loader "
                  "(magic number %#x)",
                  boot_magic);
    }
    if (rc)
        boot_fail("the loader tells nothing that can be read, at %#x",
                  boot_information);
}
