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
core-y                   += arch/x86/firmware/srat.c
core-y                   += arch/x86/firmware/slit.c
core-y                   += common/memory_map_print.c
core-y                   += common/memory_map.c
core-y                   += common/memory_room.c
core-y                   += common/pdx.c
core-y                   += common/bootmem.c
core-y                   += common/frame_table_memory.c
core-y                   += common/frame_table.c
core-y                   += common/m2p.c
core-y                   += common/frame_table_add.c
core-y                   += common/frame_table_open.c
core-y                   += common/numa.c
core-y                   += common/numa_fake.c
core-y                   += common/numa_print.c
core-y                   += common/bit_tree.c
core-y                   += common/chunk.c
core-y                   += common/heap.c
core-y                   += common/heap_history.c
core-y                   += common/heap_available.c
core-y                   += common/heap_merge.c
core-y                   += common/heap_node.c
core-y                   += common/heap_runs.c
core-$(CONFIG_PAGE_OWNER) += common/page_owner.c
core-y                   += common/heap_tables.c
core-y                   += common/chunk_apart.c
core-y                   += common/chunk_supply.c
core-y                   += common/run_supply.c
core-y                   += common/parked.c
core-y                   += common/chunk_give.c
core-y                   += common/heap_contents.c
core-y                   += common/scrub_turn.c
core-y                   += common/magazine_give.c
core-y                   += common/magazine_small.c
core-y                   += common/magazine.c
core-y                   += common/magazine_look.c
core-y                   += common/magazine_drain.c
core-y                   += common/heap_statistics.c
core-y                   += common/heap_report.c
core-y                   += common/scrub.c
core-y                   += common/heap_add.c
core-y                   += common/memory_add.c
core-y                   += common/heap_fault.c
core-y                   += common/turn_back.c
core-y                   += common/page_at_hand.c
core-y                   += common/page_take.c
core-y                   += common/page_alloc.c
core-y                   += common/give_back.c
core-y                   += common/page_free.c
core-y                   += common/heap_stream.c
core-y                   += common/frames_free.c
core-y                   += common/heap_range.c
core-y                   += common/heap_search.c
core-y                   += common/offline.c
core-y                   += common/heap_check.c
core-y                   += common/domain.c
core-y                   += common/vcpu.c
core-y                   += common/claim.c
core-y                   += common/claim_redeem.c
core-y                   += common/domheap.c
core-y                   += common/domheap_steal.c
core-y                   += common/domheap_bulk.c
core-y                   += common/page_ref.c
core-y                   += common/devices.c
core-y                   += common/page_type.c
core-y                   += arch/x86/mm/linear_table.c
core-y                   += arch/x86/mm/entry.c
core-y                   += arch/x86/mm/page_table.c
core-y                   += arch/x86/mm/entry_update.c
core-y                   += arch/x86/mm/descriptor_check.c
core-y                   += common/guest_access.c
core-y                   += arch/x86/mm/guest_walk.c
core-y                   += arch/x86/mm/descriptors.c
core-y                   += arch/x86/mm/base_pointer.c
core-y                   += common/named_domain.c
core-y                   += arch/x86/mm/pin.c
core-y                   += arch/x86/mm/guest_flush.c
core-y                   += arch/x86/mm/batch.c
core-y                   += arch/x86/mm/mmu_update.c
core-y                   += arch/x86/mm/mmuext_op.c
core-y                   += arch/x86/mm/update_va_mapping.c
core-y                   += arch/x86/mm/update_descriptor.c
core-y                   += common/memory_exchange.c
core-y                   += common/memory_op.c
core-y                   += common/grant_table.c
core-y                   += common/grant_pin.c
core-y                   += common/grant_release.c
core-y                   += common/grant_check.c
core-y                   += arch/x86/mm/grant_entry.c
core-y                   += common/grant_map.c
core-y                   += common/grant_unmap.c
core-y                   += common/grant_copy.c
core-y                   += common/grant_op.c
core-y                   += common/relinquish.c
core-y                   += common/hypercall.c
core-y                   += common/audit_tally.c
core-y                   += common/audit_table.c
core-y                   += common/audit_domains.c
core-y                   += common/audit_claims.c
core-y                   += common/audit.c

# Pure too, but only the bootable image has a use for it.
image-y                  += common/cmdline.c
image-y                  += common/badpage.c
image-$(CONFIG_SELFTEST) += common/selftest.c
image-$(CONFIG_MONITOR)  += common/monitor_offline.c
image-$(CONFIG_MONITOR)  += common/monitor_line.c
image-$(CONFIG_MONITOR)  += common/monitor_frame.c
image-$(CONFIG_MONITOR)  += common/monitor_tlb.c
image-$(CONFIG_MONITOR)  += common/monitor_heap.c
image-$(CONFIG_MONITOR)  += common/monitor_domains.c
image-$(CONFIG_MONITOR)  += common/monitor_claims.c
image-$(CONFIG_MONITOR)  += common/monitor.c

# The only calls that may go down those lists.
upcalls                  :=

# The machine below them on x86-64.
machine-y                += $(addprefix arch/x86/cpu/, \
    delay.c uart.c shutdown.c stacks.c percpu.c lapic.c nmi.c backtrace.c \
    exception_print.c watchdog.c machine_check.c traps.c entry.S descriptors.c ram_probe.c \
    paging.c paging_init.c core_tables.c guest_space.c tlb.c idle.c smpboot.c dimm.c cpus_print.c)
machine-y                += $(addprefix arch/x86/boot/, \
    loader.c map.c reserve.c summary.c trampoline.S plug.c nodes.c cpus.c setup.c \
    head.S)

# Tests that run in the image, on the booted machine.
boot-tests-$(CONFIG_SELFTEST) += tests/harness/expect.c
boot-tests-$(CONFIG_SELFTEST) += $(addprefix tests/boot/, \
    on_cpus.c frame_pool.c test_cpu.c test_paging.c test_memory.c test_heap.c \
    test_smp.c test_idle.c test_nodes.c test_tlb.c small_guest.c \
    test_references.c test_types.c test_hostile.c)

# The machine below them when they run as a process.
hosted-y                 += $(addprefix arch/hosted/, \
    exit.c console.c cpu.c memory.c guest.c coroutine.c simulation.c ipi.c tlb.c \
    cpus_print.c boot.c)

# What tests are written with, and slow obvious models to compare with.
models-y                 += tests/harness/expect.c tests/harness/hosted.c
models-y                 += tests/harness/cpu_threads.c
models-y                 += tests/model/apart.c
models-y                 += tests/model/small_machine.c
models-y                 += tests/model/fake_nodes.c
models-y                 += tests/model/naive_memory_map.c
models-y                 += tests/model/naive_pdx.c
models-y                 += tests/model/naive_bootmem.c
models-y                 += tests/model/naive_heap.c
models-y                 += tests/model/naive_frames.c tests/model/ragged_nodes.c tests/model/mixed_use.c
models-y                 += tests/model/textbook_heap.c
models-y                 += tests/model/guests.c
models-y                 += tests/model/pv_machine.c
models-y                 += $(addprefix tests/model/, \
    naive_guests.c naive_entries.c naive_tlb.c naive_look.c \
    naive_calls.c naive_mmuext.c naive_memory_op.c naive_exchange.c \
    call_parts.c call_maker_memory.c call_maker_grant.c call_maker.c \
    call_count.c call_check.c differential.c)
models-y                 += tests/model/sound_machine.c
models-y                 += tests/model/dying_domain.c
models-y                 += tests/model/granting.c
models-y                 += tests/model/pv_guest.c

# One program each: what a test defines itself is not taken from the library.
tests-y                  += $(addprefix tests/unit/test_, $(addsuffix .c, \
    string text symbols spinlock printk \
    cpumask tlb_clock smp tlb_debt tlb_threads soft_tlb soft_tlb_all \
    background \
    e820 efi_memory_map multiboot2 multiboot2_maps pvh acpi acpi_root madt srat srat_lies slit \
    memory_map memory_map_random memory_map_use memory_room pdx bootmem \
    page_info page_list frame_table frame_table_islands frame_table_homes \
    frame_table_open open_threads \
    numa numa_nodes numa_later \
    memory_add memory_add_random memory_add_threads \
    bit_tree chunk magazine at_hand heap_shape heap_statistics heap_watch heap_fault \
    page_alloc page_alloc_none heap_cpus heap_nodes offline offline_refused offline_random heap_contents heap_debt heap_debt_random heap_model heap_mixed heap_small heap_textbook \
    heap_misuse heap_verdict heap_kept heap_threads scrub scrub_contents scrub_threads \
    domain domheap steal page_ref devices owner_threads \
    page_type page_table entry_update linear_table audit audit_tables audit_holders relinquish relinquish_others \
    m2p guest_access descriptors local_table \
    mmu_update mmu_update_rules pins mmuext_op update_va_mapping \
    memory_op memory_op_nodes memory_exchange exchange_large hypercall \
    grant_table grant_map grant_refused grant_copy grant_end \
    grant_threads \
    late_table tour \
    claim claim_nodes claim_threads claim_overlap claim_offline claim_scrub heap_range domheap_bulk \
    interruptions hypercalls_random \
    cmdline badpage monitor monitor_domains monitor_heap monitor_claims selftest))
tests-$(CONFIG_PAGE_OWNER) += tests/unit/test_page_owner.c

# Of those tests, the ones with threads: they also run under ThreadSanitizer.
threaded-y               += tests/unit/test_spinlock.c
threaded-y               += tests/unit/test_heap_threads.c
threaded-y               += tests/unit/test_scrub_threads.c
threaded-y               += tests/unit/test_claim_threads.c
threaded-y               += tests/unit/test_heap_watch.c
threaded-y               += tests/unit/test_open_threads.c
threaded-y               += tests/unit/test_memory_add_threads.c
threaded-y               += tests/unit/test_tlb_threads.c
threaded-y               += tests/unit/test_grant_threads.c
threaded-y               += tests/unit/test_owner_threads.c

# And those that also run with a TLB clock of few bits, which wraps at once.
clocked-y                += tests/unit/test_soft_tlb.c
clocked-y                += tests/unit/test_soft_tlb_all.c
clocked-y                += tests/unit/test_tlb_clock.c
clocked-y                += tests/unit/test_tlb_debt.c
clocked-y                += tests/unit/test_heap_debt.c
clocked-y                += tests/unit/test_heap_debt_random.c
clocked-y                += tests/unit/test_tlb_threads.c

# Those that also run with tables of few entries, and counts of few bits.
small-y                  += $(addprefix tests/unit/test_, $(addsuffix .c, \
    page_ref page_type page_table entry_update grant_map grant_refused \
    audit audit_tables audit_holders relinquish relinquish_others \
    interruptions hypercalls_random \
    pins mmuext_op hypercall \
    page_owner))

# And without sanitizers, with tables of few entries, for 'make check-long'.
long-y                   += tests/unit/test_hypercalls_random.c
# The same with tables as they are configured.
long-plain-y             += tests/unit/test_heap_mixed.c

# Those for which tables may name tables of their own level (LINEAR_TABLES).
linear-y                 += $(addprefix tests/unit/test_, $(addsuffix .c, \
    linear_table page_table entry_update interruptions audit_tables relinquish \
    hypercalls_random))

# Programs that run every order of what several CPUs do at once, and what they
# are linked with. The files in which one may come between at each atomic
# operation are those that share data without a lock.
explorers-y              += $(addprefix tests/explore/explore_, \
    itself.c pairs.c history.c linear.c teardown.c grants.c heap.c blocks.c)
long-explorers-y         += tests/explore/explore_triples.c
explore-support-y        += $(addprefix tests/explore/, \
    explore.c pieces.c few_frames.c stage.c watch.c calls.c actions.c starts.c \
    play.c)
pointed-y                += $(filter arch/x86/mm/%,$(core-y))
pointed-y                += $(addprefix common/, \
    domain.c vcpu.c domheap.c domheap_steal.c domheap_bulk.c \
    page_ref.c page_type.c named_domain.c \
    memory_exchange.c memory_op.c grant_table.c grant_pin.c grant_release.c \
    grant_map.c grant_unmap.c relinquish.c)
pointed-y                += tests/explore/actions.c
pointed-y                += tests/explore/explore_itself.c
heap-pointed-y           += $(addprefix common/, \
    chunk.c heap_available.c heap_merge.c heap_node.c heap_runs.c parked.c \
    chunk_apart.c chunk_supply.c run_supply.c chunk_give.c scrub_turn.c \
    magazine_give.c magazine_small.c \
    magazine.c magazine_look.c magazine_drain.c \
    scrub.c turn_back.c page_at_hand.c page_take.c page_alloc.c page_free.c \
    heap_stream.c frames_free.c offline.c claim.c claim_redeem.c \
    heap_range.c heap_search.c)

# Fuzzers, one program each, and what all of them are linked with.
fuzzers-y                += $(addprefix tests/fuzz/fuzz_, $(addsuffix .c, \
    multiboot2 pvh acpi madt srat memory_map pdx bootmem heap cmdline))
small-fuzzers-y          += tests/fuzz/fuzz_hypercall.c
fuzz-support-y           += tests/fuzz/machine.c tests/fuzz/fuzz.c
fuzz-support-y           += tests/fuzz/expect.c

# Measured in a process, without sanitizers, for 'make bench'.
benches-y                += tests/bench/bench_tlb.c
benches-y                += tests/bench/bench_allocate.c
benches-y                += tests/bench/bench_types.c
benches-y                += tests/bench/bench_heap.c
bench-support-y          += $(addprefix tests/bench/, \
    measure.c steps.c frames_taken.c heap_ours.c heap_textbook.c heap_nop.c \
    bench_pairs.c bench_series.c bench_guest.c bench_shapes.c bench_start.c)

include tools/build.mk
include tools/targets.mk
