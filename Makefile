# SPDX-License-Identifier: Apache-2.0
# Capsule: builds everything. The user's commands are `make demo` and `make test`.
#
#   make                 hypervisor, driver, configurations, tools, guests
#   make demo            sets up, builds, shows the main job in an emulated machine
#   make test            sets up, builds, runs the tests
#   make test-full       the long ones, too
#   make shell           an agency with everything installed, at its prompt
#   make install         DESTDIR= prefix= ; make uninstall
#   LLVM=1 (clang for everything but the module), KDIR=, DEBUG=1, V=1, O=
TOP := .
include mk/common.mk

parts := hypervisor configs tools inmates driver

all: $(parts)

hypervisor configs inmates:
	$(Q)$(MAKE) -C $@

tools:
	$(Q)$(MAKE) -C $@

driver:
	$(Q)$(MAKE) -C $@

clean:
	rm -rf $(O)
	$(Q)$(MAKE) -C driver clean

.PHONY: all $(parts) clean
