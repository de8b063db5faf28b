# SPDX-License-Identifier: Apache-2.0
"""`make demo`: what a newcomer sees first must hold, and must not hide what does not."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

TOP = Path(__file__).resolve().parents[3]
# Seconds for a story of half a minute, on a machine that may be slow.
LIMIT = 600


@pytest.fixture(autouse=True)
def alone(stable: Any) -> None:
    """Two machines at once are slow on the two processors that a demo may expect."""
    stable.drop()


def demo(folders: list[Path]) -> subprocess.CompletedProcess[str]:
    words = [word for folder in folders for word in ("--add", str(folder))]
    return subprocess.run(
        [TOP / "ci/demo", *words], cwd=TOP, text=True, timeout=LIMIT,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )


@pytest.mark.full
def test_demo_tells_the_whole_story(staged: list[Path]) -> None:
    done = demo(staged)
    assert done.returncode == 0, done.stdout
    assert "8 chapters" in done.stdout and done.stdout.endswith("checks: all hold\n"), done.stdout


@pytest.mark.full
def test_demo_fails_when_something_does(staged: list[Path], tmp_path: Path) -> None:
    """A hypervisor that cannot be enabled: no chapter may go on after that."""
    firmware = tmp_path / "lib/firmware/capsule/capsule.bin"
    firmware.parent.mkdir(parents=True)
    firmware.write_bytes(b"no hypervisor")
    done = demo([*staged, tmp_path])
    assert done.returncode == 1 and "it did not work" in done.stdout, done.stdout
    assert "capsulectl cell create" not in done.stdout and "Summary" not in done.stdout
