# SPDX-License-Identifier: Apache-2.0
"""Consoles: one ring each, whole lines, nothing of before."""

from __future__ import annotations

import re

from agency import Agency


def test_followers_of_several_cells(enabled: Agency) -> None:
    """Each follower gets its cell's lines, whole, and ends with the cell."""
    enabled.launch("capsule", "timer-jitter", "hz=50")
    enabled.launch("inmate-timer", "timer-jitter", "hz=100")
    followers = {name: enabled.background(f"capsulectl console -f {name}")
                 for name in ("capsule", "inmate-timer")}
    hypervisor = enabled.background("capsulectl console -f")
    rates = {"capsule": 50, "inmate-timer": 100}
    for name, follower in followers.items():
        enabled.await_output(follower, "samples")
        enabled.drop(name)
        status, said = follower.wait()
        assert status == 0
        lines = said.splitlines()
        assert lines[0].startswith(f"timer-jitter: {rates[name]} Hz")
        assert lines[-1] == "timer-jitter: shutting down"
        assert all(re.match(rf"timer-jitter: {rates[name]} samples, min", x) for x in lines[1:-1])
    enabled.disable()
    status, said = hypervisor.wait()
    assert status == 0 and said.startswith("capsule ")


def test_nothing_of_before(agency: Agency) -> None:
    """A second enable begins with an empty ring; so does a cell made again."""
    for _ in range(2):
        agency.enable()
        assert agency.said().count("4 CPUs") == 1
        for inmate, own, other in (("hello", "hello:", "deny:"), ("deny", "deny:", "hello:")):
            agency.launch("capsule", inmate)
            said = agency.await_text("capsule", own)
            assert own in said and other not in said
            agency.drop("capsule", force=True)
        agency.disable()


def test_reader_that_was_overtaken(enabled: Agency) -> None:
    """What is gone is counted; what is kept ends with the last line."""
    enabled.create("fault")
    enabled.load("fault", "fault", "x " * 600)  # an unknown way is a line, too
    follower = enabled.background("capsulectl console -f fault")
    follower.signal("STOP")
    enabled.do("cell start fault")
    enabled.await_text("fault", "fault: done", 120)
    follower.signal("CONT")
    said = enabled.await_output(follower, "fault: done")
    lost = [int(n) for n in re.findall(r"^\[(\d+) bytes lost\]$", said, re.MULTILINE)]
    assert len(lost) == 1 and lost[0] > 0, said[:300]
    kept = len(re.sub(r"\[\d+ bytes lost\]\n", "", said))
    whole = enabled.said("fault")
    assert kept <= 8192 and whole.endswith("fault: done\n")
    enabled.drop("fault")
    assert follower.wait().status == 0


def test_follower_ends_by_ctrl_c(enabled: Agency) -> None:
    enabled.launch("capsule", "hello")
    follower = enabled.background("capsulectl console -f capsule")
    enabled.await_output(follower, "waiting")
    assert follower.stop("INT").status == 130
    enabled.drop("capsule")
