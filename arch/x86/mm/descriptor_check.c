/* SPDX-License-Identifier: MIT */
/*
 * What a segment descriptor of a guest may be (Intel SDM, "Segment Descriptors"
 * and "Call Gates").
 */
#include <public/xen.h>
#include <xen/bits.h>
#include <xen/descriptors.h>

#define DESCRIPTOR_TYPE    GENMASK(43, 40)
#define DESCRIPTOR_SEGMENT BIT(44) /* code or data; else the system's */
#define DESCRIPTOR_DPL     GENMASK(46, 45)
#define DESCRIPTOR_PRESENT BIT(47)

#define TYPE_NONE      (0UL << 40) /* also the upper half of a gate */
#define TYPE_CALL_GATE (12UL << 40)
#define GATE_RESERVED  GENMASK(39, 32)

/* The lowest bits of a selector say for which ring, and of which table. */
#define SELECTOR_LOCAL 4U
#define SELECTOR_SHIFT 3

/* Behind a guest's own descriptors come the hypervisor's. */
static bool selector_ok(unsigned int selector)
{
    return selector & SELECTOR_LOCAL ||
           selector >> SELECTOR_SHIFT < FIRST_RESERVED_GDT_ENTRY;
}

bool descriptor_check(uint64_t *descriptor)
{
    uint64_t d = *descriptor, type = d & DESCRIPTOR_TYPE;

    if (!(d & DESCRIPTOR_PRESENT))
        return true;
    if (d & DESCRIPTOR_SEGMENT || type == TYPE_NONE) {
        *descriptor = d | DESCRIPTOR_DPL;
        return true;
    }
    if (type != TYPE_CALL_GATE || d & GATE_RESERVED ||
        !selector_ok((uint16_t)(d >> 16)))
        return false;
    *descriptor = d & ~DESCRIPTOR_DPL;

    return true;
}
