# SPDX-License-Identifier: Apache-2.0
"""The nodes and properties of a device tree, from a blob or the kernel's folder.

Everything below this module works on Node objects; only this one knows libfdt,
and only for blobs: a machine that reads its own tree does without.
Devicetree Specification 0.4 is cited as DTSpec.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyjailhouse.errors import CapsuleError, FormatError, TreeError

MAX_BLOB = 64 << 20
HEADER = struct.Struct(">10I")
MAGIC = 0xD00DFEED
MAX_DEPTH = 64


class Node:
    """One node. Properties are bytes; what they mean is asked for by the methods."""

    __slots__ = ("name", "parent", "children", "properties", "tree")

    def __init__(self, name: str, parent: Node | None, tree: Tree) -> None:
        self.name = name
        self.parent = parent
        self.children: list[Node] = []
        self.properties: dict[str, bytes] = {}
        self.tree = tree

    @property
    def path(self) -> str:
        """Full path, as in /soc/serial@9000000."""
        if self.parent is None:
            return "/"
        names = []
        node: Node = self
        while node.parent is not None:
            names.append(node.name)
            node = node.parent
        return "/" + "/".join(reversed(names))

    def __repr__(self) -> str:
        return f"Node({self.path})"

    def walk(self) -> Iterator[Node]:
        """The node and all below it, in the order of the blob."""
        todo = [self]
        while todo:
            node = todo.pop()
            yield node
            todo.extend(reversed(node.children))

    def fail(self, text: str) -> TreeError:
        """An error that names this node, to be raised."""
        return TreeError(self.path, text)

    def __contains__(self, name: str) -> bool:
        return name in self.properties

    def words(self, name: str) -> list[int]:
        """A property of 32-bit cells, [] if absent."""
        data = self.properties.get(name, b"")
        if len(data) % 4:
            raise self.fail(f"{name} has {len(data)} bytes, not whole cells")
        return list(struct.unpack(f">{len(data) // 4}I", data))

    def word(self, name: str, default: int | None = None) -> int:
        """A property of one cell; without default it must be there."""
        if name not in self.properties and default is not None:
            return default
        values = self.words(name)
        if len(values) != 1:
            raise self.fail(f"{name} is missing" if name not in self.properties
                            else f"{name} has {len(values)} cells, not 1")
        return values[0]

    def strings(self, name: str) -> list[str]:
        """A property of strings, [] if absent."""
        data = self.properties.get(name, b"")
        return [s.decode("ascii", "backslashreplace") for s in data.rstrip(b"\0").split(b"\0")
                if s]

    def string(self, name: str) -> str:
        """The first of strings(), "" if there is none."""
        return next(iter(self.strings(name)), "")

    @property
    def compatible(self) -> list[str]:
        """From the most special to the most general."""
        return self.strings("compatible")

    def is_compatible(self, *names: str) -> bool:
        """One of names is among those of the node."""
        return not set(names).isdisjoint(self.compatible)

    @property
    def enabled(self) -> bool:
        """Status okay, here and in every node above (DTSpec 2.3.4)."""
        node: Node | None = self
        while node is not None:
            if node.string("status") not in ("", "ok", "okay"):
                return False
            node = node.parent
        return True

    @property
    def address_cells(self) -> int:
        """#address-cells for the node's children (DTSpec 2.3.5)."""
        return self._cells("#address-cells", 2)

    @property
    def size_cells(self) -> int:
        """#size-cells for the node's children."""
        return self._cells("#size-cells", 1)

    def _cells(self, name: str, default: int) -> int:
        value = self.word(name, default)
        if value > 4:
            raise self.fail(f"{name} is {value}, possible are 0 to 4")
        return value

    def reference(self, phandle: int, name: str) -> Node:
        """The node that a phandle in property name of this node means."""
        node = self.tree.phandles.get(phandle)
        if node is None:
            raise self.fail(f"{name} refers to phandle {phandle:#x}, which no node has")
        return node

    def references(self, name: str, cells: str) -> list[tuple[Node, tuple[int, ...]]]:
        """A list of phandles, each with as many cells as the target's property cells says."""
        values = self.words(name)
        found = []
        at = 0
        while at < len(values):
            at += 1
            if not values[at - 1]:  # a hole in the list
                continue
            target = self.reference(values[at - 1], name)
            count = target.word(cells, 0)
            if at + count > len(values):
                raise self.fail(f"{name} ends within an entry for {target.path}")
            found.append((target, tuple(values[at:at + count])))
            at += count
        return found


class Tree:
    """A device tree."""

    def __init__(self) -> None:
        self.root = Node("", None, self)
        self.phandles: dict[int, Node] = {}
        self.reservations: list[tuple[int, int]] = []
        self.boot_cpu = 0
        self._paths: dict[str, Node] = {}

    def index(self) -> None:
        """To be called once all nodes are there: finds phandles and paths."""
        todo = [("", self.root)]
        while todo:
            prefix, node = todo.pop()
            self._paths[prefix or "/"] = node
            todo += [(f"{prefix}/{child.name}", child) for child in reversed(node.children)]
            if "phandle" in node or "linux,phandle" in node:
                self._add_phandle(node)

    def _add_phandle(self, node: Node) -> None:
        name = "phandle" if "phandle" in node else "linux,phandle"
        other = self.phandles.setdefault(node.word(name), node)
        if other is not node:
            raise node.fail(f"has the phandle {node.word(name):#x} of {other.path}")

    def find(self, name: str) -> Node | None:
        """The node with a path or alias; options after ":" are cut off."""
        name = name.split(":")[0]
        if name and not name.startswith("/"):
            aliases = self._paths.get("/aliases")
            alias, _, rest = name.partition("/")
            target = aliases.string(alias) if aliases else ""
            if not target:
                return None
            name = f"{target}/{rest}" if rest else target
        return self._paths.get(name.rstrip("/") or "/")

    def nodes(self) -> Iterator[Node]:
        """All nodes, in the order of the blob."""
        return self.root.walk()

    def aliases(self) -> dict[str, str]:
        """Path by alias."""
        node = self._paths.get("/aliases")
        return {} if node is None else {name: node.string(name) for name in node.properties}


def _library() -> Any:
    try:
        import libfdt  # type: ignore[import]
    except ImportError:
        raise CapsuleError("device tree blobs are read by python3-libfdt, which is not there: "
                           "apt install python3-libfdt") from None
    return libfdt


def _check(data: bytes, name: str) -> None:
    """libfdt reads what the header says is there, so that is compared first."""
    libfdt = _library()
    if len(data) < HEADER.size or HEADER.unpack_from(data)[0] != MAGIC:
        raise FormatError(f"{name}: no device tree blob")
    total = HEADER.unpack_from(data)[1]
    if total > len(data):
        raise FormatError(f"{name}: truncated, {len(data)} of {total} bytes")
    if total > MAX_BLOB:
        raise FormatError(f"{name}: larger than any device tree ({MAX_BLOB >> 20} MiB)")
    code = libfdt.fdt_check_full(bytearray(data), len(data))
    if code:
        raise FormatError(f"{name}: damaged device tree blob ({libfdt.strerror(code)})")


def reservations(data: bytes) -> list[tuple[int, int]]:
    """The memory reservation block of a blob (DTSpec 5.3), ended by an entry of zeros."""
    found = []
    at = HEADER.unpack_from(data)[4]
    while any(entry := struct.unpack_from(">QQ", data, at)):
        found.append((entry[0], entry[1]))
        at += 16
    return found


def _properties(fdt: Any, offset: int) -> dict[str, bytes]:
    quiet = (_library().NOTFOUND,)
    found = {}
    at = fdt.first_property_offset(offset, quiet)
    while at >= 0:
        prop = fdt.get_property_by_offset(at)
        found[prop.name] = bytes(prop)
        at = fdt.next_property_offset(at, quiet)
    return found


def _build(fdt: Any, tree: Tree) -> None:
    above = [tree.root]
    tree.root.properties = _properties(fdt, 0)
    offset, depth = _next(fdt, 0, 0)
    while offset >= 0 and depth > 0:
        if depth > MAX_DEPTH:
            raise above[-1].fail(f"more than {MAX_DEPTH} levels of nodes")
        del above[depth:]
        node = Node(fdt.get_name(offset), above[-1], tree)
        node.properties = _properties(fdt, offset)
        above[-1].children.append(node)
        above.append(node)
        offset, depth = _next(fdt, offset, depth)


def _next(fdt: Any, offset: int, depth: int) -> tuple[int, int]:
    following = fdt.next_node(offset, depth, (_library().NOTFOUND,))
    return (-1, -1) if isinstance(following, int) else (following[0], following[1])


def parse(data: bytes, name: str = "device tree") -> Tree:
    """The tree in a blob; FormatError or TreeError where it is damaged."""
    data = bytes(data)
    _check(data, name)
    libfdt = _library()
    tree = Tree()
    try:
        fdt = libfdt.FdtRo(data)
        tree.boot_cpu = fdt.boot_cpuid_phys()
        tree.reservations = reservations(data)
        _build(fdt, tree)
    except (libfdt.FdtException, UnicodeDecodeError, ValueError, struct.error) as error:
        raise FormatError(f"{name}: damaged device tree blob ({error})") from None
    tree.index()
    return tree


def load(path: Path) -> Tree:
    """The tree in a file; FormatError where it cannot be read."""
    try:
        return parse(path.read_bytes(), str(path))
    except OSError as error:
        raise FormatError(f"{path}: {error.strerror}") from None


def _unit_order(name: str) -> tuple[str, int, str]:
    """Nodes by name, then by unit address; folders come in no order of their own."""
    base, _, unit = name.partition("@")
    try:
        return base, int(unit.split(",")[0] or "0", 16), unit
    except ValueError:
        return base, 0, unit


def _fill(node: Node, folder: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise node.fail(f"more than {MAX_DEPTH} levels of nodes")
    below = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                below.append(entry.name)
            elif entry.name != "name":  # made up by the kernel
                try:
                    node.properties[entry.name] = Path(entry.path).read_bytes()
                except PermissionError:
                    pass  # the kernel keeps security-* for root
    for name in sorted(below, key=_unit_order):
        child = Node(name, node, node.tree)
        node.children.append(child)
        _fill(child, f"{folder}/{name}", depth + 1)


def from_folder(folder: Path) -> Tree:
    """The tree as a kernel shows it in /proc/device-tree; FormatError if there is none."""
    tree = Tree()
    try:
        _fill(tree.root, str(folder), 1)
    except OSError as error:
        raise FormatError(f"{folder}: {error.strerror}") from None
    tree.index()
    return tree
