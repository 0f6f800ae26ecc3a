/* SPDX-License-Identifier: MIT */
/* Tell of an exception what one wants to know to find its cause. */
#include <cpu/paging.h>
#include <cpu/percpu.h>
#include <cpu/registers.h>
#include <cpu/traps.h>
#include <x86/desc.h>
#include <x86/pte.h>
#include <xen/arch.h>
#include <xen/compiler.h>
#include <xen/printk.h>

/* The vectors' names (Intel SDM, "Exception and Interrupt Reference"). */
static const char *exception_name(uint64_t vector)
{
    static const char *const name[NR_EXCEPTIONS] = {
        [0] = "#DE, divide error",
        [1] = "#DB, debug",
        [2] = "NMI",
        [3] = "#BP, breakpoint",
        [4] = "#OF, overflow",
        [5] = "#BR, bound range",
        [6] = "#UD, invalid opcode",
        [7] = "#NM, no FPU",
        [8] = "#DF, double fault",
        [10] = "#TS, invalid TSS",
        [11] = "#NP, segment not present",
        [12] = "#SS, stack segment",
        [13] = "#GP, general protection",
        [14] = "#PF, page fault",
        [16] = "#MF, x87 error",
        [17] = "#AC, alignment",
        [18] = "#MC, machine check",
        [19] = "#XM, SIMD error",
        [20] = "#VE, virtualisation",
        [21] = "#CP, control protection",
        [29] = "#VC, VMM communication",
        [30] = "#SX, security",
    };

    return vector < NR_EXCEPTIONS && name[vector] ? name[vector] : "unknown";
}

/* What the CPU tried, by the error code, and what the tables say of it. */
static void print_page_fault(uint64_t error, uint64_t address)
{
    unsigned int level;
    uint64_t entry = paging_lookup((const void *)address, &level);

    console_printf("  %s 0x%016lx by %s: %s\n",
                   error & PF_FETCH   ? "execute at"
                   : error & PF_WRITE ? "write to"
                                      : "read of",
                   address, error & PF_USER ? "a user" : "the hypervisor",
                   error & PF_RESERVED  ? "a reserved bit is set in a table"
                   : error & PF_PRESENT ? "the page does not permit it"
                                        : "nothing is mapped there");
    if (entry)
        console_printf("  the entry of level %u is 0x%016lx:%s%s\n", level,
                       entry, entry & PTE_WRITABLE ? " writable" : "",
                       entry & PTE_NX ? " no-execute" : "");
    if (address < PAGE_SIZE)
        console_printf("  this looks like a null pointer\n");
}

/*
 * A push that hits the guard page faults; telling that faults again. After any
 * other exception CR2 is of a fault long past.
 */
static void print_stack_overflow(const struct trap_frame *f, uint64_t cr2)
{
    struct cpu_stacks *mine = this_cpu()->stacks;

    if (f->vector != VECTOR_PAGE_FAULT && f->vector != VECTOR_DOUBLE_FAULT)
        return;
    if (stacks_is_guard(mine, cr2) || stacks_is_guard(mine, f->rsp))
        console_printf("  this looks like a stack overflow: "
                       "the guard page below the stack was hit\n");
}

static void print_registers(const struct trap_frame *f, uint64_t cr2)
{
    console_printf("  rax %016lx  rbx %016lx  rcx %016lx\n", f->rax, f->rbx,
                   f->rcx);
    console_printf("  rdx %016lx  rsi %016lx  rdi %016lx\n", f->rdx, f->rsi,
                   f->rdi);
    console_printf("  rbp %016lx  rsp %016lx  r8  %016lx\n", f->rbp, f->rsp,
                   f->r8);
    console_printf("  r9  %016lx  r10 %016lx  r11 %016lx\n", f->r9, f->r10,
                   f->r11);
    console_printf("  r12 %016lx  r13 %016lx  r14 %016lx\n", f->r12, f->r13,
                   f->r14);
    console_printf("  r15 %016lx  rip %016lx  flags %014lx\n", f->r15, f->rip,
                   f->rflags);
    console_printf("  cr0 %016lx  cr2 %016lx  cr3 %016lx\n", read_cr0(), cr2,
                   read_cr3());
    console_printf("  cr4 %016lx  cs  %016lx  ss  %016lx\n", read_cr4(), f->cs,
                   f->ss);
}

void exception_print(const struct trap_frame *frame)
{
    uint64_t cr2 = read_cr2();

    console_printf("\nUnexpected exception on CPU %u: %s (vector %lu, error "
                   "code %#lx)\n",
                   arch_cpu_id(), exception_name(frame->vector), frame->vector,
                   frame->error);
    console_printf("  at %pS\n", (void *)frame->rip);
    if (frame->vector == VECTOR_PAGE_FAULT)
        print_page_fault(frame->error, cr2);
    print_stack_overflow(frame, cr2);
    print_registers(frame, cr2);
    exception_backtrace(frame);
}
