/* SPDX-License-Identifier: MIT */
/* Registers that C has no name for, and instructions about the CPU itself. */
#ifndef CPU_REGISTERS_H
#define CPU_REGISTERS_H

#include <x86/desc.h>
#include <xen/types.h>

static inline uint64_t read_cr0(void)
{
    uint64_t value;

    asm volatile("mov %%cr0, %0" : "=r"(value));
    return value;
}

static inline uint64_t read_cr2(void)
{
    uint64_t value;

    asm volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

static inline uint64_t read_cr3(void)
{
    uint64_t value;

    asm volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

/* Change the page tables: what was not PTE_GLOBAL leaves the TLB. */
static inline void write_cr3(uint64_t value)
{
    asm volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

static inline uint64_t read_cr4(void)
{
    uint64_t value;

    asm volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

static inline void write_cr4(uint64_t value)
{
    asm volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t low, high;

    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
    asm volatile("wrmsr"
                 :
                 : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                 : "memory");
}

static inline uint64_t rdtsc(void)
{
    uint32_t low, high;

    asm volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf)
{
    struct cpuid r;

    asm("cpuid"
        : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
        : "a"(leaf), "c"(0));
    return r;
}

/* Which TSS this CPU uses, as a place in its GDT. */
static inline uint16_t store_task(void)
{
    uint16_t selector;

    asm volatile("str %0" : "=r"(selector));
    return selector;
}

static inline struct desc_pointer store_gdt(void)
{
    struct desc_pointer gdt;

    asm volatile("sgdt %0" : "=m"(gdt));
    return gdt;
}

static inline struct desc_pointer store_idt(void)
{
    struct desc_pointer idt;

    asm volatile("sidt %0" : "=m"(idt));
    return idt;
}

static inline void load_idt(const struct desc_pointer *idt)
{
    asm volatile("lidt %0" : : "m"(*idt) : "memory");
}

/* Let interrupts come. Its opposite is in <asm/processor.h>. */
static inline void interrupts_enable(void)
{
    asm volatile("sti" : : : "memory");
}

/* Do nothing for ever; an NMI wakes it in vain. */
static inline _Noreturn void cpu_halt(void)
{
    for (;;)
        asm volatile("cli; hlt");
}

#endif /* CPU_REGISTERS_H */
