# SPDX-License-Identifier: MIT
#
# What one does with what was built: run it, check it, measure it.

machine-options := --firmware $(FIRMWARE) --memory $(MEM) --cpus $(SMP)
machine-options += $(if $(GDB),--gdb) --append '$(value APPEND)'
run: $(if $(DIRECT),$(BUILD)/tessera,$(BUILD)/tessera.iso) | deps
	@$(PYTHON) tools/qemu.py $(machine-options) $(if $(DIRECT),--direct) $<

# The image once more, with a TLB clock that wraps all the time.
narrow := $(BUILD)/narrow/tessera
$(narrow): FORCE | deps
	@$(kconfig) set $(BUILD)/narrow/.config TLB_CLOCK_BITS=3
	@$(MAKE) --no-print-directory -s BUILD=$(BUILD)/narrow all

# Each check is a program that prints TAP, and check.py adds them up. Each stands
# behind a '--', and the longest come first: none is waited for at the end.
order    := -- sh tools/check-order.sh "$(upcalls)" $(x86-core) $(x86-image)
seam     := -- sh tools/check-seam.sh $(BUILD)/lib/libtessera.a \
              include/xen/arch.h
format   := -- sh tools/check-format.sh $(sources-y)
repro    := -- env CC="$(CC)" sh tools/check-repro.sh $(BUILD)
configs  := -- sh tools/check-configs.sh $(BUILD)
no-build := -- sh tests/compile-fail/run.sh "$(CC) $(FUZZ_CC)" -std=gnu11 \
              -ffreestanding -Iinclude -I$(BUILD)/include $(force)
mutation := -- env CC="$(CC)" $(PYTHON) tests/mutation/run.py --built $(BUILD)
models   := -- $(PYTHON) tests/spin/run.py
boots    := -- $(PYTHON) tests/boot/boots.py --narrow $(narrow) $(BUILD)/tessera
planted  := -- $(PYTHON) tests/boot/planted.py --built $(BUILD)
boots    += $(planted)
boots    += -- sh tests/house/embed.sh $(BUILD)/lib
corpora  := $(foreach f,$(fuzzers),-- sh tests/fuzz/run.sh $f 0)
# Of the checks themselves.
house    := -- $(PYTHON) tests/boot/runner.py
house    += -- sh tests/house/adder.sh
house    += -- env CC="$(CC)" sh tests/house/layers.sh
house    += -- $(PYTHON) tests/house/public_abi.py "$(CC)"
house    += -- $(PYTHON) tests/house/docs.py
house    += -- $(PYTHON) tests/bench/overhead.py
house    += -- $(PYTHON) tests/house/invariants.py

add-up   := $(PYTHON) tools/check.py -t 2400
check: $(tests) $(clock-tests) $(config-tests) $(explore-tests) $(tsan-tests) $(fuzzers) all lib iso $(narrow) | deps
	@$(add-up) $(configs) $(mutation) --one-each $(boots) $(models) $(repro) \
	    $(addprefix -- ,$(explore-tests) $(clock-tests) $(config-tests) $(tests) $(tsan-tests)) \
	    $(order) $(seam) $(no-build) $(format) $(corpora) $(house)

# What takes longer than one likes to wait for each time. The longest come first,
# and what keeps all CPUs busy by itself comes last: then none has to wait.
calls    := CALLS=10000000 TEST_SECONDS=10000
more     := EXPLORE_MORE=1 TEST_SECONDS=10000
long     := $(foreach t,$(long-tests),-- env $(calls) $t)
# The explorer's own test counts schedules of the usual number of stops.
long     += $(foreach t,$(filter-out %itself,$(explore-tests)),-- env $(more) $t)
long     += $(foreach t,$(explore-long),-- env TEST_SECONDS=10000 $t)
long     += $(models) --long
long     += $(addprefix -- ,$(filter %itself,$(explore-tests)))
long     += $(foreach f,$(fuzzers),-- sh tests/fuzz/run.sh $f 120)
long     += $(mutation)
check-long: $(long-tests) $(explore-tests) $(explore-long) $(fuzzers) \
    $(tests) $(clock-tests) $(config-tests) | deps
	@$(PYTHON) tools/check.py -v -t 20000 $(long)

check-host: $(tests) $(tsan-tests)
	@$(add-up) $^

check-clocks: $(clock-tests)
	@$(add-up) $^

check-boot: all lib $(narrow) | deps
	@$(add-up) $(boots)

# Leave out a flush, and see the tests on the machine turn red.
check-stale: all | deps
	@$(add-up) -v $(planted) 'debt|flush'

# Search all states of the models, and find planted mistakes (SPIN).
check-models: | deps
	@$(add-up) -v $(models)

check-order: $(x86-core) $(x86-image)
	@$(add-up) $(order)

check-seam: lib
	@$(add-up) $(seam)

check-repro: all lib iso
	@$(add-up) $(repro)

check-format: | deps
	@$(add-up) $(format)

check-configs: | deps
	@$(add-up) -v $(configs)

check-compile-fail: | deps
	@$(add-up) -v $(no-build)

mutation: $(tests) $(clock-tests) $(config-tests) $(explore-tests) | deps
	@$(add-up) -v $(mutation)

fuzz: $(fuzzers) | deps
	@$(PYTHON) tools/check.py -v -t $$(($(SECONDS) + 300)) \
	    $(foreach f,$(fuzzers),-- sh tests/fuzz/run.sh $f $(SECONDS))

# Measured without what only finds faults.
bench: | deps
	@$(kconfig) set $(BUILD)/bench/.config DEBUG=n SELFTEST=n
	@$(MAKE) --no-print-directory -s BUILD=$(BUILD)/bench all \
	    $(BUILD)/bench/plain/tests/bench/bench_tlb \
	    $(BUILD)/bench/plain/tests/bench/bench_heap
	@$(PYTHON) tests/bench/bench.py $(BUILD)/bench.json \
	    $(BUILD)/bench/tessera $(BUILD)/bench/plain/tests/bench/bench_tlb \
	    $(BUILD)/bench/plain/tests/bench/bench_heap

format: | deps
	@sh tools/check-format.sh fix

clean:
	rm -rf $(BUILD)

# What the goals at hand need of the machine they are built on.
needs := build
needs += $(if $(filter run iso bench check check-%,$(goals)),iso run)
needs += $(if $(filter bench,$(goals)),bench)
needs += $(if $(filter fuzz check check-% mutation,$(goals)),check fuzz)
needs += $(if $(filter check check-format format,$(goals)),format)
needs += $(if $(filter check check-models check-long,$(goals)),models)
deps:
	@sh tools/deps.sh $(if $(filter deps,$(goals)),\
	    build iso run check fuzz format models,$(needs))

define help_text
Targets
  all           the image, $(BUILD)/tessera
  run           boot it in QEMU; Ctrl-A x leaves
  iso           $(BUILD)/tessera.iso, for BIOS and UEFI, CD and USB
  lib           $(BUILD)/lib: libtessera.a and its headers
  check         every test
  check-long    random tests of millions of steps, orders of what CPUs do with
                more stops, all that the models allow, fuzzers for 2 minutes
                each, and every fault there is: an hour on two CPUs
  explore       the programs that try every order of what CPUs do at once
  check-host    the tests that run as a process here
  check-boot    the tests that boot a machine
  check-clocks  those of the TLB clock, with few bits
  check-stale   leave out a flush, and see those of the TLB fail
  check-models  all states of models of TLBs, references, heap, and mistakes
  check-order, check-seam, check-format, check-repro, check-configs,
  check-compile-fail, mutation: the parts of 'check' by themselves
  fuzz          each fuzzer for SECONDS=60
  bench         what boot, heap and page tables cost, against the goals
  menuconfig, defconfig, olddefconfig, allyesconfig, allnoconfig
  format        lay out the C files
  deps          install what all of these need
  clean
Variables
  FIRMWARE=bios|uefi  MEM=512M  SMP=1  APPEND="words for the command line"
  GDB=1     wait for a debugger on port 1234
  DIRECT=1  boot without GRUB
  BUILD=build  CC=clang  CROSS_COMPILE=x86_64-linux-gnu-  NO_INSTALL=1
endef
export help_text
help:
	@echo "$$help_text"

.PHONY: run check check-long check-host check-clocks check-boot check-stale check-order check-seam
.PHONY: check-models check-format check-repro check-configs check-compile-fail
.PHONY: mutation fuzz bench format
.PHONY: clean deps help defconfig olddefconfig menuconfig allyesconfig
.PHONY: allnoconfig
