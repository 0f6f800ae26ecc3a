# SPDX-License-Identifier: MIT
#
#   make run        boot the ISO in QEMU: FIRMWARE=bios|uefi MEM= SMP= APPEND=
#   make check      every test there is; ends in 'N passed, N failed'
#   make lib        the memory core alone, to link into another hypervisor
#   make help       all targets and variables
#
# This file says what there is; tools/build.mk how it is built, and
# tools/targets.mk what can be done with it.

BUILD     ?= build
FIRMWARE  ?= bios
MEM       ?= 512M
SMP       ?= 1
APPEND    ?=
SECONDS   ?= 60

# As many jobs as there are CPUs, unless the command line says otherwise.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 1)
endif

# Targets that neither need a configuration nor build anything.
housekeeping := help clean deps format menuconfig defconfig olddefconfig
housekeeping += allyesconfig allnoconfig
goals        := $(or $(MAKECMDGOALS),all)

ifneq ($(filter-out $(housekeeping),$(goals)),)
include $(BUILD)/auto.conf
endif

# What there is, lowest layer first: a file calls only files above it, and
# 'make check-order' holds it to that. So it is also the order to read them in.

# The library: pure, one source for the bare machine and for a process.
core-y                   += common/string.c
core-y                   += common/text.c
core-y                   += common/symbols.c
core-y                   += common/spinlock.c
core-y                   += common/printk.c
core-y                   += common/tlb_clock.c
core-y                   += common/smp.c
core-y                   += common/tlb_flush.c
core-y                   += common/background.c
core-y                   += arch/x86/firmware/e820.c
core-y                   += arch/x86/firmware/efi_memory_map.c
core-y                   += arch/x86/firmware/boot_info.c
core-y                   += arch/x86/firmware/multiboot2.c
core-y                   += arch/x86/firmware/pvh.c
core-y                   += arch/x86/firmware/acpi.c
core-y                   += arch/x86/firmware/madt.c
core-y                   += common/memory_map_print.c
core-y                   += common/memory_map.c
core-y                   += common/pdx.c
core-y                   += common/bootmem.c
core-y                   += common/frame_table.c
core-y                   += common/free_blocks.c
core-y                   += common/page_alloc.c
core-y                   += common/heap_check.c

# Pure too, but only the bootable image has a use for it.
image-y                  += common/cmdline.c
image-$(CONFIG_SELFTEST) += common/selftest.c
image-$(CONFIG_MONITOR)  += common/monitor_frame.c
image-$(CONFIG_MONITOR)  += common/monitor_tlb.c
image-$(CONFIG_MONITOR)  += common/monitor.c

# The only calls that may go down those lists.
upcalls                  :=

# The machine below them on x86-64.
machine-y                += $(addprefix arch/x86/cpu/, \
    delay.c uart.c shutdown.c stacks.c percpu.c lapic.c nmi.c backtrace.c \
    exception_print.c watchdog.c traps.c entry.S descriptors.c paging.c tlb.c \
    idle.c smpboot.c cpus_print.c)
machine-y                += $(addprefix arch/x86/boot/, \
    loader.c map.c reserve.c summary.c trampoline.S cpus.c setup.c head.S)

# Tests that run in the image, on the booted machine.
boot-tests-$(CONFIG_SELFTEST) += tests/harness/expect.c
boot-tests-$(CONFIG_SELFTEST) += $(addprefix tests/boot/, \
    on_cpus.c frame_pool.c test_cpu.c test_paging.c test_memory.c test_heap.c \
    test_smp.c test_idle.c test_tlb.c)

# The machine below them when they run as a process.
hosted-y                 += $(addprefix arch/hosted/, \
    exit.c console.c cpu.c memory.c coroutine.c simulation.c ipi.c tlb.c \
    cpus_print.c boot.c)

# What tests are written with, and slow obvious models to compare with.
models-y                 += tests/harness/expect.c tests/harness/hosted.c
models-y                 += tests/model/apart.c
models-y                 += tests/model/small_machine.c
models-y                 += tests/model/naive_memory_map.c
models-y                 += tests/model/naive_pdx.c
models-y                 += tests/model/naive_bootmem.c
models-y                 += tests/model/naive_heap.c
models-y                 += tests/model/guests.c

# One program each: what a test defines itself is not taken from the library.
tests-y                  += $(addprefix tests/unit/test_, $(addsuffix .c, \
    string text symbols spinlock printk \
    cpumask tlb_clock smp tlb_debt tlb_threads soft_tlb soft_tlb_all \
    background \
    e820 efi_memory_map multiboot2 multiboot2_maps pvh acpi acpi_root madt \
    memory_map memory_map_random memory_map_use pdx bootmem \
    page_info page_list frame_table frame_table_islands \
    page_alloc heap_debt heap_model heap_misuse heap_threads \
    cmdline monitor selftest))

# Of those tests, the ones with threads: they also run under ThreadSanitizer.
threaded-y               += tests/unit/test_spinlock.c
threaded-y               += tests/unit/test_heap_threads.c
threaded-y               += tests/unit/test_tlb_threads.c

# And those that also run with a TLB clock of few bits, which wraps at once.
clocked-y                += tests/unit/test_soft_tlb.c
clocked-y                += tests/unit/test_soft_tlb_all.c
clocked-y                += tests/unit/test_tlb_clock.c
clocked-y                += tests/unit/test_tlb_debt.c
clocked-y                += tests/unit/test_heap_debt.c
clocked-y                += tests/unit/test_tlb_threads.c

# Fuzzers, one program each, and what all of them are linked with.
fuzzers-y                += $(addprefix tests/fuzz/fuzz_, $(addsuffix .c, \
    multiboot2 pvh acpi madt memory_map pdx bootmem heap cmdline))
fuzz-support-y           += tests/fuzz/machine.c tests/fuzz/fuzz.c

# Measured in a process, without sanitizers, for 'make bench'.
benches-y                += tests/bench/bench_tlb.c
benches-y                += tests/bench/bench_allocate.c

include tools/build.mk
include tools/targets.mk
