# SPDX-License-Identifier: Apache-2.0
"""hypervisor/gic on a fake GIC: builds the programs of gic.mk and runs them."""

import os
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
OUT = Path(os.environ.get("O", HERE.parents[1] / "build")) / "tests" / "host" / "gic"
COMPILERS = ("gcc", "clang")
PROGRAMS = ("gic_test", "gic_owner_test", "gic_virtual_test", "gic_random_test",
            "gic_v2_test")


@pytest.fixture(scope="module")
def programs() -> Path:
    subprocess.run(["make", "-s", "-C", str(HERE), "-f", "gic.mk", f"O={OUT.parents[2]}"],
                   check=True)
    return OUT


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("compiler", COMPILERS)
def test_gic(programs: Path, compiler: str, program: str) -> None:
    result = subprocess.run([str(programs / compiler / program)], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    assert result.returncode == 0, result.stdout
