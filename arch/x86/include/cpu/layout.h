/* SPDX-License-Identifier: MIT */
/*
 * Where things are in the hypervisor's address space: L4 slots 256 to 271, and
 * nothing else. The linker script asserts that it agrees. Assembly reads this
 * file too.
 */
#ifndef CPU_LAYOUT_H
#define CPU_LAYOUT_H

/* The machine-to-physical table, which reaches frames below 128 TiB: where
 * guests read it, as their interface says, and where it is written. */
#define GUESTS_M2P 0xffff800000000000
#define M2P        0xffff828000000000
#define M2P_SIZE   0x4000000000

/* The image: machine address x of it stands at IMAGE_WINDOW + x. */
#define IMAGE_WINDOW 0xffff82d000000000

/* Single pages with a fixed address (cpu/fixed_map.h), at most 512. */
#define FIXED_MAP 0xffff82c000000000

/* What each CPU has for itself, but CPU 0 (cpu/percpu.h). */
#define CPU_AREAS     0xffff82c040000000
#define CPU_AREA_SIZE 0x10000

/* RAM: machine address x stands at DIRECT_MAP + x, up to a size. */
#define DIRECT_MAP 0xffff830000000000

/* The boot page tables reach this far, as identity and as direct map. */
#define BOOT_MAP_SIZE 0x100000000

#ifndef __ASSEMBLY__

#include <xen/bug.h>
#include <xen/types.h>

/*
 * The frame table has the 128 GiB below the direct map. With BIGMEM it needs
 * 1.5 TiB, which come off the direct map's end.
 */
#define FRAME_TABLE_SIZE (CONFIG_BIGMEM ? 0x18000000000 : 0x2000000000)
#define DIRECT_MAP_SIZE  (CONFIG_BIGMEM ? 0x38000000000 : 0x50000000000)

/* All that the hypervisor may map ends here: slot 272 is a guest's. */
#define HYPERVISOR_END 0xffff880000000000

/* The bytes of RAM at a machine address below DIRECT_MAP_SIZE, and back. */
static inline void *maddr_to_virt(paddr_t address)
{
    ASSERT(address < DIRECT_MAP_SIZE);
    return (void *)(DIRECT_MAP + address);
}

static inline paddr_t virt_to_maddr(const void *va)
{
    return (uintptr_t)va - DIRECT_MAP;
}

#define FRAME_TABLE (CONFIG_BIGMEM ? 0xffff868000000000 : 0xffff82e000000000)

#endif /* __ASSEMBLY__ */
#endif /* CPU_LAYOUT_H */
