# SPDX-License-Identifier: Apache-2.0
"""The product in a whole Debian: systemd, udev, users and groups, and its way to shut down."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agency import INMATES, Agency

pytestmark = [pytest.mark.full, pytest.mark.machine(image="debian")]

RULE = 'KERNEL=="capsule", SUBSYSTEM=="misc", GROUP="capsule", MODE="0660"\n'


def test_lifecycle(agency: Agency) -> None:
    """The main job under load, twice, with everything a cell's user does in between."""
    first = agency.ledger()
    with agency.load_running():
        for _ in range(2):
            agency.enable()
            agency.launch("capsule", "hello")
            agency.await_text("capsule", "hello: waiting")
            agency.launch("inmate-timer", "timer-jitter")
            agency.await_text("inmate-timer", "samples")
            assert agency.cells() == {"capsule": "running", "inmate-timer": "running"}
            assert agency.online() == "0,3"
            agency.do("cell shutdown capsule")
            agency.load("capsule", "hello")
            agency.do("cell start capsule")
            agency.await_text("capsule", "hello: waiting")
            agency.drop("capsule")
            agency.drop("inmate-timer")
            agency.disable()
            assert agency.ledger() == first and agency.online() == "0-3"
    assert agency.check("systemctl is-active dev-capsule.device") == "active\n"
    status, state = agency.run("systemctl is-system-running")
    assert (status, state) == (0, "running\n"), agency.check("systemctl --failed")


def as_user(agency: Agency, group: str, words: str) -> tuple[str, str]:
    """Run capsulectl as nobody in a group; the exit code's name, and what it said."""
    user = f"setpriv --reuid=65534 --regid=$(getent group {group} | cut -d: -f3) --clear-groups"
    status, said = agency.run(f"{user} /usr/sbin/capsulectl {words}")
    return agency.exit_name(status), said


def test_group_that_a_udev_rule_lets_in(agency: Agency) -> None:
    """It may look; what changes the machine stays root's, whoever opens the device."""
    agency.check("getent group capsule || groupadd capsule")
    assert agency.check("stat -c '%U %G %a' /dev/capsule") == "root root 600\n"
    agency.put(RULE.encode(), "/etc/udev/rules.d/70-capsule.rules")
    agency.check("udevadm control --reload && udevadm trigger --settle /dev/capsule")
    assert agency.check("stat -c '%U %G %a' /dev/capsule") == "root capsule 660\n"
    agency.enable()
    agency.create("capsule")
    code, said = as_user(agency, "capsule", "cell list")
    assert code == "OK" and "capsule" in said and "loadable" in said, said
    before = agency.snapshot()
    for words in ("disable", "enable root.cell", "cell destroy capsule", "cell start capsule",
                  f"cell load capsule {INMATES}/hello.bin", "cell create inmate-timer.cell"):
        code, said = as_user(agency, "capsule", words)
        assert code == "PERMISSION" and said.count("\n") == 1, f"{words}: {code}: {said}"
    code, said = as_user(agency, "nogroup", "cell list")
    assert code == "PERMISSION" and said.startswith("capsulectl: "), said
    assert agency.snapshot() == before
    agency.drop("capsule")
    agency.disable()
    agency.check("rm /etc/udev/rules.d/70-capsule.rules && udevadm control --reload"
                 " && udevadm trigger --settle /dev/capsule")


def busy(another: Callable[..., Agency]) -> Agency:
    machine = another()
    machine.check("dmesg -n 7")
    machine.enable()
    machine.launch("capsule", "hello")
    machine.launch("inmate-timer", "silent")
    machine.await_text("inmate-timer", "masked")
    return machine


@pytest.mark.parametrize("word, reason", [("poweroff", "guest-shutdown"),
                                          ("reboot", "guest-reset")])
def test_systemd_ends_the_machine_while_cells_run(
    another: Callable[..., Agency], word: str, reason: str
) -> None:
    """Services are stopped, then cells, then EL2 is given back, then the machine ends."""
    machine = busy(another)
    machine.type(f"systemctl {word}\n")
    assert machine.wait_end(300) == reason
    text = machine.console_text()
    assert "capsule: disabled on" in text and "not disabled" not in text
