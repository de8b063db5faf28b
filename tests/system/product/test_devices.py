# SPDX-License-Identifier: Apache-2.0
"""Devices that a cell has for itself: not while a driver of the agency uses them."""

from __future__ import annotations

import pytest

from agency import Agency
from checker_config import IO, READ, ROOTSHARED, WRITE, Cell, Region

UART, RTC, PAGE = 0x09000000, 0x09010000, 0x1000
# Transports of 0x200 bytes each, of which the last is in use.
VIRTIO_MMIO, TRANSPORTS = 0x0A000000, 32 * 0x200
DRIVER = "/sys/bus/amba/drivers/rtc-pl031"


def put(agency: Agency, address: int, size: int = PAGE, flags: int = READ | WRITE | IO) -> str:
    """Install a configuration of a cell with one device region; returns its path."""
    cell = Cell(name=b"device", regions=(*Cell().regions, Region(address, address, size, flags)))
    return agency.put_config("device", cell.pack())


def iomem(agency: Agency, text: str) -> list[str]:
    """What /proc/iomem says, without indentation, in the lines with a text."""
    return [line.strip() for line in agency.check("cat /proc/iomem").splitlines() if text in line]


@pytest.fixture
def unbound(enabled: Agency):
    """The real-time clock has no driver."""
    enabled.check(f"echo 9010000.pl031 >{DRIVER}/unbind")
    yield enabled
    enabled.check(f"[ -e {DRIVER}/9010000.pl031 ] || echo 9010000.pl031 >{DRIVER}/bind")


@pytest.mark.parametrize("address, size, where, name", [
    (UART, PAGE, UART, "9000000.pl011, driver uart-pl011"),
    (UART + 0x18, 4, UART + 0x18, "9000000.pl011, driver uart-pl011"),
    (RTC, PAGE, RTC, "9010000.pl031, driver rtc-pl031"),
    (RTC - PAGE, 3 * PAGE, RTC, "9010000.pl031, driver rtc-pl031"),
    (VIRTIO_MMIO, TRANSPORTS, VIRTIO_MMIO + TRANSPORTS - 0x200,
     "a003e00.virtio_mmio, driver virtio-mmio")])
def test_busy_device_is_refused(enabled: Agency, address: int, size: int, where: int,
                                name: str) -> None:
    """Named, with the place where the driver's registers begin; nothing stays claimed."""
    before = enabled.check("cat /proc/iomem")
    path = put(enabled, address, size)
    said = enabled.refuses(f"cell create {path}", "DEVICE_BUSY", path, "unbind")
    assert f"device at {where:#x} ({name})," in said
    assert enabled.check("cat /proc/iomem") == before


def test_shared_device_is_not_claimed(enabled: Agency) -> None:
    enabled.do(f"cell create {put(enabled, RTC, flags=READ | IO | ROOTSHARED)}")
    assert iomem(enabled, "capsule: ") == []
    enabled.drop("device")


def test_unbound_device_is_the_cells(unbound: Agency) -> None:
    """No driver gets it while the cell exists; afterwards it works as before."""
    agency = unbound
    before = agency.check("cat /proc/iomem")
    agency.do(f"cell create {put(agency, RTC)}")
    assert iomem(agency, "capsule: device") == ["09010000-09010fff : capsule: device"]
    assert agency.run(f"echo 9010000.pl031 >{DRIVER}/bind").status != 0
    agency.drop("device")
    assert agency.check("cat /proc/iomem") == before
    agency.check(f"echo 9010000.pl031 >{DRIVER}/bind")
    assert int(agency.check("cat /sys/class/rtc/rtc*/since_epoch")) > 0


def test_region_around_a_device(unbound: Agency) -> None:
    """Entries of /proc/iomem cannot cross those of devices: claimed in pieces."""
    agency = unbound
    before = agency.check("cat /proc/iomem")
    agency.do(f"cell create {put(agency, RTC - PAGE, 3 * PAGE)}")
    assert [line.split()[0] for line in iomem(agency, "capsule: device")] == [
        "0900f000-0900ffff", "09010000-09010fff", "09011000-09011fff"]
    agency.drop("device")
    assert agency.check("cat /proc/iomem") == before


def test_refused_later_gives_the_device_back(unbound: Agency) -> None:
    """A cell that fails for another reason after its device was claimed."""
    agency = unbound
    before = agency.check("cat /proc/iomem")
    cell = Cell(name=b"device", cpus=(1,), regions=(
        Cell().regions[0], Region(RTC, RTC, PAGE, READ | WRITE | IO),
        Region(0x40400000, 1 << 32, 1 << 20, READ | WRITE), Cell().regions[1]))
    path = agency.put_config("device", cell.pack())
    agency.refuses(f"cell create {path}", "MEM_NOT_OWNED", "0x40400000")
    assert agency.check("cat /proc/iomem") == before


def driver_of(agency: Agency, device: str, bus: str = "amba") -> str:
    """The driver that a device is bound to, empty for none."""
    link = agency.run(f"readlink /sys/bus/{bus}/devices/{device}/driver").output
    return link.strip().rpartition("/")[2]


def test_unbound_for_a_cell_and_bound_again(enabled: Agency) -> None:
    """Exactly the device of the cell, with and without an end in order."""
    agency = enabled
    before = agency.check("cat /proc/iomem")
    for force in (False, True):
        path = put(agency, RTC)
        said = agency.do(f"cell create --unbind {path}")
        assert "taking 9010000.pl031 from driver rtc-pl031" in said
        assert driver_of(agency, "9010000.pl031") == ""
        assert driver_of(agency, "9000000.pl011") == "uart-pl011"
        assert iomem(agency, "capsule: ") == ["09010000-09010fff : capsule: device"]
        agency.drop("device", force)
        assert driver_of(agency, "9010000.pl031") == "rtc-pl031"
        assert agency.check("cat /proc/iomem") == before
        assert int(agency.check("cat /sys/class/rtc/rtc*/since_epoch")) > 0


def test_unbound_for_a_cell_that_fails(enabled: Agency) -> None:
    agency = enabled
    cell = Cell(name=b"device", regions=(
        *Cell().regions, Region(RTC, RTC, PAGE, READ | WRITE | IO),
        Region(0x40400000, 1 << 32, 1 << 20, READ | WRITE)))
    before = agency.check("cat /proc/iomem")
    status, said = agency.ctl(f"cell create --unbind {agency.put_config('device', cell.pack())}")
    assert agency.exit_name(status) == "MEM_NOT_OWNED", said
    assert driver_of(agency, "9010000.pl031") == "rtc-pl031"
    assert agency.check("cat /proc/iomem") == before


def test_unbound_by_the_user_stays_unbound(unbound: Agency) -> None:
    agency = unbound
    agency.do(f"cell create --unbind {put(agency, RTC)}")
    agency.drop("device")
    assert driver_of(agency, "9010000.pl031") == ""


def test_the_console_is_not_unbound(enabled: Agency) -> None:
    agency = enabled
    for address, size in ((UART, PAGE), (UART + 0x18, 4)):
        agency.refuses(f"cell create --unbind {put(agency, address, size)}", "DEVICE_NEEDED",
                       "9000000.pl011", "console ttyAMA0")
    assert driver_of(agency, "9000000.pl011") == "uart-pl011"


@pytest.mark.parametrize("address", [0x4010000000, 0x4010008000, 0])
def test_pci_function_is_refused(enabled: Agency, address: int) -> None:
    """Its configuration space by the tool; a BAR by the driver."""
    agency = enabled
    bars = agency.check("cut -d' ' -f1 /sys/bus/pci/devices/*/resource")
    address = address or next(int(line, 0) for line in bars.splitlines()
                              if int(line, 0) > 0xFFFF)
    agency.refuses(f"cell create --unbind {put(agency, address)}", "PCI_FUNCTION", "PCI")
