# SPDX-License-Identifier: Apache-2.0
"""What clang makes of the sources runs, too (the module is always built by gcc)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from agency import Agency
from building import BUILD, make

Boot = Callable[..., Agency]


def test_lifecycle_built_by_clang(another: Boot) -> None:
    out = BUILD / "clang"
    make("agency", "LLVM=1", out=out)
    image = (out / "agency/lib/firmware/capsule/capsule.bin").read_bytes()
    agency = another(add=(out / "agency",))
    assert agency.check("md5sum </lib/firmware/capsule/capsule.bin").split()[0] == hashlib.md5(image).hexdigest()
    with agency.load_running():
        agency.enable()
        agency.launch("inmate-smp", "smp")
        agency.await_text("inmate-smp", "smp: all 2 CPUs passed")
        agency.launch("capsule", "irq16")
        agency.await_text("capsule", "irq16: passed")
        agency.drop("capsule")
        agency.drop("inmate-smp")
        agency.disable()
    assert not agency.complaints()
