# SPDX-License-Identifier: Apache-2.0
"""Writes cpio archives (format newc) as the kernel unpacks them into its first root."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_ALIGN = 512  # archives laid end to end must each start on a multiple of four


class Archive:
    """An archive that is put together in memory. All files belong to root."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._inode = 0
        self._folders: set[str] = set()

    def folder(self, name: str, mode: int = 0o755) -> None:
        """Add a folder and those above it, each once."""
        parent = os.path.dirname(name)
        if parent:
            self.folder(parent)
        if name and name not in self._folders:
            self._folders.add(name)
            self._entry(name, stat.S_IFDIR | mode, b"")

    def file(self, name: str, content: bytes, mode: int = 0o644) -> None:
        """Add a regular file, with the folders it is in."""
        self.folder(os.path.dirname(name))
        self._entry(name, stat.S_IFREG | mode, content)

    def link(self, name: str, target: str) -> None:
        """Add a symbolic link."""
        self.folder(os.path.dirname(name))
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def node(self, name: str, mode: int, major: int, minor: int) -> None:
        """Add a character device."""
        self.folder(os.path.dirname(name))
        self._entry(name, stat.S_IFCHR | mode, b"", (major, minor))

    def tree(self, top: Path, below: str = "") -> None:
        """Add everything in the folder top, in a fixed order, below the folder named."""
        for path in sorted(top.rglob("*")):
            name = os.path.join(below, str(path.relative_to(top)))
            mode = stat.S_IMODE(path.lstat().st_mode)
            if path.is_symlink():
                self.link(name, os.readlink(path))
            elif path.is_dir():
                self.folder(name)
            else:
                self.file(name, path.read_bytes(), mode & 0o755 | 0o644)

    def write(self, path: Path) -> None:
        """Write what was added so far to a file."""
        self._entry("TRAILER!!!", 0, b"")
        content = b"".join(self._parts)
        path.write_bytes(content + bytes(-len(content) % _ALIGN))

    def _entry(
        self, name: str, mode: int, content: bytes, device: tuple[int, int] = (0, 0)
    ) -> None:
        self._inode += 1
        raw_name = name.encode() + b"\0"
        fields = (
            self._inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(raw_name), 0,
        )
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        self._append(header + raw_name)
        self._append(content)

    def _append(self, data: bytes) -> None:
        self._parts.append(data + bytes(-len(data) % 4))
