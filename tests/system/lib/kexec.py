# SPDX-License-Identifier: Apache-2.0
"""Debian's kexec, and a kernel for it to start, for the small agency."""

from __future__ import annotations

import shutil
from pathlib import Path

from ci import debian, images

# Where the new kernel may lie: it dies early if it is put over what the boot
# loader left at the beginning of RAM, with and without a hypervisor before it.
MEM_MIN = 0x50000000
COMMAND = (
    "kexec -l /boot/Image --initrd=/boot/initrd --reuse-cmdline"
    f" --mem-min={MEM_MIN:#x} && kexec -e"
)


def folder(work: Path, series: str, add: list[Path]) -> Path:
    """A folder to lay over the agency: kexec, and the agency itself to be started again."""
    root, unpacked = work / "kexec", work / "unpacked"
    for package in debian.package_set("kexec").files.values():
        debian.unpack(package, unpacked)
    libraries = root / "lib/aarch64-linux-gnu"
    libraries.mkdir(parents=True)
    for source in unpacked.rglob("aarch64-linux-gnu/lib*.so.*"):
        shutil.copy(source, libraries)
    (loader,) = unpacked.rglob("aarch64-linux-gnu/ld-linux-aarch64.so.1")
    shutil.copy(loader, root / "lib/ld-linux-aarch64.so.1")
    (root / "sbin").mkdir()
    shutil.copy(unpacked / "sbin/kexec", root / "sbin/kexec")
    kernel, initrd = images.small(series, add)
    (root / "boot").mkdir()
    shutil.copy(kernel, root / "boot/Image")
    shutil.copy(initrd, root / "boot/initrd")
    return root
