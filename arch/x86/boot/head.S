/* SPDX-License-Identifier: MIT */
/*
 * From the loader's 32-bit mode to C in long mode, at the image's own address.
 *
 * Two protocols start here. Each leaves a flat 32-bit protected mode without
 * paging and with interrupts off, and what it has to tell in EBX:
 *
 *   Multiboot2     from GRUB: EAX holds the loader's magic number
 *   PVH            from QEMU's -kernel: entered at the address in an ELF note
 *
 * The page tables made here last until paging_init(): the first 4 GiB stand at
 * their own addresses, at DIRECT_MAP, and the first of them at IMAGE_WINDOW.
 */
#include <cpu/control.h>
#include <cpu/layout.h>
#include <cpu/stacks.h>
#include <x86/cpuid.h>
#include <x86/debug_exit.h>
#include <x86/desc.h>
#include <x86/multiboot2.h>
#include <x86/pte.h>
#include <x86/pvh.h>
#include <x86/uart.h>

/* Before paging a symbol is reached where it was loaded. */
#define MADDR(symbol) ((symbol) - IMAGE_WINDOW)

#define TABLE_FLAGS      (PTE_PRESENT | PTE_WRITABLE)
#define SUPERPAGE_FLAGS  (PTE_PRESENT | PTE_WRITABLE | PTE_LARGE)
#define BOOT_L2_TABLES   (BOOT_MAP_SIZE >> PTE_SHIFT(3))

        /* The linker script compares it with its own. */
        .globl  layout_image_window
        .set    layout_image_window, IMAGE_WINDOW

        .section .head, "ax", @progbits

#define HEADER_SIZE (multiboot2_header_end - multiboot2_header)
        .balign MULTIBOOT2_HEADER_ALIGN
multiboot2_header:
        .long   MULTIBOOT2_HEADER_MAGIC
        .long   MULTIBOOT2_ARCHITECTURE_I386
        .long   HEADER_SIZE
        /* With this the four add up to zero, in 32 bits. */
        .long   0x100000000 - (MULTIBOOT2_HEADER_MAGIC + \
                               MULTIBOOT2_ARCHITECTURE_I386 + HEADER_SIZE)

        .short  MULTIBOOT2_HEADER_TAG_REQUEST, 0
        .long   12
        .long   MULTIBOOT2_TAG_MEMORY_MAP
        .balign MULTIBOOT2_HEADER_ALIGN
        /* Optional: not every machine has EFI, nor a screen. */
        .short  MULTIBOOT2_HEADER_TAG_REQUEST, MULTIBOOT2_HEADER_TAG_OPTIONAL
        .long   12
        .long   MULTIBOOT2_TAG_EFI_MAP
        .balign MULTIBOOT2_HEADER_ALIGN
        .short  MULTIBOOT2_HEADER_TAG_FRAMEBUFFER
        .short  MULTIBOOT2_HEADER_TAG_OPTIONAL
        .long   20
        .long   1024, 768, 32
        .balign MULTIBOOT2_HEADER_ALIGN
        .short  MULTIBOOT2_HEADER_TAG_ENTRY, 0
        .long   12
        .long   MADDR(multiboot2_entry)
        .balign MULTIBOOT2_HEADER_ALIGN
        .short  MULTIBOOT2_HEADER_TAG_ALIGN_MODULES, 0
        .long   8
        .short  MULTIBOOT2_HEADER_TAG_END, 0
        .long   8
multiboot2_header_end:

        .section .note.Xen, "a", @note
        .balign 4
        .long   4, 8, PVH_NOTE_ENTRY
        .asciz  PVH_NOTE_NAME
        .long   MADDR(pvh_entry), 0

        .section .head
        .code32

        .globl  multiboot2_entry
        .type   multiboot2_entry, @function
multiboot2_entry:
        mov     %eax, %esi
        jmp     begin
        .size   multiboot2_entry, . - multiboot2_entry

        .type   pvh_entry, @function
pvh_entry:
        mov     $PVH_START_MAGIC, %esi
        .size   pvh_entry, . - pvh_entry

        .type   begin, @function
begin:
        rdtsc
        mov     %eax, MADDR(boot_tsc)
        mov     %edx, MADDR(boot_tsc) + 4
        mov     %esi, MADDR(boot_magic)
        mov     %ebx, MADDR(boot_information)

        /* A CPU without long mode may lack the leaf that says so. */
        mov     $CPUID_EXT_MAX, %eax
        cpuid
        mov     $MADDR(needs_long_mode), %esi
        cmp     $CPUID_EXT_FEATURES, %eax
        jb      refuse
        mov     $CPUID_EXT_FEATURES, %eax
        cpuid
        test    $CPUID_EXT_EDX_LONGMODE, %edx
        jz      refuse
        mov     $MADDR(needs_nx), %esi
        test    $CPUID_EXT_EDX_NX, %edx
        jz      refuse

        cld
        xor     %eax, %eax
        mov     $MADDR(image_bss_start), %edi
        mov     $MADDR(image_end), %ecx
        sub     %edi, %ecx
        shr     $2, %ecx
        rep stosl

        /* Only low halves are written: the high ones are zero, as in bss. */
        mov     $MADDR(boot_l2), %edi
        mov     $SUPERPAGE_FLAGS, %eax
        mov     $(BOOT_L2_TABLES * PTES_PER_TABLE), %ecx
1:      mov     %eax, (%edi)
        add     $(1 << PTE_SHIFT(2)), %eax
        add     $PTE_SIZE, %edi
        dec     %ecx
        jnz     1b

        mov     $MADDR(boot_l3), %edi
        mov     $(MADDR(boot_l2) + TABLE_FLAGS), %eax
        mov     $BOOT_L2_TABLES, %ecx
1:      mov     %eax, (%edi)
        add     $(PTES_PER_TABLE * PTE_SIZE), %eax
        add     $PTE_SIZE, %edi
        dec     %ecx
        jnz     1b

#define ENTRY_AT(table, va, level) \
        (MADDR(table) + PTE_SIZE * PTE_INDEX(va, level))
        movl    $(MADDR(boot_l2) + TABLE_FLAGS), \
                ENTRY_AT(boot_l3_image, IMAGE_WINDOW, 3)
        movl    $(MADDR(boot_l3_image) + TABLE_FLAGS), \
                ENTRY_AT(boot_l4, IMAGE_WINDOW, 4)
        movl    $(MADDR(boot_l3) + TABLE_FLAGS), \
                ENTRY_AT(boot_l4, DIRECT_MAP, 4)
        movl    $(MADDR(boot_l3) + TABLE_FLAGS), MADDR(boot_l4)

        mov     $CR4_WHOLE, %eax
        mov     %eax, %cr4
        mov     $MADDR(boot_l4), %eax
        mov     %eax, %cr3
        mov     $MSR_EFER, %ecx
        mov     $EFER_WHOLE, %eax
        xor     %edx, %edx
        wrmsr
        lgdt    MADDR(boot_gdt_pointer)
        mov     $CR0_WHOLE, %eax
        mov     %eax, %cr0
        ljmp    $SELECTOR_CODE, $MADDR(long_mode)
        .size   begin, . - begin

/* Tell the text at ESI to whoever listens at COM1, and stop. */
        .type   refuse, @function
refuse:
        xor     %eax, %eax
        mov     $(UART_COM1 + UART_INTERRUPTS), %edx
        out     %al, %dx
        mov     $(UART_COM1 + UART_LINE_CONTROL), %edx
        mov     $UART_LINE_DIVISOR, %al
        out     %al, %dx
        mov     $(UART_COM1 + UART_DATA), %edx
        mov     $UART_DIVISOR_115200, %al
        out     %al, %dx
        mov     $(UART_COM1 + UART_INTERRUPTS), %edx
        xor     %eax, %eax
        out     %al, %dx
        mov     $(UART_COM1 + UART_LINE_CONTROL), %edx
        mov     $UART_LINE_8N1, %al
        out     %al, %dx
1:      mov     $(UART_COM1 + UART_LINE_STATUS), %edx
        in      %dx, %al
        test    $UART_STATUS_CAN_SEND, %al
        jz      1b
        mov     (%esi), %al
        mov     $(UART_COM1 + UART_DATA), %edx
        out     %al, %dx
        inc     %esi
        cmpb    $0, (%esi)
        jne     1b
        mov     $DEBUG_EXIT_BUG, %al
        out     %al, $DEBUG_EXIT_PORT
2:      cli
        hlt
        jmp     2b
        .size   refuse, . - refuse

        .code64
        .type   long_mode, @function
long_mode:
        movabs  $high_half, %rax
        jmp     *%rax
        .size   long_mode, . - long_mode

        .text
        .type   high_half, @function
high_half:
        mov     $SELECTOR_DATA, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        xor     %eax, %eax
        mov     %eax, %fs
        mov     %eax, %gs

        /* GS leads to what this CPU has for itself. */
        lea     boot_cpu(%rip), %rax
        mov     %rax, %rdx
        shr     $32, %rdx
        mov     $MSR_GS_BASE, %ecx
        wrmsr

        /* No frame before this one: here every backtrace ends. */
        lea     boot_stacks + MAIN_STACK_TOP(%rip), %rsp
        xor     %ebp, %ebp
        call    setup
        ud2
        .size   high_half, . - high_half

        .section .rodata
needs_long_mode:
        .asciz  "tessera cannot start: the CPU has no 64-bit mode\r\n"
needs_nx:
        .asciz  "tessera cannot start: the CPU cannot forbid execution (NX)\r\n"

        .balign 8
        .globl  boot_gdt, boot_gdt_limit
        .set    boot_gdt_limit, boot_gdt_end - boot_gdt - 1
boot_gdt:
        .quad   0
        .quad   GDT_CODE64
        .quad   GDT_DATA
boot_gdt_end:
boot_gdt_pointer:
        .short  boot_gdt_limit
        .long   MADDR(boot_gdt)

        /* Written before bss is cleared, so not there. */
        .data
        .balign 8
        .globl  boot_tsc, boot_magic, boot_information
boot_tsc:
        .quad   0
boot_magic:
        .long   0
boot_information:
        .long   0

        /* Other CPUs come through these, too (trampoline.S). */
        .bss
        .balign 4096
        .globl  boot_l4
boot_l4:
        .skip   4096
boot_l3:
        .skip   4096
boot_l3_image:
        .skip   4096
boot_l2:
        .skip   BOOT_L2_TABLES * 4096
