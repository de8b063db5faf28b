# SPDX-License-Identifier: Apache-2.0
"""Where things are built, and how tests have more of them built."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("O", TOP / "build")).resolve()


def make(*words: str, out: Path = BUILD) -> None:
    """Run make in the top folder; an error shows what it said."""
    result = subprocess.run(
        ["make", "-s", *words, f"O={out}"], cwd=TOP, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    assert result.returncode == 0, result.stdout
