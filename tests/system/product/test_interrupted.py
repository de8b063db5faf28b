# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C at any moment: the command has happened whole, or not at all."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from agency import Agency

INTERRUPTED = 130


class Impatient:
    """A user who presses Ctrl-C at random moments and then looks what became of it.

    The first attempt at a command is interrupted almost at once, each further
    one a little later, until one is done: however fast the machine is, both
    ends and a few moments between are met.
    """

    def __init__(self, agency: Agency, seed: int) -> None:
        self.agency, self.random = agency, random.Random(seed)
        self.outcomes: dict[str, set[int]] = {}
        self.told: set[str] = set()

    def give(self, words: str, moment: float) -> bool:
        """Interrupt a command after so many seconds; whether it was done."""
        status, said = self.agency.run(f"interrupt {moment * 1e6:.0f} capsulectl {words}")
        # 130: capsulectl tells of it; 2 + 128 likewise where it had not begun.
        assert status in (0, INTERRUPTED), f"{words} after {moment:.3f} s: {status}: {said}"
        if status and said:
            assert said.startswith("capsulectl: ") and "interrupted" in said, said
        verb = words.split()[1 if words.startswith("cell") else 0]
        self.outcomes.setdefault(verb, set()).add(status)
        if said and status:
            self.told.add(verb)
        return status == 0

    def moments(self) -> Iterator[float]:
        """Seconds, from next to nothing to longer than anything takes."""
        moment = self.random.uniform(0.0005, 0.002)
        while True:
            yield moment
            moment *= self.random.uniform(1.5, 3)

    def until_done(self, words: str, unchanged: Callable[[], None]) -> None:
        """Give a command again and again until it was not interrupted in time."""
        for moment in self.moments():
            if self.give(words, moment):
                return
            unchanged()


def rounds(agency: Agency, count: int) -> None:
    user = Impatient(agency, count)
    agency.check("cp /usr/share/capsule/inmates/hello.bin /tmp/large; truncate -s 15M /tmp/large")

    def same() -> None:
        assert agency.snapshot() == before, "interrupted, not without effect"

    def unloaded() -> None:
        assert not agency.cell("capsule")["loaded"] and agency.snapshot() == before

    def still_there() -> None:
        assert set(agency.cells()) == {"capsule"}

    for _ in range(count):
        before = agency.snapshot()
        user.until_done(f"enable {agency.root_config}", same)
        before = agency.snapshot()
        enabled = agency.ledger()
        user.until_done("cell create capsule.cell", same)
        before = agency.snapshot()
        user.until_done("cell load capsule /tmp/large", unloaded)
        assert agency.cell("capsule")["loaded"]
        user.until_done("cell start capsule", same)
        user.until_done("cell destroy capsule", still_there)
        assert agency.cells() == {} and agency.ledger() == enabled
        before = agency.snapshot()
        user.until_done("disable", same)
        assert not any(agency.ledger().values())
    both = {verb for verb, seen in user.outcomes.items() if seen == {0, INTERRUPTED}}
    assert both == {"enable", "create", "load", "start", "destroy", "disable"}, user.outcomes
    # The long ones end in the middle, and say what became of it.
    assert {"create", "load"} <= user.told, user.told


def test_ctrl_c_at_random_moments(agency: Agency) -> None:
    rounds(agency, 4)


@pytest.mark.full
def test_ctrl_c_at_many_moments(agency: Agency) -> None:
    rounds(agency, 60)


def test_ctrl_c_while_a_cell_does_not_answer(enabled: Agency) -> None:
    """The request stays posted, the guest runs on, and the next shutdown works."""
    enabled.launch("capsule", "silent")
    enabled.await_text("capsule", "masked")
    status, said = enabled.run("interrupt 300000 capsulectl cell shutdown capsule")
    assert status == INTERRUPTED and "interrupted" in said
    assert enabled.cells() == {"capsule": "running"}
    enabled.do("cell shutdown capsule")
    enabled.load("capsule", "hello")
    enabled.do("cell start capsule")
    enabled.await_text("capsule", "hello: waiting")
    enabled.drop("capsule")
