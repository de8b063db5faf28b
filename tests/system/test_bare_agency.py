# SPDX-License-Identifier: Apache-2.0
"""The machine itself, without the product: what other tests rely on."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable

import pytest

from ci.qemu import Machine, MachineDied


def test_all_cpus_run_the_kernel_asked_for(agency: Machine) -> None:
    assert agency.check("uname -r").startswith(agency.kernel)
    assert agency.check("nproc").strip() == str(agency.cpus)


def test_kernel_was_started_at_el2(agency: Machine) -> None:
    assert re.search(r"CPU: All CPU\(s\) started at EL2", agency.dmesg())


def interrupts(agency: Machine, device: str) -> list[str]:
    """Lines of /proc/interrupts of the virtio device behind a sysfs link."""
    name = agency.check(f"basename $(readlink -f {device})").strip()
    lines = agency.check("cat /proc/interrupts").splitlines()
    return [line for line in lines if re.search(rf"\b{name}\b", line)]


def test_disk_and_network_interrupt_by_msi(agency: Machine) -> None:
    agency.check("dd if=/dev/vda of=/dev/null bs=4k count=64 iflag=direct")
    for device in ("/sys/block/vda/device", "/sys/class/net/eth0/device"):
        own = interrupts(agency, device)
        assert len(own) >= 3 and all("MSI" in line for line in own), own
    requests = [line for line in interrupts(agency, "/sys/block/vda/device") if "-req." in line]
    assert sum(int(n) for line in requests for n in line.split()[1:1 + agency.cpus]) >= 64


def test_commands_come_over_an_spi(agency: Machine) -> None:
    (line,) = interrupts(agency, "/sys/class/virtio-ports/*/device")
    assert "GIC" in line and "MSI" not in line


def test_network_echoes_and_leads_nowhere_else(agency: Machine) -> None:
    assert agency.check("echo over and out | nc -w 20 10.0.2.100 7") == "over and out\n"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        # QEMU's network would lead 10.0.2.2 to this host.
        assert agency.run(f"nc -w 5 10.0.2.2 {port} </dev/null").status != 0
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_output_and_status_of_commands(agency: Machine) -> None:
    assert agency.run("echo out; echo err >&2; exit 7") == (7, "out\nerr\n")
    assert agency.run("printf 'no newline'") == (0, "no newline")
    assert len(agency.check("head -c 300000 /dev/zero | tr '\\0' x")) == 300000


def test_kernel_messages_stay_out_of_output(agency: Machine) -> None:
    script = "for i in $(seq 50); do echo '<1>noise from the kernel' >/dev/kmsg; echo $i; done"
    assert agency.check(script).split() == [str(i) for i in range(1, 51)]
    assert "noise from the kernel" in agency.console_text()


def test_file_arrives_whole(agency: Machine) -> None:
    content = bytes(range(256)) * 1000
    agency.put(content, "/tmp/a b/file")
    assert int(agency.check("wc -c <'/tmp/a b/file'")) == len(content)
    assert agency.check("head -c 1000 '/tmp/a b/file' | tail -c 1 | hexdump -C")[10:12] == "e7"


def test_background_command_takes_signals(agency: Machine) -> None:
    sleeper = agency.background("sleep 1000")
    assert sleeper.stop("INT").status == 128 + 2
    assert agency.background("true").wait().status == 0


def test_shell_on_the_console(agency: Machine) -> None:
    assert agency.shell("echo $((6 * 7))").strip() == "42"


def test_kvm_runs_a_guest_on_each_cpu(agency: Machine) -> None:
    output = agency.check("kvm-smoke")
    assert output == "".join(f"kvm ok cpu {cpu}\n" for cpu in range(agency.cpus))


@pytest.mark.complaints
def test_a_kernel_warning_is_a_complaint(agency: Machine) -> None:
    before = agency.complaints()
    agency.check("echo '<4>WARNING: CPU: 0 PID: 1 at nowhere' >/dev/kmsg")
    assert len(agency.complaints()) == len(before) + 1


def test_a_panic_ends_the_machine_and_is_told(boot: Callable[..., Machine]) -> None:
    machine = boot(cpus=1)
    with pytest.raises(MachineDied, match="Kernel panic - not syncing: sysrq"):
        machine.run("echo c >/proc/sysrq-trigger")
    assert machine.wait_end() == "guest-reset"
    assert not machine.answers()


def test_a_command_that_hangs_is_told(boot: Callable[..., Machine]) -> None:
    machine = boot(cpus=1)
    # (Not a sleep: where instructions are counted as time, sleeping takes none.)
    machine.check("mkfifo /tmp/never")
    with pytest.raises(MachineDied, match="cat /tmp/never"):
        machine.run("cat /tmp/never", timeout=1)
    assert machine.alive() and not machine.answers()
    # Whatever comes later must not take the first command's output for its own.
    with pytest.raises(MachineDied, match="has not answered since: cat /tmp/never"):
        machine.run("true")
