# SPDX-License-Identifier: Apache-2.0
# `make run` and `make test` install what is missing; the other targets only build.

BUILD ?= build
ROOMS ?= base snapshot encode config alert link machine collect serve cli
V ?= 0
Q := $(if $(filter 1,$(V)),,@)
MAKEFLAGS += --no-print-directory

CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(or $(shell command -v bpftool),/usr/sbin/bpftool)
VERSION := 0.1.0

PACKAGES := libbpf libelf zlib libwebsockets jansson libjwt openssl yaml-0.1 libseccomp libcap
CPPFLAGS += -D_GNU_SOURCE -DPROBECAST_VERSION='"$(VERSION)"' -Iagent -Iinclude -I$(BUILD)
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	    -Wwrite-strings -Wvla -Wimplicit-fallthrough -Wundef $(if $(WERROR),-Werror)
ALL_CFLAGS = -std=gnu17 $(WARNINGS) -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE \
	     $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null) $(CFLAGS)
LDFLAGS += -pie -Wl,-z,relro,-z,now
LDLIBS = $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lev -lm -lpthread

# The architecture as bpf/bpf_tracing.h names it: where a kprobe finds its arguments.
MULTIARCH := $(shell $(CC) -print-multiarch)
MACHINE := $(firstword $(subst -, ,$(MULTIARCH)))
BPF_ARCH := $(or $(patsubst %,x86,$(filter x86_64 i386,$(MACHINE))), \
		 $(patsubst aarch64,arm64,$(filter aarch64,$(MACHINE))), \
		 $(patsubst powerpc%,powerpc,$(filter powerpc%,$(MACHINE))), \
		 $(patsubst s390%,s390,$(filter s390%,$(MACHINE))), \
		 $(patsubst riscv%,riscv,$(filter riscv%,$(MACHINE))),$(MACHINE))
BPF_SOURCES := $(wildcard bpf/*.bpf.c)
BPF_OBJECTS := $(BPF_SOURCES:%.c=$(BUILD)/%.o)
SKELETON := $(BUILD)/probecast.skel.h
WEB_SOURCES := $(wildcard agent/web/*.html agent/web/*.js agent/web/*.css agent/web/*.svg)
WEB_PACKED := $(WEB_SOURCES:agent/web/%=$(BUILD)/packed/%)

SOURCES := $(foreach room,$(ROOMS),$(wildcard agent/$(room)/*.c agent/$(room)/*.S))
OBJECTS := $(addsuffix .o,$(basename $(SOURCES:%=$(BUILD)/%)))
LIBRARY := $(BUILD)/libprobecast.a
BINARY := $(BUILD)/probecast

.DELETE_ON_ERROR:
.SECONDARY: $(WEB_PACKED)
.PHONY: help all unit tests run test bench bench-churn asan fuzz lint fmt fmt-check docs compile_commands \
	install uninstall clean
all: $(BINARY) ## build the agent

help: ## what there is
	@sed -nE 's/^([a-z_-]+):.*## /make \1\t/p' Makefile | expand -t 23
	@echo "V=1 shows commands, WERROR=1 makes warnings errors"

$(BINARY): $(BUILD)/agent/main.o $(LIBRARY)
	@echo "  LINK  $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(LIBRARY): $(OBJECTS)
	@echo "  AR    $@"
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/%.o: %.S $(WEB_PACKED)
	@mkdir -p $(@D)
	@echo "  AS    $<"
	$(Q)$(CC) $(CPPFLAGS) -Wa,-I$(BUILD)/packed -c -o $@ $<

# One object per probe, joined into one: they share the maps of core.bpf.c.
$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	@echo "  BPF   $<"
	$(Q)$(CLANG) -g -O2 -mcpu=v3 -target bpf -Wall -Wno-unused-function -Iinclude -Ibpf \
		-D__TARGET_ARCH_$(strip $(BPF_ARCH)) -idirafter /usr/include/$(MULTIARCH) -MMD -MP -c -o $@ $<

$(BUILD)/probecast.bpf.o: $(BPF_OBJECTS)
	@echo "  LINK  $@"
	$(Q)$(BPFTOOL) gen object $@ $^

$(SKELETON): $(BUILD)/probecast.bpf.o
	@echo "  SKEL  $@"
	$(Q)$(BPFTOOL) gen skeleton $< name probecast_bpf > $@

$(filter $(BUILD)/agent/collect/%,$(OBJECTS)): $(SKELETON)

$(BUILD)/packed/%: agent/web/%
	@mkdir -p $(@D)
	$(Q)gzip -9nc $< > $@

# A test is a file; what it needs of the agent comes out of the library. One has its own catalogue.
TEST_CFLAGS := -Itests
HARNESS := $(BUILD)/tests/harness/harness.o
UNIT_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
PROBE_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/probes/test_*.c))
BENCHES := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/bench_*.c))
helpers = $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/$(1)/$(2)_%,$(wildcard tests/$(1)/*.c)))

$(BUILD)/tests/%.o: CPPFLAGS += $(TEST_CFLAGS)
$(BUILD)/tests/unit/test_wide.o: CPPFLAGS += -iquote tests/unit/wide
$(UNIT_TESTS): $(BUILD)/%: $(BUILD)/%.o $(call helpers,unit,test) $(HARNESS) $(LIBRARY)
$(PROBE_TESTS): $(BUILD)/%: $(BUILD)/%.o $(call helpers,probes,test) $(HARNESS) $(LIBRARY)
$(BENCHES): $(BUILD)/%: $(BUILD)/%.o $(call helpers,bench,bench) $(LIBRARY)
$(BUILD)/tests/work/work: LDLIBS += -luring
$(BUILD)/tests/work/work: $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/work/*.c))

E2E_HELPERS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/e2e/*.c))
$(E2E_HELPERS): $(BUILD)/%: $(BUILD)/%.o $(LIBRARY)

$(UNIT_TESTS) $(PROBE_TESTS) $(BENCHES) $(E2E_HELPERS) $(BUILD)/tests/work/work:
	@echo "  LINK  $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

unit: $(UNIT_TESTS) ## build the unit tests
tests: $(UNIT_TESTS) $(PROBE_TESTS) $(E2E_HELPERS) $(if $(wildcard tests/work/*.c),$(BUILD)/tests/work/work)

run: ## install what is missing, build, start the agent
	$(Q)scripts/setup.sh build && $(MAKE) all && scripts/as-root.sh $(BINARY) run

test: ## install what is missing, build, run all tests
	$(Q)scripts/setup.sh test && $(MAKE) all tests && BUILD=$(BUILD) scripts/test.sh

bench: ## what the agent costs, against its peers (root)
	$(Q)scripts/setup.sh test && $(MAKE) all tests $(BENCHES) && \
		BUILD=$(BUILD) scripts/bench.sh $(ONLY)

CHURN ?= 200000
bench-churn: ## whether its memory grows while CHURN processes come and go (root)
	$(Q)$(MAKE) bench ONLY=churn=$(CHURN)

SANITIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
asan: ## unit tests under the address, leak and undefined behaviour sanitizers
	$(Q)$(MAKE) BUILD=$(BUILD)/asan CFLAGS="$(SANITIZE) -U_FORTIFY_SOURCE" unit
	$(Q)scripts/unit.sh $(BUILD)/asan

fuzz: ## each parser for 20 s
	$(Q)scripts/fuzz.sh $(BUILD) 20

lint: ## formatter, analyzers, spelling
	$(Q)scripts/lint.sh

FORMATTED := $(wildcard agent/*.c agent/*/*.[ch] bpf/*.[ch] include/*.h tests/*/*.[ch])
fmt: ## format the C code
	$(Q)clang-format -i $(FORMATTED)
fmt-check: ## say what is not formatted
	$(Q)clang-format --dry-run -Werror $(FORMATTED)

docs: ## write docs/METRICS.md out of the catalogue
	$(Q)scripts/metrics-doc.py > docs/METRICS.md

compile_commands: ## write build/compile_commands.json, where clangd looks for it
	@mkdir -p $(BUILD)
	$(Q)$(MAKE) -nB V=1 all tests | \
		scripts/compile-commands.py > $(BUILD)/compile_commands.json

PREFIX ?= /usr/local
install: all ## the agent and a sample configuration, under PREFIX and DESTDIR
	install -D -m 0755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/probecast
	install -D -m 0644 deploy/probecast.yaml $(DESTDIR)/etc/probecast/probecast.yaml.sample
uninstall: ## what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/probecast $(DESTDIR)/etc/probecast/probecast.yaml.sample

clean: ## remove build/
	$(Q)rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
