# SPDX-License-Identifier: Apache-2.0
"""The root disks of the agencies that are a Debian with systemd and python3.

Needs neither root nor a way to run arm64 programs on the host: packages are
unpacked into a folder and entered into dpkg's database as unpacked, mke2fs
makes a file system of the folder, and a small agency that boots once with
this disk lets dpkg configure them.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from ci import cache, debian
from ci.cache import TREE, say, tool

ROOTFS = TREE / "ci/rootfs-debian"
# Sets of packages that disks are made of (ci/debian.py), with the disk's size.
SIZES = {"debian": "1500M", "builder": "3000M"}
DISK = "disk.img"

# Since Debian 12 these lie below /usr; packages still name them without.
MERGED = ("bin", "sbin", "lib")


def disk(name: str = "debian") -> Path:
    """A disk of SIZES, made if it is not in the cache. Boot it with snapshot=on only."""
    packages = debian.package_set(name)
    own = [path for path in sorted(ROOTFS.rglob("*")) if path.is_file()]
    agent = TREE / "ci/rootfs/agent"
    key = cache.digest([packages.digest(), agent, *own, Path(__file__)])

    def make(work: Path) -> None:
        say(f"making the disk of the {name} agency (once; takes a minute or two)")
        with tempfile.TemporaryDirectory(dir=work) as folder:
            owners = _populate(Path(folder), packages)
            _add_own(Path(folder), agent)
            _make_file_system(work / DISK, SIZES[name], Path(folder), owners)
        _configure(work)

    return cache.entry(name, key, make) / DISK


def _populate(root: Path, packages: debian.PackageSet) -> dict[str, tuple[int, int]]:
    """Unpack all packages; returns owner and group of files that are not root's."""
    for name in MERGED:
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    info = root / "var/lib/dpkg/info"
    info.mkdir(parents=True)
    (info / "format").write_text("1\n")
    for name in ("available", "diversions", "statoverride"):
        (info.parent / name).touch()
    owners: dict[str, tuple[int, int]] = {}
    status = []
    for package in packages.files.values():
        members = _unpack(root, package)
        owners.update({m.name: (m.uid, m.gid) for m in members if m.uid or m.gid})
        status.append(_register(info, package, members))
    (info.parent / "status").write_text("\n".join(status))
    return owners


def _unpack(root: Path, package: Path) -> list[tarfile.TarInfo]:
    data = _output("dpkg-deb", "--fsys-tarfile", str(package))
    subprocess.run(
        ["tar", "-x", "-p", "--keep-directory-symlink", "--no-same-owner", "-C", str(root)],
        input=data, check=True,
    )
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return archive.getmembers()


def _register(info: Path, package: Path, members: list[tarfile.TarInfo]) -> str:
    """Enter a package into dpkg's database as unpacked; returns its status stanza."""
    with tarfile.open(fileobj=io.BytesIO(_output("dpkg-deb", "--ctrl-tarfile", str(package)))) as t:
        control = {
            m.name.removeprefix("./"): (t.extractfile(m).read(), m.mode)  # type: ignore[union-attr]
            for m in t.getmembers() if m.isfile()
        }
    stanza = control.pop("control")[0].decode()
    fields = dict(
        line.split(": ", 1) for line in stanza.splitlines() if ": " in line and line[0] != " "
    )
    name = fields["Package"]
    if fields.get("Multi-Arch") == "same":
        name += f":{fields['Architecture']}"
    for part, (content, mode) in control.items():
        # What dpkg would ask about is installed as it is.
        if part != "conffiles":
            (info / f"{name}.{part}").write_bytes(content)
            (info / f"{name}.{part}").chmod(mode)
    names = ["/" + m.name.removeprefix("./").rstrip("/") for m in members]
    (info / f"{name}.list").write_text("".join(f"{'/.' if n == '/' else n}\n" for n in names))
    first, rest = stanza.split("\n", 1)
    return f"{first}\nStatus: install ok unpacked\n{rest}"


def _output(*command: str) -> bytes:
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def _add_own(root: Path, agent: Path) -> None:
    shutil.copytree(ROOTFS, root, symlinks=True, dirs_exist_ok=True)
    shutil.copy(agent, root / "usr/local/sbin/agency-agent")


def _make_file_system(
    disk_path: Path, size: str, root: Path, owners: dict[str, tuple[int, int]]
) -> None:
    tool(
        "/sbin/mke2fs", "-q", "-t", "ext4", "-L", "agency",
        "-E", "root_owner=0:0,lazy_itable_init=1",
        "-O", "^metadata_csum_seed", "-d", root, disk_path, size,
    )
    # Files belong to whoever made them; give each to whom its package says.
    wanted = {_merged(name): ids for name, ids in owners.items()}
    commands = []
    for path in [root, *root.rglob("*")]:
        name = str(path.relative_to(root))
        user, group = wanted.get(name, (0, 0))
        if (user, group) != (path.lstat().st_uid, path.lstat().st_gid):
            commands.append(f'set_inode_field "/{name}" uid {user}\n')
            commands.append(f'set_inode_field "/{name}" gid {group}\n')
    with tempfile.NamedTemporaryFile("w") as script:
        script.writelines(commands)
        script.flush()
        tool("/sbin/debugfs", "-w", "-f", script.name, disk_path)


def _merged(name: str) -> str:
    """Where a file of a package lies, with /bin, /sbin and /lib below /usr."""
    name = os.path.normpath(name.removeprefix("./"))
    return f"usr/{name}" if name.split("/")[0] in MERGED else name


def _configure(work: Path) -> None:
    """Boot the small agency with the disk and let dpkg configure what is on it."""
    from ci.qemu import Machine

    drive = f"file={work / DISK},if=none,id=root,format=raw,cache=unsafe"
    qemu = ["-drive", drive, "-device", "virtio-blk-pci,drive=root"]
    with Machine(qemu=qemu, directory=work / "log") as machine:
        machine.check("modprobe ext4 && mount -t ext4 /dev/vdb /mnt")
        machine.check("for f in proc sys dev; do mount --bind /$f /mnt/$f; done")
        machine.check("chroot /mnt /bin/sh /usr/local/sbin/agency-configure 2>&1", timeout=3600)
        machine.check("for f in dev sys proc; do umount /mnt/$f; done; umount /mnt")
        machine.poweroff()
    shutil.rmtree(work / "log")
