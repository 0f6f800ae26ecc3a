# SPDX-License-Identifier: MIT
#
# How what the Makefile lists becomes an image, a library, and programs.

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
x86       += -momit-leaf-frame-pointer
x86       += -fno-asynchronous-unwind-tables -Iarch/x86/include
x86       += $(if $(clang),--target=x86_64-linux-gnu $(clang-warnings))
x86-c     := $(if $(CONFIG_UBSAN),-fsanitize=undefined)
x86-c     += $(if $(CONFIG_UBSAN),-fsanitize-undefined-trap-on-error)

host      := -Iarch/hosted/include -Iarch/x86/include
host      += -fno-omit-frame-pointer -momit-leaf-frame-pointer -pthread
host      += -ftls-model=local-exec
hosted    := -fsanitize=address,undefined -fno-sanitize-recover=all
# It does not model fences. What they order here is atomic, so no race to it.
tsan      := -fsanitize=thread $(if $(findstring clang,$(HOST_CC)),,-Wno-tsan)
points    := -include tests/explore/points.h
fuzz-checks := -fsanitize=address,undefined
fuzz      := -fsanitize=fuzzer-no-link,address,undefined
fuzz      += -fno-sanitize-recover=all $(clang-warnings)

x86-core    := $(core-y:%.c=$(BUILD)/x86/%.o)
x86-image   := $(image-y:%.c=$(BUILD)/x86/%.o)
x86-above   := $(patsubst %,$(BUILD)/x86/%.o,\
                 $(basename $(machine-y) $(boot-tests-y)))
x86-objs    := $(x86-core) $(x86-image) $(x86-above)
# A process has its C library's string functions, and sanitizers know those.
pure-y      := $(filter-out common/string.c,$(core-y)) $(image-y) $(image-)
pure-y      += $(hosted-y) $(models-y)
tests       := $(tests-y:%.c=$(BUILD)/hosted/%)
tsan-tests  := $(threaded-y:%.c=$(BUILD)/tsan/%)
fuzz-here   := $(patsubst %.c,$(BUILD)/fuzz/%,$(fuzzers-y) $(small-fuzzers-y))
fuzzers     := $(fuzzers-y:%.c=$(BUILD)/fuzz/%)
fuzzers     += $(small-fuzzers-y:%.c=$(BUILD)/small/fuzz/%)
explorers   := $(patsubst %.c,$(BUILD)/points/%,$(explorers-y) $(long-explorers-y))
programs-y  := $(tests-y) $(tests-) $(fuzzers-y) $(small-fuzzers-y) $(fuzz-support-y) $(benches-y)
programs-y  += $(explorers-y) $(long-explorers-y) $(explore-support-y)
programs-y  += $(bench-support-y)
benches     := $(benches-y:%.c=$(BUILD)/plain/%)
plain-tests := $(patsubst %.c,$(BUILD)/plain/%,$(long-y) $(long-plain-y))
long-tests  := $(foreach c,small linear,$(long-y:%.c=$(BUILD)/$c/plain/%))
long-tests  += $(long-plain-y:%.c=$(BUILD)/plain/%)
sources-y   := $(core-y) $(core-) $(image-y) $(image-) $(machine-y) $(boot-tests-y)
sources-y   += $(boot-tests-) $(hosted-y) $(models-y) $(programs-y)

.PHONY: all lib iso
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

# To be measured: what sanitizers add is not ours.
$(BUILD)/plain/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(HOST_CC) $(common) $(force) $(host) -c -o $@ $<

$(BUILD)/fuzz/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(FUZZ_CC) $(common) $(force) $(host) $(fuzz) -c -o $@ $<

# To be explored: fast, and with all variables that the core changes after boot
# in one section, so that they can be put back.
constant := $(addprefix common/,memory_map.c pdx.c bootmem.c frame_table.c)
state    := --rename-section .data=core_state
state    += --rename-section .bss=core_state,alloc,load,data,contents
$(BUILD)/points/%.o: %.c $(BUILD)/flags tests/explore/points.h
	@mkdir -p $(@D)
	$(HOST_CC) $(common) $(force) $(if $(filter $<,$(pointed-y)),$(points)) \
	    $(if $(filter $<,$(heap-pointed-y)),$(points) -DEXPLORE_HEAP) \
	    $(host) -fno-pie -c -o $@ $<
	@$(if $(filter $<,$(filter-out $(constant),$(core-y))),$(OBJCOPY) $(state) $@)

# What only compares is nothing to search for ways through.
$(BUILD)/fuzz/common/audit.o $(BUILD)/fuzz/common/audit_%.o \
$(BUILD)/fuzz/tests/model/%.o: \
    fuzz := $(filter-out -fsanitize=fuzzer-no-link%,$(fuzz)) $(fuzz-checks)

# What is no test includes none of the harness.
$(BUILD)/x86/tests/%.o: x86 += -Itests/harness
$(foreach d,hosted tsan fuzz plain points,$(BUILD)/$d/tests/%.o): host += -Itests/harness

# Tests take most of the time in the compiler, what they call in the run.
$(BUILD)/hosted/tests/unit/%.o: host += -Og

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
$(BUILD)/plain/libtessera.a:  $(pure-y:%.c=$(BUILD)/plain/%.o)
$(BUILD)/points/libtessera.a: $(pure-y:%.c=$(BUILD)/points/%.o)
$(BUILD)/fuzz/libtessera.a:   $(filter-out tests/harness/%,$(pure-y:%.c=$(BUILD)/fuzz/%.o))
$(BUILD)/lib/libtessera.a:    $(x86-core)
$(BUILD)/plain/libbench.a:    $(bench-support-y:%.c=$(BUILD)/plain/%.o)
%.a: Makefile
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcsD $@ $(filter %.o,$^)

$(tests): $(BUILD)/hosted/%: $(BUILD)/hosted/%.o $(BUILD)/hosted/libtessera.a
	$(HOST_CC) -pthread $(hosted) -o $@ $^

$(plain-tests): $(BUILD)/plain/%: $(BUILD)/plain/%.o $(BUILD)/plain/libtessera.a
	$(HOST_CC) -pthread -o $@ $^

$(benches): $(BUILD)/plain/%: $(BUILD)/plain/%.o $(BUILD)/plain/libbench.a \
    $(BUILD)/plain/libtessera.a
	$(HOST_CC) -pthread -o $@ $^

$(explorers): $(BUILD)/points/%: $(BUILD)/points/%.o \
    $(explore-support-y:%.c=$(BUILD)/points/%.o) $(BUILD)/points/libtessera.a
	$(HOST_CC) -pthread -no-pie -o $@ $^

$(tsan-tests): $(BUILD)/tsan/%: $(BUILD)/tsan/%.o $(BUILD)/tsan/libtessera.a
	$(HOST_CC) -pthread $(tsan) -o $@ $^

# What a build below this one is to make: all that is named, or else all it has.
asked-for     = $(or $(filter $(BUILD)/$1/%,$(goals)),$2)

# One build below this one for each clock: $(call clocked,BITS) are its tests.
clocks       := 3 10
clocked       = $(clocked-y:%.c=$(BUILD)/clock$1/hosted/%)
clocked      += $(patsubst %.c,$(BUILD)/clock$1/tsan/%,\
                  $(filter $(threaded-y),$(clocked-y)))
clock-tests  := $(foreach bits,$(clocks),$(call clocked,$(bits)))
define build-clocked
.PHONY: clock$1
$(call clocked,$1): clock$1 ;
clock$1:
	@$$(kconfig) set $(BUILD)/clock$1/.config TLB_CLOCK_BITS=$1
	@$$(MAKE) --no-print-directory -s BUILD=$(BUILD)/clock$1 \
	    $(call asked-for,clock$1,$(call clocked,$1))
endef
$(foreach bits,$(clocks),$(eval $(call build-clocked,$(bits))))

# One more each: with tables of few entries and counts of few bits, so that all
# states of a table can be tried, and the top of a count is reached; and with
# tables that may name tables of their own level besides.
small-config  := TABLE_BITS=2 COUNT_BITS=6
linear-config := $(small-config) LINEAR_TABLES=y
small-config  += PAGE_OWNER=y
config-tests  := $(foreach c,small linear,$($c-y:%.c=$(BUILD)/$c/hosted/%))
configured     = $($1-y:%.c=$(BUILD)/$1/hosted/%)
configured    += $($1-fuzzers-y:%.c=$(BUILD)/$1/fuzz/%)
configured    += $(if $(filter check-long,$(goals)),\
                  $(long-y:%.c=$(BUILD)/$1/plain/%))
define build-configured
.PHONY: $1
$(call configured,$1): $1 ;
$1:
	@$$(kconfig) set $(BUILD)/$1/.config $($1-config)
	@$$(MAKE) --no-print-directory -s BUILD=$(BUILD)/$1 \
	    $(call asked-for,$1,$(call configured,$1))
endef
$(foreach c,small linear,$(eval $(call build-configured,$c)))

# And one for the explorer.
explore-tests := $(explorers-y:%.c=$(BUILD)/explore/points/%)
explore-long  := $(long-explorers-y:%.c=$(BUILD)/explore/points/%)
.PHONY: explore
$(explore-tests) $(explore-long): explore ;
explore:
	@$(kconfig) set $(BUILD)/explore/.config $(linear-config) NR_CPUS=4
	@$(MAKE) --no-print-directory -s BUILD=$(BUILD)/explore \
	    $(call asked-for,explore,$(explore-tests) $(explore-long))

$(fuzz-here): $(BUILD)/fuzz/%: $(BUILD)/fuzz/%.o \
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
link += -z noexecstack -z max-page-size=0x1000
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

-include $(addsuffix .d,$(basename $(x86-objs) $(foreach d,hosted tsan fuzz plain points,\
    $(patsubst %.c,$(BUILD)/$d/%.o,$(pure-y) $(programs-y)))))

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
# Where is no matter: objects do not tell.
$(BUILD)/flags: text := $(filter-out -ffile-prefix-map=%,$(flags))
$(BUILD)/append: text := $(value APPEND)
$(BUILD)/flags $(BUILD)/append: FORCE
	@mkdir -p $(@D)
	@echo '$(text)' | cmp -s - $@ || echo '$(text)' >$@
.PHONY: FORCE
