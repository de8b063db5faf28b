# SPDX-License-Identifier: Apache-2.0
"""Devices of the machine in the hands of a cell: memory one to one, registers, interrupts, DMA."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agency import Agency
from building import BUILD
from checker_config import (ANY, COMM_REGION, DMA, IO, LOADABLE, RAM, READ, VIRT_IS_PHYS, WRITE, Cell,
                            Chip, Region)
from ci import images
from ci.qemu import MMIO_DISK, MMIO_NET
from lib.fleet import Spec

MIB = 1 << 20
PAGE = 0x1000
SLOT = 0x200
# Outside the machine's RAM, so that RAM placed one to one never meets it.
COMM = replace(COMM_REGION, virt=0x30000000)
# Of an exception taken at EL1 with SP_EL1: where VBAR_EL1, 0 at the start, sends the CPU.
VECTOR = 0x200


def test_memory_one_to_one(enabled: Agency) -> None:
    """The entry moves with its region. What stands there is cleared memory, an undefined
    instruction: its vector is the first address that cannot be fetched."""
    agency = enabled
    cell = Cell(name=b"one-to-one", entry=4 * PAGE, regions=(
        Region(0, 0, 2 * MIB, RAM | DMA | ANY | VIRT_IS_PHYS), COMM))
    agency.do(f"cell create {agency.put_config('one-to-one', cell.pack())}")
    agency.do("cell start one-to-one")
    agency.await_state("one-to-one", "failed")
    fault = agency.cell("one-to-one")["fault_record"]
    assert (fault["reason"], int(fault["pc"], 0)) == ("fetch", VECTOR), fault
    agency.drop("one-to-one")


# --- a disk on virtio-mmio ------------------------------------------------------

# Memory that mem=1G leaves to nobody, below which the communication region is.
SPARE = 0x90000000
with_disk = pytest.mark.machine(mmio="64M", append="mem=1G")


def slot(address: int) -> Region:
    return Region(address, address, SLOT, READ | WRITE | IO | DMA)


def disk_cell(**changes: object) -> Cell:
    """A cell for the guest virtio-blk."""
    cell = Cell(name=b"disk", cpus=(1,), chips=(Chip(32, (MMIO_DISK[1],)),), regions=(
        Region(0, 0, 16 * MIB, RAM | LOADABLE | ANY), COMM_REGION,
        Region(SPARE, SPARE, 2 * MIB, READ | WRITE | DMA), slot(MMIO_DISK[0])))
    return replace(cell, **changes)


def disk_name(agency: Agency) -> str:
    """The block device on the transport, empty while no driver has it."""
    folder = f"/sys/devices/platform/{MMIO_DISK[0]:x}.virtio_mmio/virtio*/block"
    return agency.run(f"cd {folder} 2>/dev/null && echo *").output.strip()


@with_disk
@pytest.mark.parametrize("edge", [0, 1])
def test_disk_of_a_cell_and_of_the_agency_again(enabled: Agency, edge: int) -> None:
    """Registers in a page with a device of the agency, an interrupt that the guest takes as
    a level or an edge, DMA; what agency and cell write, the other reads."""
    agency, text = enabled, f"the agency writes {edge}"
    disk = disk_name(agency)
    agency.check(f"echo '{text}' | dd of=/dev/{disk} bs=512 conv=sync,fsync")
    agency.check(f"dd if=/dev/zero of=/dev/{disk} bs=512 seek=1 count=1 conv=fsync")
    path = agency.put_config("disk", disk_cell().pack())
    said = agency.do(f"cell create --unbind {path}")
    assert f"({MMIO_DISK[0]:x}.virtio_mmio, driver virtio-mmio) transfers by itself" in said
    assert disk_name(agency) == ""
    agency.load("disk", "virtio-blk",
                f"device={MMIO_DISK[0]:#x} irq={MMIO_DISK[1]} dma={SPARE:#x} edge={edge}")
    agency.do("cell start disk")
    seen = agency.await_text("disk", "virtio-blk: passed, 3 interrupts")
    assert f'sector 0: "{text}"' in seen
    agency.drop("disk")
    disk = disk_name(agency)
    assert agency.check(f"dd if=/dev/{disk} bs=512 skip=1 count=1").startswith("written by a cell")


@with_disk
def test_a_mounted_disk_is_not_unbound(enabled: Agency) -> None:
    agency, disk = enabled, disk_name(enabled)
    path = agency.put_config("disk", disk_cell().pack())
    agency.check(f"modprobe ext4; mke2fs /dev/{disk} && mkdir -p /tmp/mnt"
                 f" && mount -t ext4 /dev/{disk} /tmp/mnt")
    agency.refuses(f"cell create --unbind {path}", "DEVICE_NEEDED", f"{disk} is in use", "unmount")
    agency.check("umount /tmp/mnt")
    agency.do(f"cell create --unbind {path}")
    agency.drop("disk")


@with_disk
def test_an_interface_that_is_up_is_not_unbound(enabled: Agency) -> None:
    agency = enabled
    name = agency.check(
        f"cd /sys/devices/platform/{MMIO_NET[0]:x}.virtio_mmio/virtio*/net && echo *").strip()
    cell = disk_cell(regions=(*disk_cell().regions[:3], slot(MMIO_NET[0])), chips=())
    path = agency.put_config("disk", cell.pack())
    agency.check(f"ip link set {name} up")
    agency.refuses(f"cell create --unbind {path}", "DEVICE_NEEDED", f"{name} is up")
    agency.check(f"ip link set {name} down")
    agency.do(f"cell create --unbind {path}")
    agency.drop("disk")


@with_disk
def test_what_a_second_cell_cannot_have(enabled: Agency) -> None:
    """The device, or its interrupt alone, of another cell; and a guest address for DMA that is
    not the physical one."""
    agency = enabled
    agency.do(f"cell create --unbind {agency.put_config('disk', disk_cell().pack())}")
    plain = Cell(name=b"second", cpus=(2,))
    for name, cell, reason, said in (
            ("device", replace(plain, regions=(*plain.regions, slot(MMIO_DISK[0]))),
             "MEM_NOT_OWNED", 'cell "disk"'),
            ("interrupt", replace(plain, chips=(Chip(32, (MMIO_DISK[1],)),)), "IRQ_NOT_OWNED",
             f"interrupt {MMIO_DISK[1]}"),
            ("address", replace(plain, regions=(
                Region(0, 0, 16 * MIB, RAM | LOADABLE | ANY | DMA), COMM_REGION,
                slot(MMIO_NET[0]))), "CFG_REGION", "not its physical address")):
        agency.refuses(f"cell create {agency.put_config(name, cell.pack())}", reason, said)
    agency.drop("disk")


@with_disk
def test_a_guest_without_the_interrupt(enabled: Agency) -> None:
    """A device of which the configuration forgot the interrupt: nothing comes, nothing breaks."""
    agency = enabled
    path = agency.put_config("disk", disk_cell(chips=()).pack())
    agency.do(f"cell create --unbind {path}")
    agency.load("disk", "virtio-blk",
                f"device={MMIO_DISK[0]:#x} irq={MMIO_DISK[1]} dma={SPARE:#x}")
    agency.do("cell start disk")
    agency.await_text("disk", "virtio-blk: FAILED: sector 0 was not read, 0 interrupts")
    agency.drop("disk")
    assert disk_name(agency) != ""


# --- Linux with a disk and a network card of the machine ------------------------

# Seconds for a boot, on a machine with more virtual CPUs than it has real ones.
BOOT = 240
# What the guest's disk has as its first process. Port 7 of 10.0.2.100 echoes.
INIT = b"""#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
exec >/dev/console 2>&1
echo "guest: root is $(grep ' / ext4 ' /proc/mounts)"
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
echo "guest: $( (echo through the card; sleep 5) | nc 10.0.2.100 7)"
echo written by the guest > /written
grep -h virtio /proc/interrupts
mount -o remount,ro /
echo guest: done
poweroff -f
"""


@pytest.fixture(scope="module")
def guest_files() -> Path:
    """The stock kernel and the small agency's initrd, which can go on to a root on a disk."""
    folder = BUILD / "tests/passthrough-guest"
    boot = folder / "boot"
    boot.mkdir(parents=True, exist_ok=True)
    for name, source in zip(("Image", "initrd"), images.small("6.1")):
        (boot / name).unlink(missing_ok=True)
        (boot / name).write_bytes(source.read_bytes())
    return folder


class TestLinux:
    @pytest.fixture
    def machine_spec(self, machine_spec: Spec, guest_files: Path) -> Spec:
        return Spec({**machine_spec, "mmio": "64M", "add": (guest_files,)})

    def test_root_on_a_passed_disk_and_network_by_a_passed_card(self, enabled: Agency) -> None:
        """Afterwards the agency mounts the same disk, and its own card is up again."""
        agency = enabled
        make_root(agency)
        card = agency.check(
            f"cd /sys/devices/platform/{MMIO_NET[0]:x}.virtio_mmio/virtio*/net && echo *").strip()
        agency.check(f"ip link set {card} down")
        said = agency.do("cell linux --unbind linux-virtio.cell /boot/Image -i /boot/initrd"
                         " -c agency.root=/dev/vda", BOOT)
        for address, _ in (MMIO_DISK, MMIO_NET):
            assert f"/virtio_mmio@{address:x} is in the guest's device tree" in said
        seen = agency.await_text("linux-virtio", "guest: done", BOOT)
        assert "guest: root is /dev/vda / ext4" in seen, seen
        assert "guest: through the card" in seen, seen
        agency.await_state("linux-virtio", "shut-down")
        agency.drop("linux-virtio")
        agency.check(f"mount -t ext4 /dev/{disk_name(agency)} /mnt")
        assert agency.check("cat /mnt/written; umount /mnt") == "written by the guest\n"
        agency.check(f"ip link set {card} up")


def make_root(agency: Agency) -> None:
    """A root file system on the disk that will be passed."""
    agency.put(INIT, "/tmp/init")
    agency.check(f"modprobe ext4; mke2fs /dev/{disk_name(agency)} && mount -t ext4"
                 f" /dev/{disk_name(agency)} /mnt && cd /mnt"
                 " && mkdir bin sbin lib proc sys dev mnt && cp /bin/busybox bin"
                 " && cp /tmp/init sbin/init && chmod 755 sbin/init; cd / && umount /mnt")
