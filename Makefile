# SPDX-License-Identifier: Apache-2.0
# Capsule: builds everything. The user's commands are `make demo` and `make test`.
#
#   make                 hypervisor, driver, configurations, tools, guests
#   make demo            sets up, builds, shows the main job in an emulated machine
#   make test            sets up, builds, runs the tests
#   make test-full       the long ones, too
#   make bench           counts what the hypervisor executes; make bench-budget
#   make test-mutants    breaks the product on purpose: the tests have to notice
#   make shell           an agency with everything installed, at its prompt
#   make install         DESTDIR= prefix= ; make uninstall
#   LLVM=1 (clang for everything but the module), KDIR=, DEBUG=1, V=1, O=
TOP := .
include mk/common.mk

parts := hypervisor configs inmates tools driver
prefix ?= /usr/local
# Debian's kernel that the agency images have.
SERIES ?= 6.1

# Cross-building takes kernel headers and arm64 libraries from the cache.
ifneq ($(CROSS_COMPILE),)
ifneq ($(filter-out clean demo shell test test-full test-mutants bench bench-budget,$(or $(MAKECMDGOALS),all)),)
KDIR ?= $(shell ci/kdir $(SERIES))
SYSROOT ?= $(shell ci/sysroot)
export KDIR SYSROOT
endif
endif

all: $(parts)

$(parts):
	$(Q)$(MAKE) -C $@ O=$(O)

install: all
	install -d $(DESTDIR)/lib/firmware/capsule $(DESTDIR)$(prefix)/share/capsule/inmates
	install -m 0644 $(O)/hypervisor/capsule.bin $(DESTDIR)/lib/firmware/capsule/
	install -m 0644 $(O)/inmates/*.bin $(DESTDIR)$(prefix)/share/capsule/inmates/
	$(Q)$(MAKE) -C configs install O=$(O)
	$(Q)$(MAKE) -C tools install O=$(O)
	$(Q)$(MAKE) -C driver install O=$(O)

uninstall:
	rm -rf $(DESTDIR)/lib/firmware/capsule $(DESTDIR)$(prefix)/share/capsule/inmates
	$(Q)$(MAKE) -C configs uninstall O=$(O)
	$(Q)$(MAKE) -C tools uninstall O=$(O)
	$(Q)$(MAKE) -C driver uninstall O=$(O)
	-$(Q)rmdir $(DESTDIR)$(prefix)/share/capsule 2>/dev/null || true

# What an emulated agency gets: everything installed below build/agency, with
# static tools.
agency:
	$(Q)rm -rf $(O)/agency && mkdir -p $(O)
	$(Q)$(MAKE) install O=$(O) DESTDIR=$(O)/agency prefix=/usr STATIC=1 > $(O)/agency.log 2>&1 || \
		{ cat $(O)/agency.log; exit 1; }

# Both need nothing but Debian 12 and make: what is missing is installed.
demo:
	$(Q)since=$$(date +%s) && ci/setup && $(MAKE) --no-print-directory demo-build SERIES=6.1 && \
		ci/demo --since $$since --add $(O)/agency --add $(O)/demo

shell:
	$(Q)ci/setup && $(MAKE) --no-print-directory demo-build && \
		ci/shell --kernel $(SERIES) --add $(O)/agency --add $(O)/demo $(SHELL_ARGS)

# The agency, and a program that shows that KVM works.
demo-build: agency
	$(Q)$(MAKE) -C tests/system/guest O=$(O) > $(O)/demo.log 2>&1 || { cat $(O)/demo.log; exit 1; }
	$(Q)install -D $(O)/tests/guest/kvm-smoke $(O)/demo/usr/bin/kvm-smoke

# Needs nothing but Debian 12 and make, too. TESTS= chooses folders or files,
# PYTEST_ARGS= are more words for pytest, such as -x.
TESTS ?= tests/build tests/host tests/python inmates tests/system tests/perf
test: TEST_ARGS :=
test-full: TEST_ARGS := --full
test test-full: export PYTHONDONTWRITEBYTECODE := 1
test test-full:
	$(Q)ci/setup && $(MAKE) agency
	$(Q)mkdir -p $(O)/tests && O=$(abspath $(O)) CAPSULE_STAGED=1 /usr/bin/python3 -m pytest \
		--junit-xml=$(abspath $(O))/tests/$@.xml $(TEST_ARGS) $(PYTEST_ARGS) $(TESTS)

# Instructions at EL2: tables, build/bench/bench.json and bench.svg.
# bench-budget makes what was counted the budget that `make test` holds.
bench: BENCH_ARGS :=
bench-budget: BENCH_ARGS := --budget
bench bench-budget:
	$(Q)ci/setup && $(MAKE) --no-print-directory agency
	$(Q)$(MAKE) --no-print-directory -C tests/perf O=$(O)
	$(Q)O=$(abspath $(O)) /usr/bin/python3 -B tests/perf/bench.py $(BENCH_ARGS)

# Breaks the product in one place at a time: does the test for it notice?
# MUTANTS= chooses, see tests/mutants/run.
test-mutants:
	$(Q)ci/setup && mkdir -p $(O) && O=$(abspath $(O)) tests/mutants/run $(MUTANTS)

-include mk/python.mk

clean:
	rm -rf $(O)

.PHONY: all $(parts) install uninstall agency demo shell demo-build test test-full bench \
	bench-budget test-mutants clean
export DESTDIR prefix
