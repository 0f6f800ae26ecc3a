# SPDX-License-Identifier: MIT
#
#   make run        boot the ISO in QEMU: FIRMWARE=bios|uefi MEM= SMP= APPEND=
#   make check      every test there is; ends in 'N passed, N failed'
#   make lib        the memory core alone, to link into another hypervisor
#   make help       all targets and variables

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

# ---- What there is ---------------------------------------------------------
#
# Lowest layer first: a file calls only files above it, and 'make check-order'
# holds it to that. So it is also the order in which to read them.

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
machine-y                += $(wildcard arch/x86/boot/*.S arch/x86/cpu/*.S)
machine-y                += $(wildcard arch/x86/boot/*.c arch/x86/cpu/*.c)

# Tests that run in the image, on the booted machine.
boot-tests-$(CONFIG_SELFTEST) += tests/harness/expect.c
boot-tests-$(CONFIG_SELFTEST) += $(wildcard tests/boot/*.c)

# The machine below them when they run as a process, and slow obvious models.
hosted-y                 += $(wildcard arch/hosted/*.c)
hosted-y                 += $(wildcard tests/harness/*.c tests/model/*.c)

# One program each.
tests-y                  += $(wildcard tests/unit/test_*.c)
fuzzers-y                += $(wildcard tests/fuzz/fuzz_*.c)

# What every fuzzer is linked with: the machine it runs on, and expectations.
fuzz-support-y           := tests/fuzz/machine.c tests/fuzz/fuzz.c

# Of those tests, the ones with threads: they also run under ThreadSanitizer.
threaded-y               += $(wildcard tests/unit/test_spinlock.c)
threaded-y               += $(wildcard tests/unit/test_heap_threads.c)

core-y  := $(wildcard $(core-y))
image-y := $(wildcard $(image-y))

# ---- How it is built -------------------------------------------------------

ifeq ($(origin CC),default)
CC        := $(CROSS_COMPILE)gcc
endif
LD        := $(CROSS_COMPILE)ld
AR        := $(CROSS_COMPILE)ar
NM        := $(CROSS_COMPILE)nm
OBJCOPY   := $(CROSS_COMPILE)objcopy
clang     := $(findstring clang,$(CC))
HOST_CC   ?= $(if $(clang),$(CC),gcc)
FUZZ_CC   ?= clang
PYTHON    := /usr/bin/python3

warnings  := -Wall -Wextra -Wconversion -Wshadow -Wundef -Wmissing-prototypes
warnings  += -Wstrict-prototypes -Werror
# Holds the lock rules of <xen/compiler.h>; gcc does not know them.
clang-warnings := -Wthread-safety

# Objects must not tell in which directory they were built.
common    := -std=gnu11 -O2 -g -MMD -MP $(warnings)
common    += -ffile-prefix-map=$(abspath $(BUILD))=build
common    += -ffile-prefix-map=$(BUILD)=build -ffile-prefix-map=$(CURDIR)=.
common    += -Iinclude -I$(BUILD)/include
force     := -include include/xen/config.h

x86       := -DTESSERA_BUILD -ffreestanding -fpie
x86       += -fno-stack-protector -fcf-protection=none
x86       += -mno-red-zone -mgeneral-regs-only -fno-omit-frame-pointer
x86       += -fno-asynchronous-unwind-tables -Iarch/x86/include
x86       += -Itests/harness
x86       += $(if $(clang),--target=x86_64-linux-gnu $(clang-warnings))
x86-c     := $(if $(CONFIG_UBSAN),-fsanitize=undefined)
x86-c     += $(if $(CONFIG_UBSAN),-fsanitize-undefined-trap-on-error)

host      := -Iarch/hosted/include -Iarch/x86/include -Itests/harness
host      += -fno-omit-frame-pointer -pthread
hosted    := -fsanitize=address,undefined -fno-sanitize-recover=all
tsan      := -fsanitize=thread
fuzz      := -fsanitize=fuzzer-no-link,address,undefined
fuzz      += -fno-sanitize-recover=all $(clang-warnings)

x86-core    := $(core-y:%.c=$(BUILD)/x86/%.o)
x86-image   := $(image-y:%.c=$(BUILD)/x86/%.o)
x86-above   := $(patsubst %,$(BUILD)/x86/%.o,\
                 $(basename $(machine-y) $(boot-tests-y)))
x86-objs    := $(x86-core) $(x86-image) $(x86-above)
# A process has its C library's string functions, and sanitizers know those.
pure-y      := $(filter-out common/string.c,$(core-y)) $(image-y) $(image-)
pure-y      += $(hosted-y)
tests       := $(tests-y:%.c=$(BUILD)/hosted/%)
tsan-tests  := $(threaded-y:%.c=$(BUILD)/tsan/%)
fuzzers     := $(fuzzers-y:%.c=$(BUILD)/fuzz/%)
programs-y  := $(tests-y) $(fuzzers-y) $(fuzz-support-y)

.PHONY: all lib iso
.SECONDARY:
.DELETE_ON_ERROR:
all: $(BUILD)/tessera
lib: $(BUILD)/lib/libtessera.a $(BUILD)/lib/include
iso: $(BUILD)/tessera.iso

$(BUILD)/x86/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(common) $(force) $(x86) $(x86-c) -c -o $@ $<

$(BUILD)/x86/%.o: %.S $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(common) -D__ASSEMBLY__ $(force) $(x86) -c -o $@ $<

$(BUILD)/hosted/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(HOST_CC) $(common) $(force) $(host) $(hosted) -c -o $@ $<

$(BUILD)/tsan/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(HOST_CC) $(common) $(force) $(host) $(tsan) -c -o $@ $<

$(BUILD)/fuzz/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(FUZZ_CC) $(common) $(force) $(host) $(fuzz) -c -o $@ $<

# Loops that copy or fill must not be made into calls of what they implement.
$(BUILD)/x86/common/string.o $(BUILD)/hosted/renamed_string.o: \
    x86 += $(if $(clang),,-fno-tree-loop-distribute-patterns)

# Ours beside the C library's, for the test that compares them.
$(BUILD)/hosted/renamed_string.o: common/string.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(common) $(x86) -c -o $@ $<
	$(OBJCOPY) --prefix-symbols=our_ $@

# A program takes from the archive what it does not define itself.
$(BUILD)/hosted/libtessera.a: $(BUILD)/hosted/renamed_string.o
$(BUILD)/hosted/libtessera.a: $(pure-y:%.c=$(BUILD)/hosted/%.o)
$(BUILD)/tsan/libtessera.a:   $(pure-y:%.c=$(BUILD)/tsan/%.o)
$(BUILD)/fuzz/libtessera.a:   $(filter-out tests/harness/%,$(pure-y:%.c=$(BUILD)/fuzz/%.o))
$(BUILD)/lib/libtessera.a:    $(x86-core)
%/libtessera.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcsD $@ $^

$(tests): $(BUILD)/hosted/%: $(BUILD)/hosted/%.o $(BUILD)/hosted/libtessera.a
	$(HOST_CC) -pthread $(hosted) -o $@ $^

$(tsan-tests): $(BUILD)/tsan/%: $(BUILD)/tsan/%.o $(BUILD)/tsan/libtessera.a
	$(HOST_CC) -pthread $(tsan) -o $@ $^

$(fuzzers): $(BUILD)/fuzz/%: $(BUILD)/fuzz/%.o \
    $(fuzz-support-y:%.c=$(BUILD)/fuzz/%.o) $(BUILD)/fuzz/libtessera.a
	$(FUZZ_CC) -pthread $(fuzz) -fsanitize=fuzzer -o $@ $^

$(BUILD)/lib/include: $(BUILD)/auto.conf FORCE
	@rm -rf $@
	@mkdir -p $(@D)
	@cp -Rp include $@
	@cp -Rp arch/x86/include/asm arch/x86/include/x86 $(BUILD)/include/generated $@

# Linked twice: the second time with a table of the first one's functions. The
# table lies behind the text, so they stay where they were.
link := $(LD) -T linker.lds -static --no-dynamic-linker --build-id=none
link += -z noexecstack -z max-page-size=0x1000 --no-warn-rwx-segments
nm   := $(NM) -n --format=posix
$(BUILD)/pass1.elf: linker.lds $(x86-objs) $(BUILD)/symbols0.o
	$(link) -o $@ $(filter %.o,$^)

$(BUILD)/tessera.elf: linker.lds $(x86-objs) $(BUILD)/symbols1.o
	$(link) -o $@ $(filter %.o,$^)
	@$(nm) $@ | $(PYTHON) tools/symbols.py | cmp - $(BUILD)/symbols1.S

$(BUILD)/symbols0.S: tools/symbols.py
	@$(PYTHON) tools/symbols.py </dev/null >$@

$(BUILD)/symbols1.S: tools/symbols.py $(BUILD)/pass1.elf
	@$(nm) $(BUILD)/pass1.elf | $(PYTHON) tools/symbols.py >$@

$(BUILD)/symbols%.o: $(BUILD)/symbols%.S
	$(CC) $(common) $(x86) -c -o $@ $<

$(BUILD)/tessera: $(BUILD)/tessera.elf
	$(OBJCOPY) --strip-all $< $@

$(BUILD)/tessera.iso: $(BUILD)/tessera tools/iso.sh $(BUILD)/append | deps
	sh tools/iso.sh $< $@ '$(value APPEND)'

-include $(addsuffix .d,$(basename $(x86-objs) $(foreach d,hosted tsan fuzz,\
    $(patsubst %.c,$(BUILD)/$d/%.o,$(pure-y) $(programs-y)))))

# ---- How it is run ---------------------------------------------------------

machine-options := --firmware $(FIRMWARE) --memory $(MEM) --cpus $(SMP)
machine-options += $(if $(GDB),--gdb) --append '$(value APPEND)'
run: $(if $(DIRECT),$(BUILD)/tessera,$(BUILD)/tessera.iso) | deps
	@$(PYTHON) tools/qemu.py $(machine-options) $(if $(DIRECT),--direct) $<

# Each check is a program that prints TAP; check.py adds them up.
add-up        := $(PYTHON) tools/check.py -t 900
order-check   := sh tools/check-order.sh "$(upcalls)" $(x86-core) $(x86-image)
seam-check    := sh tools/check-seam.sh $(BUILD)/lib/libtessera.a \
                   include/xen/arch.h
boot-check    := $(PYTHON) tests/boot/boots.py $(BUILD)/tessera
format-check  := sh tools/check-format.sh
repro-check   := env CC="$(CC)" sh tools/check-repro.sh $(BUILD)
configs-check := sh tools/check-configs.sh $(BUILD)
fail-check    := sh tests/compile-fail/run.sh "$(CC) $(FUZZ_CC)" -std=gnu11 \
                   -ffreestanding -Iinclude -I$(BUILD)/include $(force)
mutation      := $(PYTHON) tests/mutation/run.py
adder-check   := sh tests/house/adder.sh
docs-check    := $(PYTHON) tests/house/docs.py
embed-check   := sh tests/house/embed.sh $(BUILD)/lib
planted-check := env CC="$(CC)" sh tests/house/layers.sh
runner-check  := $(PYTHON) tests/boot/runner.py
corpus-check  := $(foreach f,$(fuzzers),-- sh tests/fuzz/run.sh $f 0)

check: $(tests) $(tsan-tests) $(fuzzers) all lib iso | deps
	@$(add-up) $(tests) $(tsan-tests) -- $(configs-check) -- $(boot-check) \
	    -- $(repro-check) -- $(mutation) -- $(order-check) \
	    -- $(seam-check) -- $(planted-check) -- $(runner-check) \
	    -- $(adder-check) -- $(docs-check) -- $(embed-check) \
	    -- $(fail-check) -- $(format-check) $(corpus-check)

check-host: $(tests) $(tsan-tests)
	@$(add-up) $^

check-boot: $(BUILD)/tessera | deps
	@$(add-up) -- $(runner-check) -- $(boot-check)

check-order: $(x86-core) $(x86-image)
	@$(add-up) -- $(order-check)

check-seam: lib
	@$(add-up) -- $(seam-check)

check-repro: all lib iso
	@$(add-up) -- $(repro-check)

check-format check-configs check-compile-fail mutation: | deps
	@$(add-up) -v -- $($(patsubst compile-fail%,fail%,\
	    $(@:check-%=%-check)))

fuzz: $(fuzzers) | deps
	@$(PYTHON) tools/check.py -v -t $$(($(SECONDS) + 300)) \
	    $(foreach f,$(fuzzers),-- sh tests/fuzz/run.sh $f $(SECONDS))

# Measured without what only finds faults.
bench: | deps
	@$(kconfig) set $(BUILD)/bench/.config DEBUG=n SELFTEST=n
	@$(MAKE) --no-print-directory -s BUILD=$(BUILD)/bench all
	@$(PYTHON) tests/bench/bench.py $(BUILD)/bench.json $(BUILD)/bench/tessera

format: | deps
	@sh tools/check-format.sh fix

clean:
	rm -rf $(BUILD)

# What the goals at hand need of the machine they are built on.
needs := build
needs += $(if $(filter run iso bench check check-%,$(goals)),iso run)
needs += $(if $(filter fuzz check check-% mutation,$(goals)),check fuzz)
needs += $(if $(filter check check-format format,$(goals)),format)
deps:
	@sh tools/deps.sh $(if $(filter deps,$(goals)),\
	    build iso run check fuzz format,$(needs))

define help_text
Targets
  all           the image, $(BUILD)/tessera
  run           boot it in QEMU; Ctrl-A x leaves
  iso           $(BUILD)/tessera.iso, for BIOS and UEFI, CD and USB
  lib           $(BUILD)/lib: libtessera.a and its headers
  check         every test
  check-host    the tests that run as a process here
  check-boot    the tests that boot a machine
  check-order, check-seam, check-format, check-repro, check-configs,
  check-compile-fail, mutation: the parts of 'check' by themselves
  fuzz          each fuzzer for SECONDS=60
  bench         what the boot costs, against the goals
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

.PHONY: run check check-host check-boot check-order check-seam check-format
.PHONY: check-repro check-configs check-compile-fail mutation fuzz bench format
.PHONY: clean deps help defconfig olddefconfig menuconfig allyesconfig
.PHONY: allnoconfig

# ---- Configuration ---------------------------------------------------------

# Every option of Kconfig is defined, as 0 where it is off or out of sight. So
# code says 'if (CONFIG_X)', both arms compile, and a misspelt one does not.
kconfig := $(PYTHON) tools/kconfig.py
$(BUILD)/auto.conf: Kconfig tools/kconfig.py $(BUILD)/.config
	@$(kconfig) genconfig $(BUILD)/.config \
	    $(BUILD)/include/generated/autoconf.h $@

$(BUILD)/.config:
	@sh tools/deps.sh $(needs)
	@$(kconfig) defconfig $@

defconfig olddefconfig menuconfig: | deps ; @$(kconfig) $@ $(BUILD)/.config
allyesconfig allnoconfig: | deps ; @$(kconfig) $(@:config=) $(BUILD)/.config

# Another compiler or other flags: build anew.
flags := $(CC) $(HOST_CC) $(common) $(force) $(x86) $(x86-c) $(host) $(hosted) $(fuzz)
$(BUILD)/flags: text := $(flags)
$(BUILD)/append: text := $(value APPEND)
$(BUILD)/flags $(BUILD)/append: FORCE
	@mkdir -p $(@D)
	@echo '$(text)' | cmp -s - $@ || echo '$(text)' >$@
FORCE:
