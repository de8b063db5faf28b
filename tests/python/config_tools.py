# SPDX-License-Identifier: Apache-2.0
"""What the tests of the Python part share: the checker, a compiler, the command."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("O", TOP / "build")).resolve()
TOOL = TOP / "tools" / "config" / "capsule-config"
CFLAGS = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wsign-conversion",
          "-ffreestanding", "-fno-common", f"-I{TOP / 'include'}"]


class Tools:
    """The build machine's capsulectl, with the Python verbs of the tree."""

    def __init__(self) -> None:
        done = subprocess.run(["make", "-C", str(TOP / "tools"), f"O={BUILD}",
                               str(BUILD / "host" / "capsulectl")],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        # A build beside the tests must not take the program away.
        self._folder = tempfile.TemporaryDirectory(prefix="capsule-test-")
        self.program = Path(shutil.copy2(BUILD / "host" / "capsulectl", self._folder.name))

    def run(self, *words: object) -> subprocess.CompletedProcess[str]:
        """capsulectl config WORDS"""
        return subprocess.run([str(self.program), "config", *map(str, words)], text=True,
                              capture_output=True, check=False, timeout=60,
                              env={**os.environ, "CAPSULE_CONFIG_TOOL": str(TOOL)})

    def check(self, *files: Path) -> str:
        """"" if the checker takes the files, else what it says."""
        done = self.run("check", *files)
        return "" if done.returncode == 0 else done.stdout + done.stderr


def compile_c(source: str, folder: Path) -> bytes:
    """The bytes of a configuration in C."""
    (folder / "config.c").write_text(source)
    prefix = "" if os.uname().machine == "aarch64" else "aarch64-linux-gnu-"
    subprocess.run([f"{prefix}gcc", *CFLAGS, "-c", "-o", str(folder / "config.o"),
                    str(folder / "config.c")], check=True)
    subprocess.run([f"{prefix}objcopy", "-O", "binary", "-j", ".data",
                    str(folder / "config.o"), str(folder / "config.bin")], check=True)
    return (folder / "config.bin").read_bytes()
