/* SPDX-License-Identifier: MIT */
/* The state that the CPU was put into, and what it does with exceptions. */
#include <test.h>

#include <boot/setup.h>
#include <cpu/control.h>
#include <cpu/image.h>
#include <cpu/registers.h>
#include <cpu/stacks.h>
#include <cpu/traps.h>
#include <x86/desc.h>
#include <xen/machine.h>
#include <xen/symbols.h>

TEST(cpu, control_registers_hold_what_was_written_and_nothing_else)
{
    EXPECT_EQ(read_cr0(), CR0_WHOLE);
    EXPECT_EQ(read_cr4(), CR4_WHOLE);
    EXPECT_EQ(rdmsr(MSR_EFER), EFER_WHOLE | EFER_LMA);
}

TEST(cpu, each_vector_leads_to_its_stub)
{
    struct desc_pointer idt = store_idt();
    const struct idt_gate *gate = (const struct idt_gate *)idt.base;

    REQUIRE(idt.limit == NR_VECTORS * sizeof(*gate) - 1);
    for (unsigned int i = 0; i < NR_VECTORS; i++) {
        uint64_t target = gate[i].offset_0 | (uint64_t)gate[i].offset_16 << 16 |
                          (uint64_t)gate[i].offset_32 << 32;

        EXPECT_EQ(target, (uintptr_t)vector_stubs + i * STUB_SIZE);
        EXPECT_EQ(gate[i].selector, SELECTOR_CODE);
        EXPECT_EQ(gate[i].type, GATE_INTERRUPT);
    }
}

TEST(cpu, what_cannot_trust_the_stack_has_its_own)
{
    const struct idt_gate *gate = (const struct idt_gate *)store_idt().base;

    for (unsigned int i = 0; i < NR_VECTORS; i++) {
        unsigned int ist = i == VECTOR_DOUBLE_FAULT    ? IST_DOUBLE_FAULT
                           : i == VECTOR_NMI           ? IST_NMI
                           : i == VECTOR_MACHINE_CHECK ? IST_MACHINE_CHECK
                                                       : IST_NONE;

        EXPECT_EQ(gate[i].ist, ist);
    }
}

/* The TSS in use, as the CPU finds it. */
static const struct tss *task_state(void)
{
    const struct tss_descriptor *d;
    uint16_t selector;

    asm volatile("str %0" : "=r"(selector));
    d = (const struct tss_descriptor *)(store_gdt().base + selector);

    return (const struct tss *)(d->base_0 | (uint64_t)d->base_16 << 16 |
                                (uint64_t)d->base_24 << 24 |
                                (uint64_t)d->base_32 << 32);
}

TEST(cpu, each_exception_stack_lies_above_its_guard)
{
    for (unsigned int i = 0; i < NR_IST; i++) {
        uintptr_t top = task_state()->ist[i];

        EXPECT_EQ(top % 16, 0);
        EXPECT(stacks_hold(&boot_stacks, top - IST_STACK_SIZE, IST_STACK_SIZE));
        EXPECT(stacks_is_guard(&boot_stacks, top - IST_STACK_SIZE - 1));
    }
}

TEST(cpu, a_probe_of_what_is_mapped_reads_and_writes)
{
    static volatile uint8_t cell = 0x5a;
    uint8_t byte = 0;

    EXPECT(machine_probe_read((const void *)&cell, &byte));
    EXPECT_EQ(byte, 0x5a);
    EXPECT(machine_probe_write((void *)&cell, 0xa5));
    EXPECT_EQ(cell, 0xa5);
}

TEST(cpu, a_probe_of_what_is_not_mapped_comes_back)
{
    /* Below the stacks' guard, and in the hole that no address names. */
    const uintptr_t nowhere[] = { 0, (uintptr_t)boot_stacks.main.guard,
                                  0x0000800000000000, 0x8000000000000000 };

    for (unsigned int i = 0; i < ARRAY_SIZE(nowhere); i++) {
        uint8_t byte = 7;

        EXPECT(!machine_probe_read((const void *)nowhere[i], &byte));
        EXPECT_EQ(byte, 7);
        EXPECT(!machine_probe_write((void *)nowhere[i], 0));
    }
}

TEST(cpu, a_function_is_found_by_its_address)
{
    size_t offset, size;
    const char *name;

    name = symbol_lookup((uintptr_t)setup, &offset, &size);
    REQUIRE(name != NULL);
    EXPECT_STR(name, "setup");
    EXPECT_EQ(offset, 0);

    /* And one by an address within. */
    name = symbol_lookup((uintptr_t)vector_stubs + 40, &offset, &size);
    REQUIRE(name != NULL);
    EXPECT_STR(name, "vector_stubs");
    EXPECT_EQ(offset, 40);
    EXPECT(size > (NR_VECTORS - 1) * STUB_SIZE);
}

TEST(cpu, no_function_is_found_outside_of_text)
{
    size_t offset, size;

    EXPECT(!symbol_lookup((uintptr_t)image_rodata_end, &offset, &size));
    EXPECT(!symbol_lookup((uintptr_t)image_start - 1, &offset, &size));
    EXPECT(!symbol_lookup(0, &offset, &size));
}
