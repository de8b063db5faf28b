# SPDX-License-Identifier: Apache-2.0
"""Where things are built, and how tests have more of them built."""

from __future__ import annotations

import functools
import os
import subprocess
from pathlib import Path

from ci import kernel

# Whose module `make agency` stages, with everything that suits any kernel.
STAGED_KERNEL = "6.1"
TOP = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("O", TOP / "build")).resolve()


def make(*words: str, out: Path = BUILD) -> None:
    """Run make in the top folder; an error shows what it said."""
    result = subprocess.run(
        ["make", "-s", *words, f"O={out}"], cwd=TOP, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    assert result.returncode == 0, result.stdout


@functools.cache
def make_module(series: str) -> list[Path]:
    """Folders to lay over the staged agency's root for a kernel of another series: its module."""
    if series == STAGED_KERNEL:
        return []
    out = BUILD / f"kernel-{series}"
    make("driver", f"KDIR={kernel.kdir(series)}", out=out)
    make("-C", "driver", "install", f"KDIR={kernel.kdir(series)}", f"DESTDIR={out}/root", out=out)
    return [out / "root"]
