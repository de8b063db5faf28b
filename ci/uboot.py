# SPDX-License-Identifier: Apache-2.0
"""U-Boot as Debian builds it for QEMU's virt machine: a guest that others wrote."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from ci import cache
from ci.debian import package_set, unpack

IMAGE = "usr/lib/u-boot/qemu_arm64/u-boot.bin"


def image() -> Path:
    """The binary that begins with U-Boot's first instruction."""
    packages = package_set("u-boot")

    def make(work: Path) -> None:
        with tempfile.TemporaryDirectory() as unpacked:
            unpack(packages.files["u-boot-qemu"], Path(unpacked))
            shutil.copy(Path(unpacked) / IMAGE, work / "u-boot.bin")

    return cache.entry("u-boot", packages.digest(), make) / "u-boot.bin"
