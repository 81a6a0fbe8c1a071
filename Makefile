# SPDX-License-Identifier: Apache-2.0
# `make run` and `make test` install what is missing; the other targets only build.

BUILD ?= build
ROOMS ?= base snapshot encode config alert link collect serve cli
V ?= 0
Q := $(if $(filter 1,$(V)),,@)

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
.PHONY: all run test bench setup clean
all: $(BINARY)

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
	$(Q)$(CLANG) -g -O2 -mcpu=v3 -target bpf -Wall -Wno-unused-function -idirafter /usr/include/$(shell $(CC) -print-multiarch) -Iinclude -Ibpf -MMD -MP \
		-c -o $@ $<

$(BUILD)/probecast.bpf.o: $(BPF_OBJECTS)
	@echo "  LINK  $@"
	$(Q)$(BPFTOOL) gen object $@ $^

$(SKELETON): $(BUILD)/probecast.bpf.o
	@echo "  SKEL  $@"
	$(Q)$(BPFTOOL) gen skeleton $< name probecast_bpf > $@

$(BUILD)/agent/collect/%.o: $(SKELETON)

$(BUILD)/packed/%: agent/web/%
	@mkdir -p $(@D)
	$(Q)gzip -9nc $< > $@

setup:
	$(Q)scripts/setup.sh

run: setup
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(BINARY) run

test: setup
	$(Q)$(MAKE) --no-print-directory all
	$(Q)scripts/test.sh

clean:
	$(Q)rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
