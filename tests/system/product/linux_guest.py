# SPDX-License-Identifier: Apache-2.0
"""A Linux guest for cells: Debian's stock kernel, and an initrd that does what it is told."""

from __future__ import annotations

from pathlib import Path

from agency import Agency
from building import TOP
from ci import images

IMAGE, COMPRESSED, INITRD = "/boot/Image", "/boot/Image.gz", "/boot/initrd"
# Seconds for a boot, on a machine with more virtual CPUs than it has real ones.
BOOT = 240


def folder(programs: Path, series: str = "6.1") -> Path:
    """A folder to lay over the agency's root, with the guest's files in /boot.

    programs is the folder with the tests' own programs, which the guest has, too.
    """
    return images.guest(series, [programs, TOP / "tests/system/guest/linux"])


def boot(agency: Agency, config: str, actions: str = "", words: str = "",
         image: str = IMAGE) -> str:
    """`cell linux` with guest.do=actions and more words of the kernel's; returns the cell."""
    line = f"quiet guest.do={actions} {words}".strip()
    agency.do(f"cell linux {config}.cell {image} -i {INITRD} -c '{line}'", 300)
    return config
