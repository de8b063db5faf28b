# SPDX-License-Identifier: Apache-2.0
"""Unit and property tests in C, on the build host, under sanitizers.

Each cmocka test is one result here, once for each compiler. The random ones
run with fixed seeds, and with more seeds with --full (here alone: -m full).
By hand:
HOST_SEED=7 HOST_ROUNDS=1000 build/tests/host/gcc/pgtable_random_test
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
BUILD = Path(os.environ.get("O", TOP / "build")).resolve()
COMPILERS = ["gcc", "clang"]
PROGRAMS = ["pool_test", "pgtable_test", "pgtable_random_test", "ownership_test",
            "ownership_random_test", "config_test"]
RANDOM = ["pgtable_random_test", "ownership_random_test"]
TIMEOUT = 300


def names_in(program: str) -> list[str]:
    """Names of the tests in main()'s table, without building anything."""
    text = (HERE / f"{program}.c").read_text()
    table = text[text.index("const struct CMUnitTest tests[]"):]
    return re.findall(r"\((test_\w+)", table)


@functools.cache
def build() -> None:
    result = subprocess.run(["make", "-C", str(HERE), f"O={BUILD}"],
                            capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def run(compiler: str, program: str, *tests: str, **environment: str) -> None:
    build()
    result = subprocess.run([BUILD / "tests/host" / compiler / program, *tests],
                            capture_output=True, text=True, timeout=TIMEOUT, check=False,
                            env=os.environ | environment)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stderr.count("[       OK ]") + result.stdout.count("[       OK ]") \
        == (len(tests) or len(names_in(program))), result.stdout + result.stderr


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("program, test",
                         [(program, test) for program in PROGRAMS for test in names_in(program)])
def test_host(compiler: str, program: str, test: str) -> None:
    run(compiler, program, test)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(100, 110))
@pytest.mark.parametrize("program", RANDOM)
def test_host_seeds(program: str, seed: int) -> None:
    run("gcc", program, HOST_SEED=str(seed), HOST_ROUNDS="400")
