/* SPDX-License-Identifier: MIT */
/* The local APIC of each CPU: the same addresses, another device. */
#include <asm/processor.h>
#include <cpu/fixed_map.h>
#include <cpu/io.h>
#include <cpu/lapic.h>
#include <cpu/registers.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/msr.h>
#include <x86/pte.h>
#include <xen/printk.h>

_Static_assert(FIXED_LAPIC == 0, "it is mapped at LAPIC");

/* The masks of the two 8259s, which the local APIC replaces. */
#define PIC_MASTER_MASK 0x21
#define PIC_SLAVE_MASK  0xa1
#define PIC_MASK_ALL    0xff

/* A command leaves within microseconds, if it leaves at all. */
#define MAX_POLLS 1000000U

static bool is_on;

bool lapic_is_on(void)
{
    return is_on;
}

static volatile uint32_t *lapic_register(unsigned int offset)
{
    return (volatile uint32_t *)(LAPIC + offset);
}

static uint32_t lapic_read(unsigned int offset)
{
    return *lapic_register(offset);
}

static void lapic_write(unsigned int offset, uint32_t value)
{
    *lapic_register(offset) = value;
}

void lapic_enable(void)
{
    lapic_write(LAPIC_LVT_TIMER, LVT_MASKED);
    lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
    lapic_write(LAPIC_LVT_ERROR, LVT_MASKED);
    lapic_write(LAPIC_PRIORITY, 0);
    lapic_write(LAPIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
}

bool lapic_init(paddr_t told)
{
    uint64_t base;
    paddr_t found;

    if (!(cpuid(CPUID_FEATURES).edx & CPUID_FEATURES_EDX_APIC)) {
        printk(LOG_WARNING, "there is no local APIC: this CPU is alone\n");
        return false;
    }
    base = rdmsr(MSR_APIC_BASE);
    if (base & APIC_BASE_X2APIC) {
        printk(LOG_WARNING, "the local APIC is in x2APIC mode, which is not "
                            "supported: this CPU is alone\n");
        return false;
    }

    /* The CPU knows it better than a table. */
    found = base & PTE_ADDRESS;
    if (found != told)
        printk(LOG_WARNING,
               "the local APIC is at %#lx, and not, as ACPI says, at %#lx\n",
               found, told);
    outb(PIC_MASTER_MASK, PIC_MASK_ALL);
    outb(PIC_SLAVE_MASK, PIC_MASK_ALL);
    fixed_map_device(FIXED_LAPIC, maddr_to_mfn(found));
    lapic_enable();
    is_on = true;

    return true;
}

uint32_t lapic_id(void)
{
    return lapic_read(LAPIC_ID) >> LAPIC_ID_SHIFT;
}

static void wait_until_sent(void)
{
    for (unsigned int i = 0; i < MAX_POLLS; i++) {
        if (!(lapic_read(LAPIC_COMMAND) & COMMAND_PENDING))
            return;
        cpu_relax();
    }
}

/* An interrupt that sends, too, must not come between the two halves. */
void lapic_send(uint32_t apic_id, uint32_t command)
{
    bool enabled = interrupts_disable();

    wait_until_sent();
    lapic_write(LAPIC_DESTINATION, apic_id << LAPIC_ID_SHIFT);
    lapic_write(LAPIC_COMMAND, command);
    interrupts_restore(enabled);
}

void lapic_end_of_interrupt(void)
{
    lapic_write(LAPIC_EOI, 0);
}

void lapic_set_timer(uint8_t vector, uint32_t ticks)
{
    lapic_write(LAPIC_TIMER_DIVIDE, TIMER_DIVIDE_BY_16);
    lapic_write(LAPIC_LVT_TIMER, ticks ? LVT_PERIODIC | vector : LVT_MASKED);
    lapic_write(LAPIC_TIMER_START, ticks);
}
