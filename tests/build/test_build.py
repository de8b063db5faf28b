# SPDX-License-Identifier: Apache-2.0
"""The build itself: both compilers, nothing done twice, nothing left behind."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
PARTS = ("hypervisor", "configs", "inmates", "tools")
WORK = re.compile(r"^  (CC|AS|LD|HOSTCC|HOSTLD|BIN|CELL|AR)\b", re.MULTILINE)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is under version control, to be touched freely."""
    folder = tmp_path_factory.mktemp("tree")
    files = subprocess.run(
        ["git", "-C", TOP, "ls-files", "-z"], check=True, capture_output=True, text=True
    ).stdout.split("\0")
    for name in filter(None, files):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (TOP / name).exists():
            shutil.copy2(TOP / name, target, follow_symlinks=False)
    return folder


def make(tree: Path, *words: str) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in ("O", "MAKEFLAGS", "MAKELEVEL")}
    result = subprocess.run(["make", "-j2", "VERSION=test", *words], cwd=tree, env=environment,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert result.returncode == 0, result.stdout
    return result.stdout


def test_clang_builds_all_but_the_module(tree: Path, tmp_path: Path) -> None:
    make(tree, *PARTS, "LLVM=1", f"O={tmp_path}")
    version = subprocess.run(
        ["readelf", "-p", ".comment", tmp_path / "hypervisor/capsule.elf"],
        check=True, capture_output=True, text=True).stdout
    assert "clang" in version
    assert (tmp_path / "inmates/hello.bin").stat().st_size > 0


def test_second_make_does_nothing(tree: Path, tmp_path: Path) -> None:
    assert WORK.search(make(tree, *PARTS, f"O={tmp_path}"))
    again = make(tree, *PARTS, f"O={tmp_path}")
    assert not WORK.search(again), again


@pytest.mark.parametrize("touched, rebuilt, left_alone", [
    ("include/capsule/config.h", ["root.cell", "capsule.bin", "capsulectl"], ["hello.bin"]),
    ("hypervisor/include/cell.h", ["capsule.bin"], ["root.cell", "capsulectl", "hello.bin"]),
    ("inmates/include/inmate/gic.h", ["irq16.bin"], ["root.cell", "capsule.bin", "capsulectl"]),
    ("hypervisor/include/sysreg.h", ["capsule.bin"], ["root.cell", "hello.bin"]),
], ids=["configuration", "hypervisor", "guests", "assembly"])
def test_touched_header(
    tree: Path, tmp_path: Path, touched: str, rebuilt: list[str], left_alone: list[str]
) -> None:
    """What includes it is built again, and nothing else."""
    made = {
        "root.cell": "configs/root.cell", "capsule.bin": "hypervisor/capsule.bin",
        "capsulectl": "tools/capsulectl", "hello.bin": "inmates/hello.bin",
        "irq16.bin": "inmates/irq16.bin",
    }
    make(tree, *PARTS, f"O={tmp_path}")
    before = {name: (tmp_path / path).stat().st_mtime_ns for name, path in made.items()}
    (tree / touched).touch()
    make(tree, *PARTS, f"O={tmp_path}")
    after = {name: (tmp_path / path).stat().st_mtime_ns for name, path in made.items()}
    assert all(after[name] > before[name] for name in rebuilt), touched
    assert all(after[name] == before[name] for name in left_alone), touched


def test_other_flags_build_again(tree: Path, tmp_path: Path) -> None:
    make(tree, "hypervisor", f"O={tmp_path}")
    image = (tmp_path / "hypervisor/capsule.bin").read_bytes()
    make(tree, "hypervisor", "DEBUG=1", f"O={tmp_path}")
    assert (tmp_path / "hypervisor/capsule.bin").read_bytes() != image
    make(tree, "hypervisor", f"O={tmp_path}")
    assert (tmp_path / "hypervisor/capsule.bin").read_bytes() == image


def test_install_and_uninstall(tree: Path, tmp_path: Path) -> None:
    """All there is goes below DESTDIR and prefix, and all of it goes away again."""
    root = tmp_path / "root"
    words = (f"O={tmp_path / 'out'}", f"DESTDIR={root}", "prefix=/opt/capsule")
    make(tree, "install", *words)
    files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    for needed in ("opt/capsule/sbin/capsulectl", "lib/firmware/capsule/capsule.bin",
                   "opt/capsule/share/capsule/cells/root.cell",
                   "opt/capsule/share/capsule/inmates/hello.bin",
                   "opt/capsule/share/man/man1/capsulectl.1",
                   "opt/capsule/share/man/man5/capsule-config.5"):
        assert needed in files, needed
    assert any(name.endswith("/capsule.ko") and name.startswith("lib/modules/") for name in files)
    make(tree, "uninstall", *words)
    left = [str(path) for path in root.rglob("*")
            if path.is_file() or path.name in ("capsule", "cells", "inmates")
            and path != root / "opt/capsule"]
    assert not left
