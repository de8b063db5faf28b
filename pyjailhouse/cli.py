# SPDX-License-Identifier: Apache-2.0
"""The command line: capsulectl config VERB for all verbs but check."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from pyjailhouse import (cellconfig, compare, draw, fdt, importing, jailhouse, living, machine,
                         native, rootconfig, running, show, source)
from pyjailhouse.addresses import Range
from pyjailhouse.annotated import Annotated
from pyjailhouse.constants import ADDRESS_LIMIT, MAX_SIZE
from pyjailhouse.errors import CapsuleError

OK, REFUSED, USAGE, FILE, INTERRUPTED = 0, 1, 2, 3, 130
UNITS = {"": 0, "K": 10, "M": 20, "G": 30}


class FileError(CapsuleError):
    """A file that cannot be found, read or written."""


def say(text: str) -> None:
    """A message on stderr."""
    print(f"capsulectl: {text}", file=sys.stderr)


def size(text: str) -> int:
    """A size such as 256M, 0x100000 or 64K."""
    match = re.fullmatch(r"(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})([KMG]?)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"\"{text}\" is no size such as 256M or 0x100000")
    value = int(match[1], 0) << UNITS[match[2]]
    if value >= ADDRESS_LIMIT:
        raise argparse.ArgumentTypeError(f"\"{text}\" is beyond 48-bit addresses")
    return value


def memory_range(text: str) -> Range:
    """START+SIZE."""
    start, plus, length = text.partition("+")
    if not plus:
        raise argparse.ArgumentTypeError(f"\"{text}\" is not START+SIZE")
    found = Range(size(start), size(length))
    if not found.size or found.start % 4096 or found.size % 4096 or found.end > ADDRESS_LIMIT:
        raise argparse.ArgumentTypeError(f"\"{text}\" is empty, not in pages, or too large")
    return found


def memory_at(text: str) -> int | None:
    """An address, or "any"."""
    return None if text == "any" else size(text)


def cell_name(text: str) -> str:
    """A name that the checker takes."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,31}", text) or text in (".", ".."):
        raise argparse.ArgumentTypeError(f"\"{text}\": 1 to 31 of A-Z a-z 0-9 . _ -")
    return text


def _read(path: str, limit: int) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None


def _config(path: str) -> native.Cell | native.System:
    return native.read(_read(path, MAX_SIZE), path)


def _system(path: str) -> native.System:
    return native.read_system(_read(path, MAX_SIZE), path)


def _cell(path: str) -> native.Cell:
    return native.read_cell(_read(path, MAX_SIZE), path)


def _machine(args: argparse.Namespace) -> machine.Machine:
    """That of --dtb, else the one that this runs on."""
    strict = getattr(args, "strict", False)
    if not args.dtb:
        return running.read(Path(args.system), strict)
    data = _read(args.dtb, fdt.MAX_BLOB)
    return machine.build(fdt.parse(data, args.dtb), strict)


def _write(path: str, data: bytes) -> None:
    try:
        if path == "-":
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            Path(path).write_bytes(data)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None


def _check(files: Sequence[str | Path]) -> None:
    """Lets the one checker judge; without it (no CAPSULECTL) nothing is judged here."""
    program = os.environ.get("CAPSULECTL")
    if not program:
        return
    done = subprocess.run([program, "config", "check", *map(str, files)], text=True,
                          check=False, capture_output=True)
    if done.returncode:
        text = (done.stdout + done.stderr).strip().splitlines()
        raise CapsuleError(text[0] if text else f"config check exits with {done.returncode}")


def _emit(result: Annotated, outputs: list[str], beside: list[str]) -> int:
    """Checks, then writes C or, for a name that ends in .cell, the bytes."""
    data = native.write(result.config)
    with tempfile.TemporaryDirectory(prefix="capsule-") as folder:
        path = Path(folder) / "new.cell"
        path.write_bytes(data)
        _check([path, *beside] if isinstance(result.config, native.System)
               else [*beside[:1], path, *beside[1:]])
    for output in outputs or ["-"]:
        _write(output, data if output.endswith(".cell") else source.to_c(result).encode())
    for note in result.notes:
        say(f"warning: {note}")
    return OK


def create(args: argparse.Namespace) -> int:
    """config create"""
    options = rootconfig.Options(
        name=args.name or "", hypervisor_size=args.hypervisor_memory, memory_at=args.memory_at,
        memory=args.memory, debug_console=args.debug_console)
    return _emit(rootconfig.create(_machine(args), options), args.output, [])


def default_memory(linux: bool) -> int:
    """Of a cell, bytes: enough for a small guest, or for Debian's kernel with an initrd."""
    return (256 if linux else 16) << 20


def create_cell(args: argparse.Namespace) -> int:
    """config create-cell"""
    if not args.root:
        args.root, args.cell = living.records(Path(args.system), args.cell)
    others = cellconfig.Others(_system(args.root), [_cell(path) for path in args.cell])
    memory = args.memory if args.memory is not None else default_memory(args.linux)
    options = cellconfig.Options(args.name, args.cpus, memory, args.device, args.console,
                                 args.channel, args.linux)
    result = cellconfig.create(_machine(args), others, options)
    return _emit(result, args.output, [args.root, *args.cell])


def show_file(args: argparse.Namespace) -> int:
    """config show"""
    for number, path in enumerate(args.file):
        config = _config(path)
        if args.json:
            print(json.dumps(show.json_data(config), indent=2))
        else:
            print(("\n" if number else "") + f"{path}:\n{show.text(config)}", end="")
    return OK


def diff(args: argparse.Namespace) -> int:
    """config diff: exits with 1 where the two differ, like diff(1)"""
    lines = compare.differences(_config(args.a), _config(args.b))
    if args.json:
        print(json.dumps({"differences": lines}, indent=2))
    elif lines:
        print("\n".join([f"--- {args.a}", f"+++ {args.b}", *lines]))
    return REFUSED if lines else OK


def draw_map(args: argparse.Namespace) -> int:
    """config draw"""
    board = _machine(args) if args.dtb else None
    picture = draw.picture(_system(args.root), [_cell(path) for path in args.cell], board)
    _write(args.output, picture.encode())
    return OK


def import_files(args: argparse.Namespace) -> int:
    """config import"""
    folder = Path(args.directory)
    for path in args.file:
        result = importing.convert(jailhouse.read(_read(path, jailhouse.MAX_SIZE), path))
        target = folder / (Path(path).stem + ".c")
        if target.exists() and not args.force:
            raise FileError(f"{target}: exists, --force replaces it")
        _write(str(target), source.to_c(result).encode())
        if args.binary:
            _write(str(target.with_suffix(".native.cell")), native.write(result.config))
        for note in result.notes:
            say(f"{path}: {note}")
        print(f"{path}: {target}")
    return OK


class _Parser(argparse.ArgumentParser):
    """Messages in capsulectl's form."""

    def error(self, message: str) -> None:  # type: ignore[override]
        say(f"{self.prog.removeprefix('capsulectl ')}: {message} (see --help)")
        sys.exit(USAGE)


def _verb(verbs: argparse._SubParsersAction, name: str,  # type: ignore[type-arg]
          run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text,
                                                       allow_abbrev=False)
    parser.set_defaults(run=run)
    return parser


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", action="append", default=[], metavar="FILE",
                        help="C source, or the compiled bytes if it ends in .cell; more than "
                        "once for both; stdout without")


def _add_machine(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--dtb", metavar="FILE", help="the device tree blob of another machine; "
                       "default: the machine that this runs on")
    which.add_argument("--system", default="/", metavar="FOLDER",
                       help="holds copies of another machine's proc and sys")


def _add_create(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    p = _verb(verbs, "create", create, "Make the root configuration of a machine.")
    _add_machine(p)
    p.add_argument("--name", type=cell_name, help="of the root cell; default: the board's")
    p.add_argument("--memory", type=memory_range, action="append", default=[],
                   metavar="START+SIZE", help="RAM, instead of what the tree says; repeatable")
    p.add_argument("--memory-at", type=memory_at, default=None, metavar="ADDRESS|any",
                   help="of the hypervisor; any (default): the driver chooses")
    p.add_argument("--hypervisor-memory", type=size, default=rootconfig.HYPERVISOR_SIZE,
                   metavar="SIZE", help="default 16M")
    p.add_argument("--debug-console", default="", metavar="DEVICE",
                   help="UART for the hypervisor's own messages, by path or alias")
    p.add_argument("--strict", action="store_true",
                   help="a device that contradicts itself is an error, not a warning")
    _add_output(p)


def _add_create_cell(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    p = _verb(verbs, "create-cell", create_cell, "Make the configuration of a cell.")
    p.add_argument("name", type=cell_name)
    p.add_argument("--root", metavar="ROOT.cell",
                   help="default: what is enabled, with the cells that there are")
    _add_machine(p)
    p.add_argument("--cell", action="append", default=[], metavar="CELL.cell",
                   help="a cell that there is beside it; repeatable")
    p.add_argument("--cpus", default="1", metavar="N|LIST",
                   help="how many, or which: 2,3 or 2-3 or 2,")
    p.add_argument("--memory", type=size, metavar="SIZE",
                   help="default 16M, with --linux 256M")
    p.add_argument("--device", action="append", default=[], metavar="PATH|ALIAS",
                   help="a device of the machine for the cell; repeatable")
    p.add_argument("--console", default="virtual", metavar="virtual|DEVICE")
    p.add_argument("--channel", action="append", default=[], metavar="CHANNEL",
                   help="not in this revision")
    p.add_argument("--linux", action="store_true", help="memory as a Linux guest expects it")
    _add_output(p)


def _add_others(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    p = _verb(verbs, "show", show_file, "Print configurations readably.")
    p.add_argument("file", nargs="+")
    p.add_argument("--json", action="store_true")
    p = _verb(verbs, "diff", diff, "Print what differs; exit code 1 if anything does.")
    p.add_argument("a")
    p.add_argument("b")
    p.add_argument("--json", action="store_true")
    p = _verb(verbs, "draw", draw_map, "Draw who has what, as SVG.")
    p.add_argument("root", metavar="ROOT.cell")
    p.add_argument("cell", nargs="*", metavar="CELL.cell")
    p.add_argument("--dtb", metavar="FILE", help="names the devices")
    p.add_argument("-o", "--output", default="-", metavar="MAP.svg")
    p = _verb(verbs, "import", import_files, "Make C sources from Jailhouse's binaries.")
    p.add_argument("file", nargs="+", metavar="FILE.cell")
    p.add_argument("-d", "--directory", default=".", help="for the sources; default: here")
    p.add_argument("--binary", action="store_true", help="also write NAME.native.cell")
    p.add_argument("--force", action="store_true", help="replace sources that exist")


def parser() -> argparse.ArgumentParser:
    """All verbs and options."""
    top = _Parser(prog="capsulectl config", allow_abbrev=False)
    verbs = top.add_subparsers(metavar="VERB", required=True, parser_class=_Parser)
    _add_create(verbs)
    _add_create_cell(verbs)
    _add_others(verbs)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; returns its exit code."""
    args = parser().parse_args(arguments)
    try:
        code: int = args.run(args)
        sys.stdout.flush()
        return code
    except FileError as error:
        say(str(error))
        return FILE
    except CapsuleError as error:
        say(str(error))
        return REFUSED
    except KeyboardInterrupt:
        say("interrupted: give the command again")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FILE
