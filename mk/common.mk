# SPDX-License-Identifier: Apache-2.0
# Included by every folder's Makefile after it has set TOP (path to the top).
#
# Variables of the user: ARCH_PREFIX is chosen here; CROSS_COMPILE, CC=clang
# (LLVM=1), O (build folder), DEBUG=1 (assertions), KDIR (kernel headers),
# SYSROOT (arm64 libraries for the tools), prefix, DESTDIR, V=1 (show commands).

O ?= $(TOP)/build
override O := $(abspath $(O))
VERSION ?= $(shell git -C $(TOP) describe --always --dirty 2>/dev/null || echo unknown)

ifneq ($(shell uname -m),aarch64)
CROSS_COMPILE ?= aarch64-linux-gnu-
endif

ifeq ($(LLVM),1)
TARGET_CC := clang --target=aarch64-linux-gnu
else
TARGET_CC := $(CROSS_COMPILE)gcc
endif
TARGET_LD := $(CROSS_COMPILE)ld
TARGET_OBJCOPY := $(CROSS_COMPILE)objcopy
TARGET_OBJDUMP := $(CROSS_COMPILE)objdump
TARGET_SIZE := $(CROSS_COMPILE)size
TARGET_NM := $(CROSS_COMPILE)nm
TARGET_AR := $(CROSS_COMPILE)ar
HOST_CC ?= gcc

WARN := -Wall -Wextra -Werror -Wconversion -Wsign-conversion -Wshadow \
	-Wmissing-prototypes -Wstrict-prototypes -Wcast-qual -Wvla \
	-Wpointer-arith -Wundef -Wwrite-strings

ifeq ($(V),1)
Q :=
say =
else
Q := @
say = @printf '  %-7s %s\n' $(1) $(2)
endif

# A stamp that changes when the compiler or its flags do, so that switching
# compilers or options rebuilds: $(call flags-stamp,FILE,TEXT)
define flags-stamp
$(shell mkdir -p $(dir $(1)); printf '%s\n' '$(2)' | cmp -s - $(1) || printf '%s\n' '$(2)' > $(1))
endef
