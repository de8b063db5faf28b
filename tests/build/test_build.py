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
    """A copy of the sources, to be touched freely."""
    folder = tmp_path_factory.mktemp("tree")
    files = subprocess.run(
        ["git", "-C", TOP, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True, capture_output=True, text=True,
    ).stdout.split("\0")
    for name in filter(None, files):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (TOP / name).exists():
            shutil.copy2(TOP / name, target, follow_symlinks=False)
    return folder


@pytest.fixture(scope="module")
def built(tree: Path) -> Path:
    """Where everything but the module has been built by gcc."""
    out = tree / "build"
    assert WORK.search(make(tree, *PARTS, f"O={out}"))
    return out


def make(tree: Path, *words: str) -> str:
    # Nothing of the make that may run this test.
    kept = ("PATH", "HOME", "CAPSULE_CACHE", "TMPDIR")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    result = subprocess.run(["make", "-j2", "VERSION=test", *words], cwd=tree, env=environment,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert result.returncode == 0, result.stdout
    return result.stdout


def test_clang_builds_all_but_the_module(tree: Path, tmp_path: Path) -> None:
    make(tree, *PARTS, "LLVM=1", f"O={tmp_path}")
    strings = subprocess.run(
        ["readelf", "-p", ".debug_str", tmp_path / "hypervisor/capsule.elf"],
        check=True, capture_output=True, text=True).stdout
    assert "clang version" in strings and "GNU C" not in strings
    assert (tmp_path / "inmates/hello.bin").stat().st_size > 0


def test_second_make_does_nothing(tree: Path, built: Path) -> None:
    again = make(tree, *PARTS, f"O={built}")
    assert not WORK.search(again), again


MADE = {
    "root.cell": "configs/root.cell", "capsule.bin": "hypervisor/capsule.bin",
    "capsulectl": "tools/capsulectl", "hello.bin": "inmates/hello.bin",
    "irq16.bin": "inmates/irq16.bin",
}


@pytest.mark.parametrize("touched, rebuilt", [
    ("include/capsule/config.h", set(MADE)),
    ("include/capsule/ioctl.h", {"capsulectl"}),
    ("inmates/include/inmate/gic.h", {"hello.bin", "irq16.bin"}),
    ("hypervisor/include/cell.h", {"capsule.bin"}),
    ("hypervisor/arm64/gic_sysreg.h", {"capsule.bin"}),
    ("configs/cells/root.c", {"root.cell"}),
], ids=["configuration", "driver", "guests", "hypervisor", "assembly", "cell"])
def test_touched_header(tree: Path, built: Path, touched: str, rebuilt: set[str]) -> None:
    """What includes it is built again, and nothing else."""
    before = {name: (built / path).stat().st_mtime_ns for name, path in MADE.items()}
    (tree / touched).touch()
    make(tree, *PARTS, f"O={built}")
    changed = {name for name, path in MADE.items()
               if (built / path).stat().st_mtime_ns != before[name]}
    assert changed == rebuilt


def test_other_flags_build_again(tree: Path, built: Path) -> None:
    """And the old ones give the old image, byte for byte."""
    image = (built / "configs/root.o").read_bytes()
    changed = make(tree, "configs", f"O={built}", "LLVM=1")
    assert " CC " in changed
    assert " CC " in make(tree, "configs", f"O={built}")
    assert (built / "configs/root.o").read_bytes() == image


def test_install_and_uninstall(tree: Path, built: Path, tmp_path: Path) -> None:
    """All there is goes below DESTDIR and prefix, and all of it goes away again."""
    words = (f"O={built}", f"DESTDIR={tmp_path}", "prefix=/opt/capsule")
    make(tree, "install", *words)
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    for needed in ("opt/capsule/sbin/capsulectl", "lib/firmware/capsule/capsule.bin",
                   "opt/capsule/share/capsule/cells/root.cell",
                   "opt/capsule/share/capsule/inmates/hello.bin",
                   "opt/capsule/share/man/man1/capsulectl.1",
                   "opt/capsule/share/man/man1/capsulectl-config.1",
                   "opt/capsule/share/bash-completion/completions/capsulectl",
                   "opt/capsule/libexec/capsule/capsule-config",
                   "lib/udev/rules.d/60-capsule.rules",
                   "opt/capsule/share/man/man5/capsule-config.5"):
        assert needed in files, needed
    assert any(name.endswith("/capsule.ko") and name.startswith("lib/modules/") for name in files)
    make(tree, "uninstall", *words)
    assert not [str(path) for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in tmp_path.rglob("capsule") if path != tmp_path / "opt/capsule"]
