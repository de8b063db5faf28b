# SPDX-License-Identifier: Apache-2.0
"""The EL2 image: where its functions lie, what kind each of its instructions is."""

from __future__ import annotations

import bisect
import re
import subprocess
from collections import Counter
from pathlib import Path

CROSS = "aarch64-linux-gnu-"

# A64 encodings (Arm ARM C4): value after masking, mask. The first that fits counts.
KINDS = [
    ("tlbi", 0xD5088000, 0xFFF8F000),       # SYS, op1 0..7, CRn 8
    ("cache", 0xD5087000, 0xFFF8F000),      # SYS, CRn 7: DC, IC, AT
    ("dsb", 0xD503309F, 0xFFFFF0FF),
    ("dmb", 0xD50330BF, 0xFFFFF0FF),
    ("isb", 0xD50330DF, 0xFFFFF0FF),
    ("sysreg", 0xD5300000, 0xFFF00000),     # MRS
    ("sysreg", 0xD5100000, 0xFFF00000),     # MSR (register)
    ("load", 0x28400000, 0x3A400000),       # pairs: bit 22 is L
    ("store", 0x28000000, 0x3A400000),
    ("load", 0x18000000, 0x3B000000),       # literal
    ("store", 0x38000000, 0x3AC00000),      # one register: opc 0 stores, all others load
    ("load", 0x38000000, 0x3A000000),
    ("load", 0x08400000, 0x3F400000),       # exclusive, acquire
    ("store", 0x08000000, 0x3F400000),      # exclusive, release
]


def tool(name: str, *words: str | Path) -> str:
    """Run one of the cross binutils."""
    command = [f"{CROSS}{name}", *map(str, words)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def symbols(elf: Path) -> dict[str, int]:
    """Address of each symbol."""
    lines = (line.split() for line in tool("nm", elf).splitlines())
    return {line[2]: int(line[0], 16) for line in lines if len(line) == 3}


def kind_of(opcode: int) -> str:
    """Kind of an instruction, as far as it is told apart."""
    for name, value, mask in KINDS:
        if opcode & mask == value:
            return name
    return "other"


class Image:
    """build/hypervisor/capsule.elf and .bin."""

    def __init__(self, folder: Path) -> None:
        self.elf, self.binary = folder / "capsule.elf", (folder / "capsule.bin").read_bytes()
        self.symbols = symbols(self.elf)
        self.base = self.symbols["__image_start"]
        self.text = self.symbols["__text_start"]
        self.text_size = self.symbols["__text_end"] - self.text
        functions = sorted(
            (int(line.split()[0], 16), line.split()[2])
            for line in tool("nm", self.elf).splitlines()
            if re.match(r"[0-9a-f]+ [tT] ", line) and not line.split()[2].startswith("__"))
        self._starts = [address for address, _ in functions]
        self._names = [name for _, name in functions]

    def function_at(self, offset: int) -> str:
        """Name of the function at an offset from the text's start; GCC's clones count as one."""
        index = bisect.bisect_right(self._starts, self.text + offset) - 1
        name = self._names[index] if index >= 0 else "?"
        return re.sub(r"\.(isra|constprop|part|cold)\b.*", "", name)

    def kind_at(self, offset: int) -> str:
        at = self.text - self.base + offset
        return kind_of(int.from_bytes(self.binary[at:at + 4], "little"))

    def by_function(self, profile: dict[int, int]) -> dict[str, int]:
        """Instructions by function, from instructions by offset."""
        counts: Counter[str] = Counter()
        for offset, count in profile.items():
            counts[self.function_at(offset)] += count
        return dict(sorted(counts.items()))

    def by_kind(self, profile: dict[int, int]) -> dict[str, int]:
        """Instructions by kind, from instructions by offset."""
        counts: Counter[str] = Counter()
        for offset, count in profile.items():
            counts[self.kind_at(offset)] += count
        return dict(sorted(counts.items()))

    def sections(self) -> dict[str, int]:
        """Bytes of each section that is loaded."""
        lines = (line.split() for line in tool("size", "-A", self.elf).splitlines())
        return {line[0][1:]: int(line[1]) for line in lines
                if len(line) == 3 and line[0].startswith(".") and int(line[2])}
