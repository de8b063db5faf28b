# SPDX-License-Identifier: Apache-2.0
"""An arm64 machine builds Capsule for itself, installs it, and partitions itself with it."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from ci.qemu import PATIENCE, Machine

pytestmark = [pytest.mark.full, pytest.mark.machine(image="builder")]

TOP = Path(__file__).resolve().parents[2]
# Seconds. The emulated compiler takes ten minutes and more.
BUILD_LIMIT = 30 * PATIENCE


def sources() -> bytes:
    """The tree as it would be committed, as a tar archive."""
    listed = subprocess.run(
        ["git", "-C", TOP, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True, capture_output=True, text=True,
    ).stdout
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name in filter(None, listed.split("\0")):
            if (TOP / name).is_file():
                archive.add(TOP / name, f"capsule/{name}")
    return content.getvalue()


def test_builds_installs_and_works(agency: Machine) -> None:
    assert agency.check("uname -m; dpkg --print-architecture").split() == ["aarch64", "arm64"]
    assert agency.run("command -v aarch64-linux-gnu-objdump && ls /root/.cache").status != 0
    agency.put(sources(), "/root/capsule.tar")
    agency.check("tar -xf capsule.tar")
    said = agency.check("make -C capsule -j4 VERSION=native 2>&1", BUILD_LIMIT)
    assert "warning" not in said, said
    again = agency.check("make -C capsule VERSION=native 2>&1", BUILD_LIMIT)
    assert "  CC " not in again and "  LD " not in again, again

    agency.check("make -C capsule install VERSION=native 2>&1 && depmod", BUILD_LIMIT)
    assert "native" in agency.check("capsulectl --version")
    agency.check("modprobe capsule && capsulectl enable root.cell")
    agency.check("capsulectl cell create capsule.cell")
    agency.check("capsulectl cell load capsule /usr/local/share/capsule/inmates/hello.bin")
    agency.check("capsulectl cell start capsule && timeout 60 sh -c"
                 " 'until capsulectl console capsule | grep hello:.waiting; do :; done'")
    agency.check("capsulectl cell destroy capsule && capsulectl disable && rmmod capsule")

    agency.check("make -C capsule uninstall VERSION=native 2>&1")
    assert agency.run("command -v capsulectl").status != 0
