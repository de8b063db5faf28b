# SPDX-License-Identifier: Apache-2.0
"""Stage-2 tables as they stand in the emulated machine's memory (Arm ARM D8.2).

VTTBR_EL2 of a CPU comes from QEMU's debugger port, the tables from its monitor;
nothing in the machine takes part.
"""

from __future__ import annotations

import re
import socket
import struct
from collections import Counter
from pathlib import Path

from ci.qemu import Machine

PAGE = 4096
ADDRESS = 0x0000FFFFFFFFF000
SIZES = {1: "1G", 2: "2M", 3: "4K"}
VALID, TABLE_OR_PAGE = 1, 2


class Debugger:
    """QEMU's debugger port (GDB remote serial protocol), as much as reads a register."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(60)
        self._socket.connect(str(path))
        self._received = b""
        target = self._document("target.xml")
        assert "system-registers.xml" in target, "QEMU offers no system registers to debuggers"
        listed = self._document("system-registers.xml")
        self._numbers = {name: int(number) for name, number in
                         re.findall(r'<reg name="(\w+)"[^>]*regnum="(\d+)"', listed)}

    def __enter__(self) -> Debugger:
        return self

    def __exit__(self, *_ignored: object) -> None:
        self._ask("D")      # the machine goes on
        self._socket.close()

    def register(self, cpu: int, name: str) -> int:
        """A system register of a CPU, by the manual's name."""
        assert self._ask(f"Hg{cpu + 1:x}") == "OK"
        return int.from_bytes(bytes.fromhex(self._ask(f"p{self._numbers[name]:x}")), "little")

    def _document(self, name: str) -> str:
        text, more = "", "m"
        while more == "m":
            answer = self._ask(f"qXfer:features:read:{name}:{len(text):x},800")
            more, text = answer[:1], text + answer[1:]
        return text

    def _ask(self, words: str) -> str:
        checksum = sum(words.encode()) % 256
        self._socket.sendall(f"${words}#{checksum:02x}".encode())
        answer = self._packet()
        while answer[:1] in ("T", "S"):     # that the machine has stopped, as it does for us
            answer = self._packet()
        return answer

    def _packet(self) -> str:
        while not (match := re.search(rb"\$(.*?)#..", self._received, re.DOTALL)):
            part = self._socket.recv(65536)
            assert part, "QEMU closed the debugger port"
            self._received += part
        self._received = self._received[match.end():]
        self._socket.sendall(b"+")
        return match[1].decode()


class Tables:
    """Counts what one VTTBR leads to."""

    def __init__(self, machine: Machine, vtcr: int, vttbr: int) -> None:
        self.machine = machine
        self.pages = 0
        self.leaves: Counter[str] = Counter()
        start = {0: 2, 1: 1, 2: 0}[vtcr >> 6 & 3]      # SL0, 4 KiB granule
        bits = 64 - (vtcr & 0x3F) - (39 - 9 * start)
        self._walk(vttbr & ADDRESS, start, max(1, (1 << bits) // 512))

    def _walk(self, table: int, level: int, pages: int = 1) -> None:
        self.pages += pages
        for entry in self._read(table, pages * PAGE):
            if not entry & VALID:
                continue
            if level < 3 and entry & TABLE_OR_PAGE:
                self._walk(entry & ADDRESS, level + 1)
            else:
                self.leaves[SIZES[level]] += 1

    def _read(self, address: int, size: int) -> tuple[int, ...]:
        path = self.machine.directory / "table"
        self.machine.monitor("pmemsave", val=address, size=size, filename=str(path))
        return struct.unpack(f"<{size // 8}Q", path.read_bytes())


def stage2(machine: Machine, port: Path, cpu: int) -> dict[str, int]:
    """Table pages and leaves by size of the cell that a CPU belongs to."""
    with Debugger(port) as debugger:
        vtcr, vttbr = debugger.register(cpu, "VTCR_EL2"), debugger.register(cpu, "VTTBR_EL2")
    tables = Tables(machine, vtcr, vttbr)
    return {"pages": tables.pages, **{size: tables.leaves[size] for size in SIZES.values()}}
