# SPDX-License-Identifier: Apache-2.0
# What test_checker.py and test_capsulectl.py run, under AddressSanitizer and
# UndefinedBehaviorSanitizer, built by gcc and by clang:
#   checker_server      the checker behind a pipe
#   checker_capsulectl  capsulectl with a device of its own (checker_device.c)
# By hand: make -f checker.mk -C tests/host
TOP := ../..
include $(TOP)/mk/common.mk

# Absolute: the dependency files of one build must fit the next, however O is given.
OUT := $(abspath $(O))/tests/host/checker
TOOLS := $(TOP)/tools
COMPILERS := gcc clang

LIB_OBJS := $(patsubst %.c,%.o,$(notdir $(wildcard $(TOOLS)/libcapsule/*.c)))
CTL_OBJS := $(patsubst %.c,%.o,$(notdir $(wildcard $(TOOLS)/capsulectl/*.c)))

vpath %.c . $(TOOLS)/libcapsule $(TOOLS)/capsulectl

CPPFLAGS := -D_GNU_SOURCE -I$(TOOLS) -I$(TOP)/include -I$(TOOLS)/libcapsule \
	-DCTL_CELLDIR='"installed"' -DCTL_VERSION='"test"' -DCTL_ROOT='"."'
CFLAGS := -std=gnu11 -O1 -g $(WARN) -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all
WRAP := -Wl,--wrap=open,--wrap=ioctl

all: $(foreach c,$(COMPILERS),$(OUT)/$c/checker_server $(OUT)/$c/checker_capsulectl)

$(call flags-stamp,$(OUT)/.flags,$(subst ','\'',$(CPPFLAGS) $(CFLAGS)))

define compiler
$(OUT)/$1/%.o: %.c $(OUT)/.flags checker.mk
	@mkdir -p $$(@D)
	$$(call say,HOSTCC,$1/$$(<F))
	$$(Q)$1 $$(CPPFLAGS) $$(CFLAGS) -MMD -MP -c -o $$@ $$<

$(OUT)/$1/checker_server: $(addprefix $(OUT)/$1/,checker_server.o $(LIB_OBJS))
	$$(call say,HOSTLD,$1/$$(@F))
	$$(Q)$1 $$(CFLAGS) -o $$@ $$^

$(OUT)/$1/checker_capsulectl: $(addprefix $(OUT)/$1/,checker_device.o $(LIB_OBJS) $(CTL_OBJS))
	$$(call say,HOSTLD,$1/$$(@F))
	$$(Q)$1 $$(CFLAGS) $(WRAP) -o $$@ $$^ -ljson-c -lfdt -lz
endef
$(foreach c,$(COMPILERS),$(eval $(call compiler,$c)))

-include $(wildcard $(OUT)/*/*.d)
.PHONY: all
.DELETE_ON_ERROR:
.SECONDARY:
