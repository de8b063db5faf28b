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

parts := hypervisor configs inmates tools driver
prefix ?= /usr/local

all: $(parts)

$(parts):
	$(Q)$(MAKE) -C $@

install: all
	install -d $(DESTDIR)/lib/firmware/capsule $(DESTDIR)$(prefix)/share/capsule/inmates
	install -m 0644 $(O)/hypervisor/capsule.bin $(DESTDIR)/lib/firmware/capsule/
	install -m 0644 $(O)/inmates/*.bin $(DESTDIR)$(prefix)/share/capsule/inmates/
	$(Q)$(MAKE) -C configs install
	$(Q)$(MAKE) -C tools install
	$(Q)$(MAKE) -C driver install

uninstall:
	rm -rf $(DESTDIR)/lib/firmware/capsule $(DESTDIR)$(prefix)/share/capsule/inmates
	$(Q)$(MAKE) -C configs uninstall
	$(Q)$(MAKE) -C tools uninstall
	$(Q)$(MAKE) -C driver uninstall
	-$(Q)rmdir $(DESTDIR)$(prefix)/share/capsule 2>/dev/null || true

# What an emulated agency gets: everything installed below build/agency, with
# static tools, for the kernel of the agency images.
SERIES ?= 6.1
agency:
	$(Q)rm -rf $(O)/agency && mkdir -p $(O)
	$(Q)$(MAKE) install DESTDIR=$(abspath $(O))/agency prefix=/usr STATIC=1 \
		SYSROOT=$$(ci/sysroot) KDIR=$$(ci/kdir $(SERIES)) > $(O)/agency.log || \
		{ cat $(O)/agency.log; exit 1; }

clean:
	rm -rf $(O)

.PHONY: all $(parts) install uninstall agency clean
export DESTDIR prefix
