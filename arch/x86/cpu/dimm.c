/* SPDX-License-Identifier: MIT */
/* Asks QEMU's memory-hotplug block, whose port has one slot at a time. */
#include <cpu/dimm.h>
#include <cpu/io.h>
#include <x86/dimm.h>

static void select_slot(unsigned int slot)
{
    outl(DIMM_PORT + DIMM_SELECT, slot);
}

static uint64_t read_pair(unsigned int low, unsigned int high)
{
    return inl((uint16_t)(DIMM_PORT + low)) |
           (uint64_t)inl((uint16_t)(DIMM_PORT + high)) << 32;
}

/* A port with nothing behind it reads as all ones. A slot that is none, and so
 * has no DIMM, reads as 0. */
bool dimm_block_is_there(void)
{
    select_slot(UINT32_MAX);
    if (inb(DIMM_PORT + DIMM_STATUS) != 0 ||
        read_pair(DIMM_SIZE_LOW, DIMM_SIZE_HIGH) != 0)
        return false;
    select_slot(0);

    return !(inb(DIMM_PORT + DIMM_STATUS) & DIMM_STATUS_RESERVED);
}

bool dimm_read(unsigned int slot, struct dimm *dimm)
{
    select_slot(slot);
    if (!(inb(DIMM_PORT + DIMM_STATUS) & DIMM_STATUS_ENABLED))
        return false;
    dimm->start = read_pair(DIMM_ADDRESS_LOW, DIMM_ADDRESS_HIGH);
    dimm->size = read_pair(DIMM_SIZE_LOW, DIMM_SIZE_HIGH);
    dimm->domain = inl(DIMM_PORT + DIMM_DOMAIN);

    return true;
}

/* Only what is inserted is acknowledged: other bits of the register would do
 * other things. */
void dimm_acknowledge(unsigned int slot)
{
    select_slot(slot);
    if (inb(DIMM_PORT + DIMM_STATUS) & DIMM_STATUS_INSERTED)
        outb(DIMM_PORT + DIMM_CONTROL, DIMM_CONTROL_SEEN);
}
