# SPDX-License-Identifier: Apache-2.0
"""The agency with systemd and python3 on a disk, without the product."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ci.qemu import Machine

pytestmark = [pytest.mark.full, pytest.mark.machine(image="debian")]


def test_system_comes_up_whole(agency: Machine) -> None:
    status, state = agency.run("systemctl is-system-running --wait")
    assert (status, state) == (0, "running\n"), agency.check("systemctl --failed")
    assert agency.check("dpkg --audit") == ""
    assert set(agency.check("dpkg-query -W -f '${db:Status-Status}\\n'").split()) == {"installed"}


def test_files_belong_to_whom_their_packages_say(agency: Machine) -> None:
    listed = agency.check("stat -c '%U:%G %a' / /etc/shadow /usr/bin/chage /usr/bin/su /bin/ls")
    assert listed.splitlines() == [
        "root:root 755", "root:shadow 640", "root:shadow 2755", "root:root 4755", "root:root 755",
    ]


def test_python_and_network(agency: Machine) -> None:
    script = (
        "import socket; s = socket.create_connection(('10.0.2.100', 7), 60); s.sendall(b'hello');"
        " print(s.recv(5).decode())"
    )
    assert agency.check(f'python3 -c "{script}"') == "hello\n"


def test_signals_and_files(agency: Machine) -> None:
    assert agency.background("sleep 1000").stop("INT").status == 128 + 2
    agency.put(b"content", "/tmp/a b/file")
    assert agency.check("cat '/tmp/a b/file'") == "content"


def test_shell_on_the_console(agency: Machine) -> None:
    assert agency.shell("echo $((6 * 7))").strip() == "42"


def test_added_folders_lie_over_the_disk(
    boot: Callable[..., Machine], tmp_path: Path
) -> None:
    for name in ("lib/firmware/a", "usr/sbin/b", "etc/c"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(name)
    machine = boot(add=[tmp_path])
    assert machine.check("cat /usr/lib/firmware/a /sbin/b /etc/c") == "lib/firmware/ausr/sbin/betc/c"
    assert machine.check("readlink /lib /sbin").split() == ["usr/lib", "usr/sbin"]
