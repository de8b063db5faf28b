# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C at any moment: the command has happened whole, or not at all."""

from __future__ import annotations

import random

import pytest

from agency import Agency

INTERRUPTED = 130


class Impatient:
    """A user who presses Ctrl-C at random moments and then looks what became of it."""

    def __init__(self, agency: Agency, seed: int) -> None:
        self.agency, self.random = agency, random.Random(seed)
        self.outcomes: dict[str, set[int]] = {}

    def give(self, words: str, most: float) -> bool:
        """Interrupt a command after 0 to `most` seconds; whether it was done."""
        moment = self.random.uniform(0.001, most)
        status, said = self.agency.run(f"interrupt {moment * 1e6:.0f} capsulectl {words}")
        # 130: capsulectl tells of it; 2 + 128 likewise where it had not begun.
        assert status in (0, INTERRUPTED), f"{words} after {moment:.3f} s: {status}: {said}"
        if status and said:
            assert said.startswith("capsulectl: ") and "interrupted" in said, said
        self.outcomes.setdefault(words.split()[-1 if words.startswith("cell") else 0],
                                 set()).add(status)
        return status == 0

    def until_done(self, words: str, most: float) -> None:
        """Give a command again and again until it was not interrupted in time."""
        before = self.agency.snapshot()
        while not self.give(words, most):
            assert self.agency.snapshot() == before, f"{words}: interrupted, not without effect"
            most *= 1.3


def rounds(agency: Agency, count: int) -> None:
    user = Impatient(agency, count)
    agency.check("cp /usr/share/capsule/inmates/hello.bin /tmp/large; truncate -s 15M /tmp/large")
    for _ in range(count):
        user.until_done("enable root.cell", 0.4)
        enabled = agency.ledger()
        user.until_done("cell create capsule.cell", 0.4)
        created = agency.snapshot()
        while not user.give("cell load capsule /tmp/large", 0.6):
            assert not agency.cell("capsule")["loaded"] and agency.snapshot() == created
        assert agency.cell("capsule")["loaded"]
        while not user.give("cell start capsule", 0.1):
            assert agency.cells() == {"capsule": "loadable"}
        while not user.give("cell destroy capsule", 0.6):
            assert set(agency.cells()) == {"capsule"}
        assert agency.cells() == {} and agency.ledger() == enabled
        user.until_done("disable", 0.4)
        assert not any(agency.ledger().values())
    both = [words for words, seen in user.outcomes.items() if seen == {0, INTERRUPTED}]
    assert len(both) >= 3, f"hardly anything was interrupted: {user.outcomes}"


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
