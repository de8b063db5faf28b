# SPDX-License-Identifier: Apache-2.0
"""The guest library under plain QEMU, without a hypervisor.

What these guests say in a cell is only worth something if they say the same on
the emulated hardware itself; and what they must detect is made here to happen.
"""

from __future__ import annotations

import pathlib
import selectors
import subprocess
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent
OUT = TOP / "build" / "inmates-bare"
BASE = 0x40200000
PARAMS_OFFSET = 0x1000
LIMIT_SECONDS = 60


@pytest.fixture(scope="session")
def images() -> pathlib.Path:
    subprocess.run(["make", "-s", "-C", str(TOP / "inmates"), "BARE=1"], check=True)
    return OUT


def with_params(image: pathlib.Path, words: str, where: pathlib.Path) -> pathlib.Path:
    data = bytearray(image.read_bytes())
    data[PARAMS_OFFSET : PARAMS_OFFSET + len(words)] = words.encode()
    where.write_bytes(data)
    return where


def command(image: pathlib.Path, cpus: int, extra: list[str]) -> list[str]:
    loader = f"loader,file={image},addr={BASE:#x},cpu-num=0"
    return ["qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", "cortex-a57",
            "-smp", str(cpus), "-m", "256", "-nic", "none", "-display", "none",
            "-monitor", "none", "-serial", "stdio", "-device", loader, *extra]


def run(image: pathlib.Path, until: str, cpus: int = 1, extra: tuple[str, ...] = ()) -> str:
    """Console text up to the line that contains `until`; all of it if QEMU ends first."""
    text = b""
    end = time.monotonic() + LIMIT_SECONDS
    with subprocess.Popen(command(image, cpus, list(extra)), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE) as qemu:
        assert qemu.stdout is not None
        selector = selectors.DefaultSelector()
        selector.register(qemu.stdout, selectors.EVENT_READ)
        try:
            while selector.select(max(0.0, end - time.monotonic())):
                chunk = qemu.stdout.read1(4096)
                text += chunk
                if not chunk or any(until.encode() in line for line in text.split(b"\n")[:-1]):
                    break
        finally:
            qemu.kill()
    return text.decode(errors="replace")


def test_smp(images: pathlib.Path) -> None:
    out = run(images / "smp.bin", "passed", cpus=4)
    assert "smp: all 4 CPUs passed" in out and "FAILED" not in out


def test_smp_needs_a_second_cpu(images: pathlib.Path) -> None:
    out = run(images / "smp.bin", "standby on", cpus=1)
    assert "smp: FAILED: a second CPU is needed" in out


def test_irq16(images: pathlib.Path) -> None:
    out = run(images / "irq16.bin", "passed")
    assert "irq16: passed" in out and "FAILED" not in out


def test_reset(images: pathlib.Path) -> None:
    out = run(images / "reset.bin", "powering off")
    assert [f"boot {n}" in out for n in (1, 2, 3, 4)] == [True, True, True, False]
    assert "reset: passed, powering off" in out


def test_timer_jitter(images: pathlib.Path, tmp_path: pathlib.Path) -> None:
    image = with_params(images / "timer-jitter.bin", "hz=200 lines=2\n", tmp_path / "image")
    out = run(image, "shutting down")
    assert out.count("200 samples, min") == 2


def test_clean_machine(images: pathlib.Path) -> None:
    assert "none dirty" in run(images / "clean-check.bin", "none dirty")


def test_clean_check_sees_one_word(images: pathlib.Path) -> None:
    word = "loader,addr=0x40ffff08,data=0x55,data-len=4"
    out = run(images / "clean-check.bin", "FAILED", extra=("-device", word))
    assert "clean: dirty memory: 2 words, the first at 40ffff00" in out
    assert "clean: FAILED: 1 dirty" in out


WAYS = ("ram-rw own-brk own-undefined own-abort own-alignment own-svc el2-sysreg "
        "impdef-sysreg actlr gicd-post-index gicd-pair gicd-sweep gicr-sweep gicd-owned "
        "sgi-nobody set-way sysreg-sweep")


def test_ways_of_the_guest_alone(images: pathlib.Path, tmp_path: pathlib.Path) -> None:
    image = with_params(images / "fault.bin", WAYS, tmp_path / "image")
    out = run(image, "fault: done")
    for way in WAYS.split():
        assert f"fault: {way}: ok" in out


def test_a_way_that_goes_wrong_says_so(images: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """All interrupts are ours here, so the one of others is not refused."""
    image = with_params(images / "fault.bin", "gicd-unowned", tmp_path / "image")
    assert "fault: gicd-unowned: WRONG" in run(image, "fault: done")


def test_a_way_that_is_survived_says_so(images: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """The address given is memory that this machine has."""
    image = with_params(images / "fault.bin", "read-outside@0x45000000", tmp_path / "image")
    assert "fault: read-outside: WRONG, still running" in run(image, "fault: done")
