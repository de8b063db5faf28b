# SPDX-License-Identifier: Apache-2.0
"""Configurations in use: capsulectl keeps copies of them (tools/capsulectl/records.c)."""

from __future__ import annotations

import os
from pathlib import Path

from pyjailhouse.errors import CapsuleError

SYSFS = "sys/devices/virtual/misc/capsule"


def folder(root: Path) -> Path:
    """Where the copies are."""
    named = os.environ.get("CAPSULE_RUN_DIR")
    return Path(named) if named else root / "run/capsule"


def records(root: Path, cells: list[str]) -> tuple[str, list[str]]:
    """Files of the root configuration that is enabled and of all cells, with cells named besides.

    CapsuleError if the hypervisor is not enabled, or was enabled by another
    program, which left no copy.
    """
    try:
        enabled = (root / SYSFS / "enabled").read_text().strip() == "1"
    except OSError:
        enabled = False
    if not enabled:
        raise CapsuleError("no --root, and the hypervisor is not enabled: capsulectl enable, "
                           "or name a root configuration")
    names = sorted(path.name for path in (root / SYSFS / "cells").iterdir())
    files = [folder(root) / "root", *(folder(root) / f"{name}.cell" for name in names)]
    for path in files:
        if not path.is_file():
            raise CapsuleError(f"{path} is gone, which capsulectl keeps for as long as it is in "
                               "use: name --root and each --cell")
    return str(files[0]), [*map(str, files[1:]), *cells]
