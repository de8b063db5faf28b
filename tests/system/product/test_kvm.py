# SPDX-License-Identifier: Apache-2.0
"""KVM and Capsule take turns at EL2.

On a Cortex-A57 Debian's 6.1 alone, without any module, loses a CPU that was
offline once and then enters a guest. So these tests begin with a new machine,
and the one with a cell comes last and leaves the cell's CPU alone.
"""

from __future__ import annotations

from typing import Any

import pytest

from agency import Agency

EVERYWHERE = "".join(f"kvm ok cpu {cpu}\n" for cpu in range(4))


@pytest.fixture(scope="module", autouse=True)
def new_machine(stable: Any) -> None:
    """No CPU of the next machine was ever offline."""
    stable.drop()


def test_kvm_before_and_after(agency: Agency) -> None:
    """A VM with a running vCPU on each CPU, before enable and after each disable."""
    assert agency.check("kvm-smoke") == EVERYWHERE
    with agency.load_running():
        for _ in range(3):
            agency.enable()
            agency.disable()
            assert agency.check("kvm-smoke") == EVERYWHERE


def test_vm_while_enabled_fails_cleanly(enabled: Agency) -> None:
    """The user of KVM is told; the kernel has nothing to warn of (checked after the test)."""
    status, said = enabled.run("kvm-smoke")
    assert status == 1 and "kvm-smoke:" in said, said
    enabled.disable()
    assert enabled.check("kvm-smoke") == EVERYWHERE


def test_enable_is_refused_while_a_vm_exists(agency: Agency) -> None:
    spin = agency.background("kvm-smoke spin")
    agency.await_output(spin, "kvm running")
    pid = agency.check("pidof kvm-smoke").strip()
    agency.refuses(f"enable {agency.root_config}", "KVM_VM", f"process {pid}")
    assert spin.stop().status == 0
    agency.enable()


def test_kvm_after_a_cell_on_another_cpu(agency: Agency) -> None:
    """CPUs that never left the agency run VMs afterwards, as if nothing had been."""
    agency.enable()
    agency.launch("fault", "hello")
    agency.await_text("fault", "waiting")
    agency.drop("fault")
    agency.disable()
    said = agency.check("taskset 7 kvm-smoke")
    assert said == "".join(f"kvm ok cpu {cpu}\n" for cpu in range(3))
