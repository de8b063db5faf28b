# SPDX-License-Identifier: Apache-2.0
"""The arm64 libraries and headers that programs for the agency are built with."""

from __future__ import annotations

import functools
import os
from pathlib import Path

from ci import cache, debian


def path() -> Path:
    """A folder for gcc's --sysroot, with what Debian's arm64 -dev packages hold."""
    packages = debian.package_set("sysroot")
    return cache.entry("sysroot", packages.digest(), functools.partial(_make, packages=packages))


def _make(folder: Path, packages: debian.PackageSet) -> None:
    for package in packages.files.values():
        debian.unpack(package, folder)
    # A link to /lib/... must not lead to the libraries of the host.
    for link in folder.rglob("*"):
        if link.is_symlink() and os.readlink(link).startswith("/"):
            target = os.path.relpath(folder / os.readlink(link)[1:], link.parent)
            link.unlink()
            link.symlink_to(target)
