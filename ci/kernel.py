# SPDX-License-Identifier: Apache-2.0
"""Debian's kernels: what QEMU boots, and the tree modules are built with."""

from __future__ import annotations

import functools
import gzip
from pathlib import Path

from ci import cache, debian
from ci.cache import tool

SERIES = tuple(debian.KERNELS)


def _packages(series: str) -> debian.PackageSet:
    return debian.package_set(f"kernel-{series}")


def release(series: str) -> str:
    """What `uname -r` says in a kernel of this series, such as 6.1.0-40-arm64."""
    return _packages(series).notes["release"]


def kdir(series: str) -> Path:
    """A folder for `make -C`, to build modules for a kernel of this series.

    The arm64 headers lie beside the kbuild programs of this machine's own
    architecture. Their Makefile names the common headers by the path they
    would be installed at; it is rewritten to where they lie here.
    """
    packages = _packages(series)
    name = f"{packages.notes['release']}-{packages.digest()}"
    final = cache.root() / "kdir" / name

    def make(folder: Path) -> None:
        for package, path in packages.files.items():
            if not package.startswith("linux-image-"):
                debian.unpack(path, folder)
        makefile = folder / _headers(packages) / "Makefile"
        text = makefile.read_text()
        fixed = text.replace("/usr/src/", f"{final}/usr/src/")
        if fixed == text:
            raise cache.CiError(f"{makefile} has another form than expected")
        makefile.write_text(fixed)

    cache.entry("kdir", name, make)
    return final / _headers(packages)


def _headers(packages: debian.PackageSet) -> str:
    return f"usr/src/linux-headers-{packages.notes['release']}"


def _unpack_image(folder: Path, packages: debian.PackageSet) -> None:
    (package,) = (p for n, p in packages.files.items() if n.startswith("linux-image-"))
    debian.unpack(package, folder)
    version = packages.notes["release"]
    tool("/sbin/depmod", "-b", folder, version)
    image = (folder / f"boot/vmlinuz-{version}").read_bytes()
    if image[:2] == b"\x1f\x8b":
        image = gzip.decompress(image)
    (folder / "Image").write_bytes(image)


def installed(series: str) -> Path:
    """A folder with Image, and lib/modules with its indexes made by depmod."""
    packages = _packages(series)
    name = f"{packages.notes['release']}-{packages.digest()}"
    return cache.entry("kernel", name, functools.partial(_unpack_image, packages=packages))
