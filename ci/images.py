# SPDX-License-Identifier: Apache-2.0
"""The agency's root file systems, made from Debian's packages and ci/rootfs."""

from __future__ import annotations

import gzip
import lzma
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ci import cache, diskimage, kernel
from ci.cache import TREE, CiError, tool
from ci.debian import package_set, unpack
from ci.initramfs import Archive

ROOTFS = TREE / "ci/rootfs"

# Loaded at boot, in this order. Modules that these need are found by depmod's
# index.
MODULES = ("virtio_mmio", "virtio_console", "virtio_pci", "virtio_blk", "virtio_net")
# In the image, loaded when something asks for them.
MORE_MODULES = ("9pnet_virtio", "9p", "ext4", "autofs4")


def small(
    series: str = "6.1", add: Iterable[Path] = (), below: str = ""
) -> tuple[Path, Path]:
    """Kernel and initramfs of the small agency: busybox, our init, virtio drivers.

    Each folder in add is laid over the image's root. Kernel modules in such a
    folder below lib/modules are entered into the index, so modprobe finds them.
    With below the folders are laid over that folder of the image instead.
    """
    base = _small_base(series)
    added = [Path(folder) for folder in add]
    if not added:
        return base / "Image", base / "initrd"
    for folder in added:
        if not folder.is_dir():
            raise CiError(f"{folder} is not a folder; --add takes one that is laid over the root")
    content: list[str | Path] = [base.name, below]
    for folder in added:
        for path in sorted(folder.rglob("*")):
            content.append(str(path.relative_to(folder)))
            if path.is_file():
                content += [oct(path.stat().st_mode), path]

    def make(work: Path) -> None:
        overlay = Archive()
        for folder in added:
            overlay.tree(folder, below)
        _index_modules(overlay, base, added, kernel.release(series), below)
        overlay.write(work / "overlay")
        with (work / "initrd").open("wb") as joined:
            for part in (base / "initrd", work / "overlay"):
                joined.write(part.read_bytes())
        (work / "overlay").unlink()

    entry = cache.entry("small-with", cache.digest(content), make)
    return base / "Image", entry / "initrd"


def guest(series: str = "6.1", add: Iterable[Path] = ()) -> Path:
    """A folder to lay over an agency's root, with what a Linux cell boots in /boot.

    Image and Image.gz are Debian's kernel, initrd is the small agency's own,
    with the folders in add laid over it.
    """
    image, initrd = small(series, add)

    def make(work: Path) -> None:
        boot = work / "boot"
        boot.mkdir()
        shutil.copy(image, boot / "Image")
        shutil.copy(initrd, boot / "initrd")
        (boot / "Image.gz").write_bytes(gzip.compress(image.read_bytes(), 1, mtime=0))

    return cache.entry("guest", cache.digest([image.parent.name, initrd]), make)


def debian(
    series: str = "6.1", add: Iterable[Path] = (), name: str = "debian"
) -> tuple[Path, Path, Path]:
    """Kernel, initramfs and root disk of an agency in diskimage.SIZES; as small() otherwise."""
    return (*small(series, add, below="overlay"), diskimage.disk(name))


def _small_base(series: str) -> Path:
    packages = package_set("small")
    installed = kernel.installed(series)
    own = [path for path in sorted(ROOTFS.rglob("*")) if path.is_file()]
    key = cache.digest([
        installed.name, packages.digest(), *own, Path(__file__), TREE / "ci/initramfs.py",
    ])

    def make(work: Path) -> None:
        _copy_modules(installed, work, kernel.release(series))
        archive = Archive()
        # The kernel opens /dev/console before it starts init.
        archive.node("dev/console", 0o600, 5, 1)
        archive.tree(ROOTFS)
        # These two formats know no comments, so no licence line either.
        archive.file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
        archive.file("etc/group", b"root:x:0:\n")
        archive.file("etc/modules", "".join(f"{name}\n" for name in MODULES).encode())
        with tempfile.TemporaryDirectory() as unpacked:
            unpack(packages.files["busybox-static"], Path(unpacked))
            busybox = Path(unpacked) / "bin/busybox"
            archive.file("bin/busybox", busybox.read_bytes(), 0o755)
        archive.link("bin/sh", "busybox")
        archive.tree(work / "lib", "lib")
        archive.write(work / "initrd")
        (work / "Image").hardlink_to(installed / "Image")

    return cache.entry("small", f"{series}-{key}", make)


def _copy_modules(installed: Path, work: Path, release: str) -> None:
    """Copy the modules the small agency has, uncompressed, and index them."""
    source = installed / "lib/modules" / release
    target = work / "lib/modules" / release
    target.mkdir(parents=True)
    for index in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        if (source / index).exists():
            shutil.copy(source / index, target)
    for name in _with_dependencies(source, MODULES + MORE_MODULES):
        path = source / name
        copy = target / name.removesuffix(".xz")
        copy.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_bytes()
        copy.write_bytes(lzma.decompress(content) if name.endswith(".xz") else content)
    tool("/sbin/depmod", "-b", work, release)


def _with_dependencies(modules: Path, wanted: Iterable[str]) -> list[str]:
    """Files of the modules wanted and of all they need; built-in ones have none."""
    needs: dict[str, list[str]] = {}
    files: dict[str, str] = {}
    for line in (modules / "modules.dep").read_text().splitlines():
        name, _, rest = line.partition(":")
        needs[name] = rest.split()
        files[_module_name(name)] = name
    builtin = {_module_name(n) for n in (modules / "modules.builtin").read_text().split()}
    found: dict[str, None] = {}
    for module in wanted:
        if module in builtin:
            continue
        if module not in files:
            raise CiError(f"the kernel in {modules} has no module {module}")
        for name in (files[module], *needs[files[module]]):
            found[name] = None
    # Soft dependencies are not in modules.dep; ext4 names its checksum so.
    for soft in ("crc32c_generic", "libcrc32c"):
        if soft in files:
            found[files[soft]] = None
    return list(found)


def _module_name(path: str) -> str:
    return Path(path).name.split(".")[0].replace("-", "_")


def _index_modules(
    overlay: Archive, base: Path, added: list[Path], release: str, below: str
) -> None:
    """Make depmod's index anew if the added folders bring modules."""
    within = Path("lib/modules") / release
    if not any((folder / within).is_dir() for folder in added):
        return
    with tempfile.TemporaryDirectory() as work:
        merged = Path(work)
        shutil.copytree(base / "lib", merged / "lib")
        for folder in added:
            if (folder / within).is_dir():
                shutil.copytree(folder / within, merged / within, dirs_exist_ok=True)
        tool("/sbin/depmod", "-b", merged, release)
        for index in sorted((merged / within).glob("modules.*")):
            overlay.file(str(below / within / index.name), index.read_bytes())
