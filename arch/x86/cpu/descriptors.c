/* SPDX-License-Identifier: MIT */
/* The GDT, the TSS and the IDT: what the CPU looks up by itself. */
#include <cpu/descriptors.h>
#include <cpu/percpu.h>
#include <cpu/registers.h>
#include <cpu/traps.h>

/* One for all CPUs: what differs between them is behind the IST slots. */
static struct idt_gate idt[NR_VECTORS];

static struct tss_descriptor describe_tss(const struct tss *tss)
{
    uintptr_t base = (uintptr_t)tss;

    return (struct tss_descriptor){
        .limit = sizeof(*tss) - 1,
        .base_0 = (uint16_t)base,
        .base_16 = (uint8_t)(base >> 16),
        .type = TSS_TYPE_AVAILABLE,
        .base_24 = (uint8_t)(base >> 24),
        .base_32 = (uint32_t)(base >> 32),
    };
}

void descriptors_load(struct cpu_tables *tables, struct cpu_stacks *stacks)
{
    struct tss_descriptor tss = describe_tss(&tables->tss);
    struct desc_pointer gdt = { sizeof(tables->gdt) - 1,
                                (uintptr_t)tables->gdt };

    *tables = (struct cpu_tables){
        .gdt[SELECTOR_CODE / 8] = GDT_CODE64,
        .gdt[SELECTOR_DATA / 8] = GDT_DATA,
        .tss.io_bitmap = sizeof(tables->tss),
    };
    __builtin_memcpy(&tables->gdt[SELECTOR_TSS / 8], &tss, sizeof(tss));
    for (unsigned int i = 0; i < NR_IST; i++)
        tables->tss.ist[i] = (uintptr_t)stacks->ist[i].stack + IST_STACK_SIZE;

    /* The segments in use stay: they are described alike in the old GDT. */
    asm volatile("lgdt %0\n\t"
                 "ltr %w1"
                 :
                 : "m"(gdt), "r"(SELECTOR_TSS)
                 : "memory");
}

static uint8_t ist_of(unsigned int vector)
{
    switch (vector) {
    case VECTOR_DOUBLE_FAULT: return IST_DOUBLE_FAULT;
    case VECTOR_NMI: return IST_NMI;
    case VECTOR_MACHINE_CHECK: return IST_MACHINE_CHECK;
    }

    return IST_NONE;
}

static void idt_fill(void)
{
    for (unsigned int i = 0; i < NR_VECTORS; i++) {
        uintptr_t stub = (uintptr_t)vector_stubs + i * STUB_SIZE;

        idt[i] = (struct idt_gate){
            .offset_0 = (uint16_t)stub,
            .selector = SELECTOR_CODE,
            .ist = ist_of(i),
            .type = GATE_INTERRUPT,
            .offset_16 = (uint16_t)(stub >> 16),
            .offset_32 = (uint32_t)(stub >> 32),
        };
    }
}

void idt_load(void)
{
    struct desc_pointer pointer = { sizeof(idt) - 1, (uintptr_t)idt };

    load_idt(&pointer);
}

void traps_init(void)
{
    descriptors_load(&boot_cpu.tables, boot_cpu.stacks);
    idt_fill();
    idt_load();
}
