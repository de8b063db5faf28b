# SPDX-License-Identifier: Apache-2.0
# hypervisor/gic on a fake GIC, under AddressSanitizer and
# UndefinedBehaviorSanitizer, built by gcc and by clang. Run by test_gic.py;
# by hand: make -f gic.mk -C tests/host && build/tests/host/gic/gcc/gic_test
TOP := ../..
include $(TOP)/mk/common.mk

OUT := $(O)/tests/host/gic
HYP := $(TOP)/hypervisor
COMPILERS := gcc clang
PROGRAMS := gic_test gic_owner_test gic_virtual_test gic_random_test gic_v2_test

include $(HYP)/gic/objects.mk
objs := host.o gic_fake.o gic_fake_v2.o cell.o spinlock.o $(notdir $(gic-objs))

vpath %.c . $(HYP)/core $(HYP)/gic

# gic_fake/ stands first: its io.h and sysreg.h replace the hypervisor's.
CPPFLAGS := -Igic_fake -I. -I$(HYP)/include -I$(HYP)/arm64 -I$(TOP)/include
CFLAGS := -std=gnu11 -O1 -g $(WARN) -fno-omit-frame-pointer -fno-strict-aliasing \
	-fsanitize=address,undefined -fno-sanitize-recover=all

all: $(foreach c,$(COMPILERS),$(addprefix $(OUT)/$c/,$(PROGRAMS)))

$(call flags-stamp,$(OUT)/.flags,$(CPPFLAGS) $(CFLAGS))

define program
$(OUT)/$1/$2: $(addprefix $(OUT)/$1/,$2.o $(objs))
	$$(call say,HOSTLD,$1/$2)
	$$(Q)$1 $(CFLAGS) -o $$@ $$^ -lcmocka
endef

define compiler
$(OUT)/$1/%.o: %.c $(OUT)/.flags gic.mk
	@mkdir -p $$(@D)
	$$(call say,HOSTCC,$1/$$(<F))
	$$(Q)$1 $$(CPPFLAGS) $$(CFLAGS) -MMD -MP -c -o $$@ $$<
$(foreach p,$(PROGRAMS),$(eval $(call program,$1,$p)))
endef
$(foreach c,$(COMPILERS),$(eval $(call compiler,$c)))

-include $(wildcard $(OUT)/*/*.d)
.PHONY: all
.DELETE_ON_ERROR:
.SECONDARY:
