# SPDX-License-Identifier: Apache-2.0
"""What the tutorial and the README say one has to type gives what they say it gives."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agency import SOON, Agency

TOP = Path(__file__).resolve().parents[3]
PROMPT = "agency# "
# Left out on paper, and the key that ends a follower.
ELLIPSIS, CONTROL_C = "...", "^C"
# Commands that only look.
LOOKS = re.compile(r"capsulectl (console|status|cell (list|show|stats))\b")
# Differs from one machine and version to the next.
VARIES = re.compile(r"0x[0-9a-f]+|\b\d+\b|(?<=^capsule )\S+(?=:)")


def session(text: str) -> Iterator[tuple[str, list[str]]]:
    """Commands, and the lines shown after each, of all blocks in a page."""
    for block in re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for part in re.split(f"^{PROMPT}", block, flags=re.MULTILINE)[1:]:
            command, *shown = part.splitlines()
            yield command, [line for line in shown if line != ELLIPSIS]


def plain(line: str) -> str:
    return " ".join(VARIES.sub("#", line).split())


def missing(shown: list[str], said: str) -> list[str]:
    """Lines on paper that were not said, apart from numbers."""
    heard = {plain(line) for line in said.splitlines()}
    return [line for line in shown if plain(line) not in heard]


def follow(agency: Agency, command: str, shown: list[str]) -> str:
    """A command that goes on until Ctrl-C, which comes when all that is shown was said."""
    follower = agency.background(command)
    for line in shown[:-1]:
        agency.await_output(follower, line.split(",")[0])
    return follower.stop("INT").output


def perform(agency: Agency, command: str, shown: list[str]) -> str:
    if shown and shown[-1] == CONTROL_C:
        return follow(agency, command, shown)
    said = agency.run(command).output
    # A guest that was just started may not have come as far as a person would see it.
    deadline = time.monotonic() + SOON
    while LOOKS.match(command) and missing(shown, said) and time.monotonic() < deadline:
        said = agency.run(command).output
    return said


@pytest.mark.parametrize("page, section", [
    ("docs/tutorial.md", "# A first session"), ("README.md", "## By hand"),
])
def test_session_on_paper(agency: Agency, page: str, section: str) -> None:
    type_all(agency, page, section)


@pytest.mark.machine(image="debian")
def test_from_a_board_to_two_cells(agency: Agency) -> None:
    type_all(agency, "docs/tutorial-board.md", "# From a board")


def type_all(agency: Agency, page: str, section: str) -> None:
    """Every command of a page, with what the page says that it answers."""
    text = (TOP / page).read_text()
    commands = 0
    for command, shown in session(text[text.index(section):]):
        said = perform(agency, command, shown)
        wrong = missing([line for line in shown if line != CONTROL_C], said)
        assert not wrong, f"after {command!r} {page} shows {wrong}, but it said:\n{said}"
        commands += 1
    assert commands >= 8, "the page has lost its session"
    agency.check("rm -f params how; modprobe capsule")
