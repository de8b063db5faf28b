# SPDX-License-Identifier: Apache-2.0
"""A machine in front of an audience: commands are typed, answers shown and checked."""

from __future__ import annotations

import os
import re
import sys
import textwrap
import time
from collections.abc import Callable

from ci.qemu import PATIENCE, Background, Machine

CONTROL_C = "\x03"
# What the line editor of the agency's shell sends besides text.
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

BOLD, DIM, GREEN, RED, CYAN = "1", "2", "32", "31", "36"


class CheckFailed(Exception):
    """What was shown is not what had to be."""


class Stage:
    """Shows what happens on a machine's console.

    times   seconds that named commands took, as a person at the console saw them
    facts   more lines for the summary
    """

    disk: Background
    ledger: dict[str, int]

    def __init__(self, machine: Machine, step: bool = False) -> None:
        self.machine, self.step = machine, step
        self.times: dict[str, float] = {}
        self.facts: dict[str, str] = {}
        self._colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._chapters = self._commands = self._checks = 0
        # So that each prompt tells how the command before it ended.
        machine.shell("PS1='$?|agency# '")

    # -- what is shown

    def _paint(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colours else text

    @staticmethod
    def _show(text: str, end: str = "\n") -> None:
        print(text, end=end, flush=True)

    def chapter(self, title: str, text: str) -> None:
        """Begin a chapter; with step, wait for the audience first."""
        if self.step and self._chapters:
            input(self._paint("\nEnter: next chapter ", DIM))
        self._chapters += 1
        self._show(f"\n{self._paint(f'{self._chapters}. {title}', BOLD)}")
        self.say(text)

    def say(self, text: str) -> None:
        """Explain, in the width of a page."""
        words = " ".join(text.split())
        self._show(self._paint(textwrap.fill(words, 78, initial_indent="   ",
                                             subsequent_indent="   "), DIM))

    # -- what is done

    def _type(self, command: str) -> None:
        """Type as a person does: the next character when the last one is seen."""
        self.machine.console.discard()
        self._show(self._paint("agency# ", CYAN), end="")
        for character in command:
            self.machine.type(character)
            self.machine.expect(re.escape(character))
            self._show(character, end="")
        self.machine.type("\n")
        self.machine.expect(r"\r\n")
        self._show("")
        self._commands += 1

    def _until_prompt(self) -> tuple[str, int]:
        before, _ = self.machine.expect("agency# ")
        text = ESCAPES.sub("", before).replace("\r\n", "\n")
        match = re.search(r"(\d+)\|$", text)
        if not match:
            raise CheckFailed(f"no prompt after:\n{text}")
        return text[:match.start()], int(match.group(1))

    def type(self, command: str, status: int = 0, name: str | None = None) -> str:
        """Type a command and show what it says, which is returned.

        status is how it must end; name keeps the time it took.
        """
        self._type(command)
        begin = time.monotonic()
        text, ended = self._until_prompt()
        if name:
            self.times[name] = time.monotonic() - begin
        self._show(text, end="")
        if ended != status:
            raise CheckFailed(f"`{command}` ended with {ended}, not {status}")
        return text

    def follow(self, command: str, pattern: str, count: int) -> list[str]:
        """Type a command that goes on, until count lines match; then end it by Ctrl-C.

        Lines are shown as they come. Returns those that match.
        """
        self._type(command)
        found: list[str] = []
        while len(found) < count:
            before, _ = self.machine.expect(r"\r?\n")
            line = ESCAPES.sub("", before)
            self._show(line)
            if re.match(pattern, line):
                found.append(line)
        self.machine.type(CONTROL_C)
        rest, _ = self._until_prompt()
        self._show(rest.replace("^C", ""), end="")
        return found

    def ask(self, command: str) -> str:
        """Run a command out of sight, for a check."""
        return self.machine.check(command)

    def wait_until(self, what: str, holds: Callable[[], bool], timeout: float = PATIENCE) -> None:
        """Ask until it holds; asking takes time enough to be no load."""
        deadline = time.monotonic() + timeout
        while not holds():
            if time.monotonic() > deadline:
                raise CheckFailed(f"not within {timeout:.0f} s: {what}")

    # -- what is checked

    def check(self, claim: str, holds: bool, found: object = "") -> None:
        """Show that a claim holds; CheckFailed with what was found if it does not."""
        if not holds:
            self._show(self._paint(f"   FAILED: {claim}", RED))
            raise CheckFailed(f"{claim}: no{f', found {found}' if found else ''}")
        self._checks += 1
        self._show(self._paint(f"   ok: {claim}", GREEN))

    def summary(self, facts: dict[str, str]) -> None:
        """The last words; only called when all checks hold."""
        self._show(f"\n{self._paint('Summary', BOLD)}")
        for name, text in facts.items():
            self._show(textwrap.fill(text, 78, initial_indent=f"   {name:8} ",
                                     subsequent_indent=" " * 12))
        self._show(self._paint(
            f"   {self._chapters} chapters, {self._commands} commands typed, "
            f"{self._checks} checks: all hold", GREEN))
