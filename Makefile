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
core-y                   += arch/x86/firmware/e820.c
core-y                   += arch/x86/firmware/efi_memory_map.c
core-y                   += arch/x86/firmware/boot_info.c
core-y                   += arch/x86/firmware/multiboot2.c
core-y                   += arch/x86/firmware/pvh.c
core-y                   += arch/x86/firmware/acpi.c
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
image-$(CONFIG_MONITOR)  += common/monitor.c

# The only calls that may go down those lists.
upcalls                  :=

# The machine below them on x86-64.
machine-y                += arch/x86/cpu/uart.c
machine-y                += arch/x86/cpu/shutdown.c
machine-y                += arch/x86/cpu/stacks.c
machine-y                += arch/x86/cpu/backtrace.c
machine-y                += arch/x86/cpu/exception_print.c
machine-y                += arch/x86/cpu/traps.c
machine-y                += arch/x86/cpu/entry.S
machine-y                += arch/x86/cpu/descriptors.c
machine-y                += arch/x86/cpu/paging.c
machine-y                += arch/x86/boot/loader.c
machine-y                += arch/x86/boot/map.c
machine-y                += arch/x86/boot/reserve.c
machine-y                += arch/x86/boot/summary.c
machine-y                += arch/x86/boot/setup.c
machine-y                += arch/x86/boot/head.S

# Tests that run in the image, on the booted machine.
boot-tests-$(CONFIG_SELFTEST) += tests/harness/expect.c
boot-tests-$(CONFIG_SELFTEST) += tests/boot/test_cpu.c
boot-tests-$(CONFIG_SELFTEST) += tests/boot/test_paging.c
boot-tests-$(CONFIG_SELFTEST) += tests/boot/test_memory.c
boot-tests-$(CONFIG_SELFTEST) += tests/boot/test_heap.c

# The machine below them when they run as a process.
hosted-y                 += arch/hosted/exit.c
hosted-y                 += arch/hosted/console.c
hosted-y                 += arch/hosted/cpu.c
hosted-y                 += arch/hosted/memory.c
hosted-y                 += arch/hosted/boot.c

# What tests are written with, and slow obvious models to compare with.
models-y                 += tests/harness/expect.c tests/harness/hosted.c
models-y                 += tests/model/apart.c
models-y                 += tests/model/small_machine.c
models-y                 += tests/model/naive_memory_map.c
models-y                 += tests/model/naive_pdx.c
models-y                 += tests/model/naive_bootmem.c
models-y                 += tests/model/naive_heap.c

# One program each: what a test defines itself is not taken from the library.
tests-y                  += $(addprefix tests/unit/test_, $(addsuffix .c, \
    string text symbols spinlock printk \
    e820 efi_memory_map multiboot2 multiboot2_maps pvh acpi acpi_root \
    memory_map memory_map_random memory_map_use pdx bootmem \
    page_info page_list frame_table frame_table_islands \
    page_alloc heap_model heap_misuse heap_threads \
    cmdline monitor selftest))

# Of those tests, the ones with threads: they also run under ThreadSanitizer.
threaded-y               += tests/unit/test_spinlock.c
threaded-y               += tests/unit/test_heap_threads.c

# Fuzzers, one program each, and what all of them are linked with.
fuzzers-y                += $(addprefix tests/fuzz/fuzz_, $(addsuffix .c, \
    multiboot2 pvh acpi memory_map pdx bootmem heap cmdline))
fuzz-support-y           += tests/fuzz/machine.c tests/fuzz/fuzz.c

include tools/build.mk
include tools/targets.mk
