# SPDX-License-Identifier: Apache-2.0
# The Python part: installed beside the C tools, and its tests.
#
#   make test-python     readers, trees, a sample of Debian's device trees
#   make test-dtbs       every device tree that Debian ships for arm64
PYTHON ?= /usr/bin/python3
PY_SHARE := $(DESTDIR)$(prefix)/share/capsule
PY_LIBEXEC := $(DESTDIR)$(prefix)/libexec/capsule

install: install-python
uninstall: uninstall-python

install-python:
	install -d $(PY_SHARE)/pyjailhouse $(PY_SHARE)/templates $(PY_LIBEXEC)
	install -m 0644 pyjailhouse/*.py $(PY_SHARE)/pyjailhouse/
	install -m 0644 tools/templates/*.j2 $(PY_SHARE)/templates/
	install -m 0755 tools/config/capsule-config $(PY_LIBEXEC)/

uninstall-python:
	rm -rf $(PY_SHARE)/pyjailhouse $(PY_SHARE)/templates $(PY_LIBEXEC)/capsule-config
	-$(Q)rmdir $(PY_LIBEXEC) 2>/dev/null || true

test-python:
	$(Q)O=$(O) $(PYTHON) -m pytest -q tests/python

test-dtbs:
	$(Q)O=$(O) CAPSULE_ALL_DTBS=1 $(PYTHON) -m pytest -q -s tests/python/test_dtbs.py

.PHONY: install-python uninstall-python test-python test-dtbs
