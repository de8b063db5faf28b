# SPDX-License-Identifier: Apache-2.0
"""capsulectl under sanitizers, with a device of the test's own: messages, exit
codes, what is asked of the driver and what is not, signals, output."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import termios
import time
from pathlib import Path

import pexpect
import pytest

import checker_config as cc
from checker_config import Cell, Region, System
from test_checker import BUILD, REASONS, TOP, make

INTERRUPTED = 130
MIB = 1 << 20


@pytest.fixture(scope="session", params=["gcc", "clang"])
def program(request):
    make("-C", str(TOP / "tests/host"), "-f", "checker.mk")
    return BUILD / "tests/host/checker" / request.param / "checker_capsulectl"


class Tool:
    """capsulectl in a folder of its own with an empty environment."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.program, self.folder = program, folder
        self.log = folder / "log"
        self.env = {"FAKE_LOG": str(self.log), "CAPSULE_RUN_DIR": str(folder / "run")}
        (folder / "root.cell").write_bytes(System().pack())
        (folder / "demo.cell").write_bytes(Cell(name=b"demo").pack())

    def __call__(self, *args: str, data: bytes | None = None, **env: str):
        return subprocess.run([self.program, *args], cwd=self.folder, env={**self.env, **env},
                              input=data, capture_output=True, timeout=60)

    def calls(self) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [line for line in lines if line not in ("VERSION", "MACHINE")]

    def ok(self, *args: str, **kwargs) -> str:
        result = self(*args, **kwargs)
        assert result.returncode == 0, result.stderr.decode()
        assert result.stderr == b""
        return result.stdout.decode()

    def refused(self, code: int, *args: str, **kwargs) -> str:
        """The one line of a refusal."""
        result = self(*args, **kwargs)
        lines = result.stderr.decode().splitlines()
        assert result.returncode == code, (result.returncode, lines)
        assert len(lines) == 1, lines
        assert lines[0].startswith("capsulectl: "), lines
        return lines[0].removeprefix("capsulectl: ")


@pytest.fixture
def tool(program, tmp_path):
    return Tool(program, tmp_path)


# --- reasons and exit codes -----------------------------------------------------

def exit_code(name: str) -> int:
    return INTERRUPTED if name == "INTERRUPTED" else 10 + REASONS[name]


NAMES = [name for name in REASONS if name != "NONE"]


@pytest.mark.parametrize("name", NAMES)
def test_every_reason_has_a_message(tool, name):
    line = tool.refused(exit_code(name), "cell", "start", "demo",
                        FAKE_REFUSE=f"START {REASONS[name]} 5 4096 22")
    assert not re.search(r"[{}%]", line), line
    assert ": " in line, "cause and remedy"
    assert len(line) < 250


def test_exit_codes_are_distinct_and_possible():
    codes = [exit_code(name) for name in NAMES]
    assert len(set(codes)) == len(codes)
    assert all(10 < code < 126 or code == INTERRUPTED for code in codes)


def listed(tool) -> dict[str, int]:
    return {line.split()[1]: int(line.split()[0]) for line in tool.ok("exit-codes").splitlines()}


def test_exit_codes_command_is_complete(tool):
    table = listed(tool)
    assert {name: table[name] for name in NAMES} == {name: exit_code(name) for name in NAMES}
    assert table["OK"] == 0 and table["USAGE"] == 2


def test_manual_has_the_same_exit_codes(tool):
    text = (TOP / "tools/man/capsulectl.1").read_text()
    rows = re.findall(r"^(\d+)\t([A-Z0-9_]+)\t.+$", text, re.MULTILINE)
    assert {name: int(code) for code, name in rows} == listed(tool)
    assert len(rows) == len(listed(tool))


def test_message_uses_the_words_of_the_user(tool):
    line = tool.refused(exit_code("MEM_NOT_OWNED"), "cell", "create", "demo.cell",
                        FAKE_REFUSE=f"CREATE {REASONS['MEM_NOT_OWNED']} 0 {0x50000000} 22")
    assert "demo.cell: memory region 0 (IPA 0x0-0xfffff) wants 0x50000000" in line
    line = tool.refused(exit_code("NO_CONTIG"), "cell", "create", "demo.cell",
                        FAKE_REFUSE=f"CREATE {REASONS['NO_CONTIG']} {64 * MIB} {3 * MIB} 12")
    assert line.startswith("64 MiB of contiguous memory are wanted, the largest free piece has at least 3 MiB")
    line = tool.refused(exit_code("MEM_NOT_RAM"), "enable", "root.cell",
                        FAKE_REFUSE=f"ENABLE {REASONS['MEM_NOT_RAM']} 0 0 22")
    assert "root.cell: hypervisor_memory (0x0-0xffffff) wants" in line
    line = tool.refused(exit_code("NO_SUCH_CELL"), "cell", "start", "nope")
    assert "no cell called nope" in line


def test_unknown_reason_of_a_newer_driver(tool):
    line = tool.refused(1, "disable", FAKE_REFUSE="DISABLE 4000 1 2 22")
    assert "reason 4000" in line


def test_errno_without_reason(tool):
    assert "root" in tool.refused(5, "disable", FAKE_REFUSE="DISABLE 0 0 0 1")
    assert "module" in tool.refused(6, "disable", FAKE_REFUSE="DISABLE 0 0 0 25")
    assert "kernel log" in tool.refused(1, "disable", FAKE_REFUSE="DISABLE 0 0 0 5")


def test_opening_the_device(tool):
    assert "modprobe capsule" in tool.refused(4, "status", FAKE_OPEN="2")
    assert "root" in tool.refused(5, "status", FAKE_OPEN="13")


# --- command line ---------------------------------------------------------------

@pytest.mark.parametrize("args", [
    [], ["nonsense"], ["cell"], ["cell", "nonsense"], ["config"], ["config", "check"],
    ["enable", "a", "b"], ["hardware"], ["hardware", "check", "x"],
    ["run"], ["run", "demo"], ["run", "a", "b", "--load", "f"], ["run", "--load"],
    ["run", "a", "--load", "f", "--linux", "k"], ["run", "a", "--load", "f", "--initrd", "i"],
    ["disable", "x"], ["cell", "create"], ["cell", "start"],
    ["cell", "destroy", "a", "b"], ["cell", "shutdown"], ["cell", "load"], ["cell", "load", "demo"],
    ["cell", "load", "demo", "-a", "0", "f"], ["cell", "load", "demo", "f", "-a", "zz"],
    ["cell", "load", "demo", "f", "-a", "-1"], ["cell", "load", "demo", "f", "-a", ""],
    ["cell", "load", "demo", "f", "-a", "1", "-a", "2"], ["console", "a", "b"], ["status", "x"],
    ["cell", "list", "x"], ["cell", "show"], ["cell", "stats"], ["status", "--nonsense"],
    ["cell", "load", "demo", "f", "-a", "0x10000000000000000"],
    ["console", "-f", "-i", "demo"], ["console", "-i"], ["console", "-e", "ab", "demo"],
    ["console", "-e", ".", "demo"], ["console", "-e", "", "demo"],
    ["config", "check", "--cpus", "0", "root.cell"], ["config", "check", "--cpus", "65", "x"],
])
def test_usage(tool, args):
    tool.refused(2, *args)
    assert tool.calls() == []


def in_group(tool, group: str) -> list[str]:
    """The commands of a group ("": all at the top) that its --help shows."""
    text = tool.ok(*group.split(), "--help")
    words = re.findall(rf"^  {group + ' ' if group else ''}([a-z-]+) ", text, re.MULTILINE)
    for more in re.findall(rf"^  {group} ((?:[a-z-]+, )+[a-z-]+)$", text, re.MULTILINE):
        words += more.split(", ")
    return words


GROUPS = ["cell", "hardware", "config"]
# Commands of a program of its own, which has a manual of its own.
PYTHON = ["create", "create-cell", "show", "diff", "draw", "import"]


def commands(tool) -> list[str]:
    words = in_group(tool, "")
    assert set(GROUPS) < set(words)
    single = [word for word in words if word not in GROUPS]
    grouped = [f"{group} {word}" for group in GROUPS for word in in_group(tool, group)]
    return single + [c for c in grouped if c not in [f"config {word}" for word in PYTHON]]


def test_manual_knows_every_command(tool):
    manual = (TOP / "tools/man/capsulectl.1").read_text().replace("\\-", "-")
    for command in commands(tool):
        assert re.search(rf"^\.B capsulectl {command}$", manual, re.MULTILINE), command
        assert re.search(rf'^\.TP\n\.B "?{command}(?![\w-])', manual, re.MULTILINE), command


def test_help_of_every_command_does_nothing(tool):
    every = commands(tool)
    assert {"disable", "version", "exit-codes", "cell linux", "cell restart"} < set(every)
    for command in every:
        for option in ("--help", "-h"):
            text = tool.ok(*command.split(), option)
            assert re.match(rf"Usage: capsulectl {command}( \S.*)?\n", text), text
    assert "Usage: capsulectl cell destroy NAME\n" in tool.ok("cell", "destroy", "--help")
    assert not tool.log.exists()


COMPLETION = """
source "$1"; shift
capsulectl() { [ "$*" = "cell list" ] && printf 'ID  NAME\\n1   demo-1   running\\n2   other  failed\\n'; }
compopt() { :; }
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _capsulectl
printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(folder: Path, words: list[str]) -> set[str]:
    """What completion offers for the last of the words."""
    result = subprocess.run(
        ["bash", "-c", COMPLETION, "bash", TOP / "tools/completion/capsulectl", "capsulectl",
         *words], cwd=folder, env={"CAPSULE_CELL_PATH": "dir", "PATH": os.environ["PATH"]},
        capture_output=True, text=True, timeout=60)
    assert result.stderr == ""
    return set(result.stdout.split())


@pytest.mark.parametrize("words,expected", [
    (["en"], {"enable"}),
    (["cell", "start", ""], {"demo-1", "other"}),
    (["cell", "load", "o"], {"other"}),
    (["cell", "load", "other", "im"], {"image"}),
    (["cell", "load", "other", "image", "-a", ""], set()),
    (["cell", "create", ""], {"here.cell", "installed.cell"}),
    (["cell", "shutdown", "--"], {"--force", "--help"}),
    (["cell", "create", "--"], {"--unbind", "--help"}),
    (["console", "d"], {"demo-1"}),
    (["config", "check", "--json", "h"], {"here.cell"}),
    (["config", "cr"], {"create", "create-cell"}),
    (["config", "create-cell", "x", "--console", ""], {"virtual"}),
    (["config", "create", "--dtb", "im"], {"image"}),
    (["config", "draw", "--"], {"--dtb", "--output", "--help"}),
])
def test_completion(tmp_path, words, expected):
    (tmp_path / "dir").mkdir()
    for name in ("image", "here.cell", "dir/installed.cell"):
        (tmp_path / name).touch()
    assert complete(tmp_path, words) - {"dir"} == expected


@pytest.mark.parametrize("group", ["", *GROUPS])
def test_completion_knows_every_command(tool, group):
    options = {"--help"} if group else {"--help", "--version"}
    assert complete(tool.folder, [*group.split(), ""]) == {*in_group(tool, group), *options}


# --- files ----------------------------------------------------------------------

def test_found_here_then_installed(tool):
    installed = tool.folder / "installed"
    installed.mkdir()
    (installed / "other.cell").write_bytes(Cell(name=b"installed").pack())
    assert "cell installed created" in tool.ok("cell", "create", "other.cell")
    (tool.folder / "other.cell").write_bytes(Cell(name=b"here").pack())
    assert "cell here created" in tool.ok("cell", "create", "other.cell")
    assert "cell installed created" in tool.ok("cell", "create", "installed/other.cell")


def test_search_path_of_the_user(tool):
    for name in ("first", "second"):
        (tool.folder / name).mkdir()
    (tool.folder / "second/other.cell").write_bytes(Cell(name=b"second").pack())
    assert "cell second" in tool.ok("cell", "create", "other.cell",
                                    CAPSULE_CELL_PATH="first:second")
    assert "first:second" in tool.refused(3, "cell", "create", "none.cell",
                                          CAPSULE_CELL_PATH="first:second")


def test_files_that_cannot_be_read(tool):
    tool.refused(3, "enable", "nope.cell")
    tool.refused(3, "enable", "./nope.cell")
    tool.refused(3, "enable", "/")
    tool.refused(3, "cell", "load", "demo", "nope.bin")
    tool.refused(3, "cell", "load", "demo", ".")
    (tool.folder / "empty").touch()
    tool.refused(3, "cell", "load", "demo", "empty")
    assert tool.refused(3, "cell", "load", "demo", "-", data=b"") == "standard input is empty"
    tool.refused(exit_code("CFG_SIZE"), "cell", "create", "empty")
    assert [c for c in tool.calls() if c.startswith(("ENABLE", "CREATE", "LOAD"))] == []


# --- the checker comes first ----------------------------------------------------

def test_bad_configuration_does_not_reach_the_driver(tool):
    (tool.folder / "bad.cell").write_bytes(Cell(cpus=()).pack())
    line = tool.refused(exit_code("CFG_CPU"), "cell", "create", "bad.cell")
    assert line == "bad.cell: the CPU set is empty: name at least one CPU"
    (tool.folder / "bad.cell").write_bytes(System(gic_version=9).pack())
    tool.refused(exit_code("CFG_PLATFORM"), "enable", "bad.cell")
    tool.refused(exit_code("CFG_SIGNATURE"), "enable", "demo.cell")
    tool.refused(exit_code("CFG_SIGNATURE"), "cell", "create", "root.cell")
    (tool.folder / "bad.cell").write_bytes(bytes(70000))
    tool.refused(exit_code("CFG_SIGNATURE"), "enable", "bad.cell")
    assert not {"ENABLE", "CREATE"} & set(tool.calls())


def test_more_errors_are_counted(tool):
    (tool.folder / "bad.cell").write_bytes(Cell(cpus=(), entry=1, smc_ids=(0x84000000,)).pack())
    line = tool.refused(exit_code("CFG_CPU"), "cell", "create", "bad.cell")
    assert "(and 2 more)" in line


def test_not_enabled_comes_from_the_driver(tool):
    tool.refused(exit_code("NOT_ENABLED"), "cell", "create", "demo.cell", FAKE_DISABLED="1",
                 FAKE_REFUSE=f"CREATE {REASONS['NOT_ENABLED']} 0 0 22")
    assert tool.calls() == ["CREATE"]


def test_check_only(tool):
    assert tool.ok("enable", "--check-only", "root.cell") == "root.cell can be used\n"
    assert tool.calls() == []


def test_create_knows_the_machine_and_the_living_cells(tool):
    """demo's record is believed because it has the CPUs of the living demo."""
    tool.ok("enable", "root.cell")
    demo = Cell(name=b"demo", cpus=(0, 2, 3, 5), chips=(cc.Chip(32, (40,)),))
    run = tool.folder / "run"
    (run / "demo.cell").write_bytes(demo.pack())
    (tool.folder / "b.cell").write_bytes(
        Cell(name=b"b", cpus=(1,), chips=(cc.Chip(32, (40,)),)).pack())
    line = tool.refused(exit_code("IRQ_NOT_OWNED"), "cell", "create", "b.cell")
    assert 'cell "demo"' in line
    (tool.folder / "c.cell").write_bytes(
        Cell(regions=(cc.CELL_RAM, cc.COMM_REGION, Region(1 << 40, 1 << 30, 4096, cc.RAM))).pack())
    tool.refused(exit_code("MEM_NOT_RAM"), "cell", "create", "c.cell")
    # A record that is not of the living cell, or damaged, is passed over.
    for stale in (Cell(name=b"demo", cpus=(1,), chips=demo.chips).pack(), b"damaged", b""):
        (run / "demo.cell").write_bytes(stale)
        tool.ok("cell", "create", "b.cell")


def test_records_come_and_go(tool):
    run = tool.folder / "run"
    tool.ok("enable", "root.cell")
    assert (run / "root").read_bytes() == (tool.folder / "root.cell").read_bytes()
    (run / "demo.cell").write_bytes(b"x")
    tool.ok("cell", "destroy", "demo")
    tool.ok("disable")
    assert list(run.iterdir()) == []


def test_refused_enable_leaves_no_record(tool):
    tool.refused(exit_code("VHE"), "enable", "root.cell",
                 FAKE_REFUSE=f"ENABLE {REASONS['VHE']} 0 0 95")
    assert not (tool.folder / "run").exists()


@pytest.mark.parametrize("held", ["kvm-vm", "kvm-vcpu:0"])
def test_kvm_vm_is_found(tool, held):
    fds = tool.folder / "proc/123/fd"
    fds.mkdir(parents=True)
    (fds / "0").symlink_to("/dev/null")
    tool.ok("enable", "root.cell")
    (fds / "7").symlink_to(f"anon_inode:{held}")
    tool.calls()
    assert "process 123" in tool.refused(exit_code("KVM_VM"), "enable", "root.cell")
    assert tool.calls() == []


# --- load -----------------------------------------------------------------------

def test_load_in_pieces_after_a_check(tool):
    (tool.folder / "image").write_bytes(b"a" * 2 * MIB + b"b" * 2 * MIB + b"c")
    assert tool.ok("cell", "load", "demo", "image", "-a", "0x1000") == "cell demo loaded\n"
    assert [c for c in tool.calls() if c.startswith("LOAD")] == [
        f"LOAD flags=2 address=0x1000 length={4 * MIB + 1} first=a",
        f"LOAD flags=4 address=0x1000 length={2 * MIB} first=a",
        f"LOAD flags=4 address=0x201000 length={2 * MIB} first=b",
        "LOAD flags=0 address=0x401000 length=1 first=c"]


def test_load_that_does_not_fit_writes_nothing(tool):
    (tool.folder / "image").write_bytes(bytes(3 * MIB))
    line = tool.refused(exit_code("LOAD_LARGER"), "cell", "load", "demo", "image",
                        FAKE_REFUSE=f"LOAD {REASONS['LOAD_LARGER']} {3 * MIB} {MIB} 22")
    assert "image has 3145728 bytes" in line and "room for 1048576" in line
    assert [c for c in tool.calls() if c.startswith("LOAD") and "flags=2" not in c] == []


def test_load_several_files(tool):
    (tool.folder / "a").write_bytes(b"A")
    (tool.folder / "b").write_bytes(b"B")
    tool.ok("cell", "load", "demo", "a", "b", "-a", "010", "-", "-a", "0x20", data=b"C")
    assert [c for c in tool.calls() if c.startswith("LOAD")] == [
        "LOAD flags=4 address=0x0 length=1 first=A", "LOAD flags=4 address=0x8 length=1 first=B",
        "LOAD flags=0 address=0x20 length=1 first=C"]


def test_load_stream_to_its_end_first(tool):
    tool.ok("cell", "load", "demo", "-", data=b"a" * 2 * MIB + b"b" * 5)
    assert [c for c in tool.calls() if c.startswith("LOAD")] == [
        f"LOAD flags=2 address=0x0 length={2 * MIB + 5} first=a",
        f"LOAD flags=4 address=0x0 length={2 * MIB} first=a",
        f"LOAD flags=0 address={hex(2 * MIB)} length=5 first=b"]


def loads(tool) -> list[str]:
    """Flags of the pieces that were copied: 4, more will come; 0, this was the last."""
    return re.findall(r"^LOAD flags=([04]) ", "\n".join(tool.calls()), re.MULTILINE)


def test_load_that_ends_early_has_no_last_piece(tool):
    (tool.folder / "image").write_bytes(b"a" * 5 * MIB)
    tool.refused(exit_code("BUSY"), "cell", "load", "demo", "image", FAKE_AFTER="2",
                 FAKE_REFUSE=f"LOAD {REASONS['BUSY']} 0 0 16")
    assert loads(tool) == ["4", "4"]
    (tool.folder / "small").write_bytes(b"a")
    tool.refused(3, "cell", "load", "demo", "small", "nope")
    assert loads(tool) == ["4"]
    tool.ok("cell", "load", "demo", "image", "small")
    assert loads(tool) == ["4", "4", "4", "0"]


def test_killed_load_has_no_last_piece(tool):
    """By SIGKILL, too, while the second file is waited for."""
    (tool.folder / "small").write_bytes(b"a")
    process = subprocess.Popen([tool.program, "cell", "load", "demo", "small", "-"],
                               cwd=tool.folder, env=tool.env, stdin=subprocess.PIPE)
    wait_for(tool.log, "LOAD")
    process.kill()
    assert process.wait(timeout=60) == -signal.SIGKILL
    process.stdin.close()
    assert loads(tool) == ["4"]


def test_interrupted_pipe_loads_nothing(tool):
    process = subprocess.Popen([tool.program, "cell", "load", "demo", "-"], cwd=tool.folder,
                               env=tool.env, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(b"x" * 1000)
    process.stdin.flush()
    wait_for(tool.log, "INFO")
    wait_until_asleep(process)
    process.send_signal(signal.SIGINT)
    error = process.communicate(timeout=60)[1]
    assert process.returncode == INTERRUPTED and b"nothing was loaded" in error
    assert "LOAD" not in tool.log.read_text()


def test_default_address_is_where_the_cell_begins(tool):
    run = tool.folder / "run"
    run.mkdir()
    (run / "demo.cell").write_bytes(Cell(
        name=b"demo", cpus=(0, 2, 3, 5), entry=0x40080000,
        regions=(Region(0, 0x1000, 0x1000, cc.RAM | cc.ANY),
                 Region(0, 0x40000000, MIB, cc.RAM | cc.LOADABLE | cc.ANY),
                 cc.COMM_REGION)).pack())
    (tool.folder / "image").write_bytes(b"x")
    tool.ok("cell", "load", "demo", "image")
    assert "LOAD flags=0 address=0x40000000 length=1 first=x" in tool.calls()


def test_progress(tool):
    (tool.folder / "image").write_bytes(bytes(4 * MIB))
    result = tool("cell", "load", "--progress", "demo", "image")
    assert result.returncode == 0
    bars = result.stderr.decode().split("\r")[1:]
    assert [bar.split()[-1] for bar in bars] == ["50%", "100%"]
    assert bars[-1].count("#") == 40 and bars[0].count("#") == 20
    assert tool("cell", "load", "demo", "image").stderr == b""


# --- other calls ----------------------------------------------------------------

def test_shutdown(tool):
    assert tool.ok("cell", "shutdown", "demo") == "cell demo shut down\n"
    tool.ok("cell", "shutdown", "--force", "demo")
    assert [c for c in tool.calls() if c.startswith("SHUTDOWN")] == [
        "SHUTDOWN flags=0", "SHUTDOWN flags=1"]


def test_list_show_stats_status(tool):
    assert re.search(r"^1 +demo +failed +0,2-3,5 +16384 KiB$", tool.ok("cell", "list"), re.M)
    assert re.search(r"^1 +demo ", tool.ok("status"), re.M)
    show = tool.ok("cell", "show", "demo")
    assert "width or alignment" in show and "0x0000000000001234" in show
    assert re.search(r"^psci +7000$", tool.ok("cell", "stats", "demo"), re.M)


def test_json(tool):
    cells = json.loads(tool.ok("cell", "list", "--json"))
    assert [(c["id"], c["name"], c["state"], c["cpus"], c["memory"]) for c in cells] == [
        (1, "demo", "failed", [0, 2, 3, 5], 16 * MIB)]
    assert json.loads(tool.ok("status", "--json"))["cells"] == cells
    assert json.loads(tool.ok("status", "--json"))["enabled"] is True
    show = json.loads(tool.ok("cell", "show", "--json", "demo"))
    assert show["fault_record"]["pc"] == "0x1234" and show["fault_record"]["reason"] == "width"
    assert len(show["fault_record"]["x"]) == 31
    assert json.loads(tool.ok("cell", "stats", "demo", "--json"))["psci"] == 7000


def test_json_keeps_its_order(tool):
    """People read it, too: what a cell is called comes first."""
    cell, = json.loads(tool.ok("cell", "list", "--json"))
    assert list(cell) == ["id", "name", "state", "cpus", "memory", "pool_pages", "loaded",
                          "comm_state", "restarts", "fault"]
    assert list(json.loads(tool.ok("status", "--json"))) == [
        "enabled", "driver_interface", "abi_version", "ledger", "cells"]


def test_config_check(tool):
    assert tool.ok("config", "check", "root.cell", "demo.cell") == "ok, 0 warnings\n"
    result = tool("config", "check", "--json", "root.cell", "demo.cell", "demo.cell")
    report = json.loads(result.stdout)
    assert result.returncode == exit_code("NAME_IN_USE") == report["findings"][0]["exit_code"]
    assert report["errors"] == len(report["findings"]) == 2
    assert report["findings"][1]["reason"] == "CPU_NOT_OWNED"
    result = tool("config", "check", "--cpus", "2", "root.cell", "demo.cell")
    assert result.returncode == 0
    (tool.folder / "a\"b\xff.cell").write_bytes(b"")
    result = tool("config", "check", "--json", os.fsdecode(b"a\"b\xc3\xbf.cell"))
    assert json.loads(result.stdout)["findings"][0]["file"] == "a\"b\xff.cell"
    (tool.folder / os.fsdecode(b"\xe2\x82/")).mkdir()
    (tool.folder / os.fsdecode(b"\xe2\x82/\xff.cell")).write_bytes(b"")
    result = tool("config", "check", "--json", os.fsdecode(b"\xe2\x82/\xff.cell"))
    assert json.loads(result.stdout.decode())["findings"][0]["file"] == "\ufffd\ufffd/\ufffd.cell"
    assert tool("config", "check", "--cpus", "1", "root.cell", "demo.cell").returncode == \
        exit_code("CPU_NOT_OWNED")


def test_console(tool):
    (tool.folder / "text").write_bytes(b"one\ntwo\n" * 2000)
    assert tool.ok("console", FAKE_CONSOLE="text") == "one\ntwo\n" * 2000
    assert tool.ok("console", "-f", "demo", FAKE_CONSOLE="text") == "one\ntwo\n" * 2000
    assert [c for c in tool.calls() if c.startswith("CONSOLE")] == ["CONSOLE ring=16",
                                                                    "CONSOLE ring=1"]


# --- typing into a console: what is written into the named pipe comes back from it ---

LEAVES = "at the beginning of a line leaves]"


@pytest.fixture
def attached(tool):
    """Starts capsulectl on a terminal, attached to the console of "demo"."""
    os.mkfifo(tool.folder / "fifo")
    started = []

    def start(*words, console="fifo"):
        # It begins once the terminal's settings are known.
        child = pexpect.spawn(
            "/bin/sh", ["-c", 'read go; exec "$@"', "sh", str(tool.program), "console", *words,
                        "demo"], cwd=tool.folder, timeout=60, encoding="utf-8",
            # Who runs the tests may have it ignored, as nohup does.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
            env={**tool.env, "FAKE_CONSOLE": console, "FAKE_INPUT": "1"}, codec_errors="replace")
        started.append(child)
        child.before_it = termios.tcgetattr(child.child_fd)
        child.send("\n")
        return child

    yield start
    for child in started:
        child.close(force=True)


def leave(child, typed="~."):
    child.send(typed)
    child.expect_exact("running on]")
    return wait_end(child)


def wait_end(child):
    """The terminal is looked at through a descriptor that outlives the process."""
    held = os.dup(child.child_fd)
    child.expect(pexpect.EOF)
    child.close()
    try:
        assert termios.tcgetattr(held) == child.before_it
    finally:
        os.close(held)
    return child.exitstatus


def test_typing(tool, attached):
    """Bytes go as they are, the escape leaves at the beginning of a line only."""
    child = attached()
    child.expect_exact("[demo: ~. " + LEAVES)
    child.send("one\x03\x1b\x7f two~.\r")
    child.expect_exact("one\x03\x1b\x7f two~.\r")
    child.send("~~.\r")
    child.expect_exact("~.\r")
    child.send("~x\r")
    child.expect_exact("~x\r")
    child.send("~\r")
    child.expect_exact("~\r")
    child.send("~?")
    child.expect_exact(LEAVES)
    assert leave(child) == 0
    assert tool.calls()[-1] == "CONSOLE ring=1 input"


def test_another_escape(attached):
    child = attached("-e", "^")
    child.expect_exact("[demo: ^. " + LEAVES)
    child.send("~.\r")
    child.expect_exact("~.\r")
    assert leave(child, "^.") == 0


def test_no_escape(attached):
    child = attached("--escape", "none")
    child.expect_exact("no escape character")
    child.send("~.\r")
    child.expect_exact("~.\r")
    child.kill(signal.SIGTERM)
    assert wait_end(child) == INTERRUPTED


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP,
                                    signal.SIGQUIT])
def test_a_signal_restores_the_terminal(attached, number):
    child = attached()
    child.expect_exact(LEAVES)
    child.send("x")
    child.expect_exact("x")
    child.kill(number)
    assert wait_end(child) == INTERRUPTED


def test_typing_ends_with_the_cell(tool, attached):
    (tool.folder / "empty").touch()
    child = attached(console="empty")  # reads as a destroyed cell's does
    child.expect_exact("[demo: destroyed]")
    assert wait_end(child) == 0


def test_piped_input(tool):
    """All bytes, the escape among them, and output until the end."""
    os.mkfifo(tool.folder / "fifo")
    data = bytes(range(256)) * 40 + b"\r~.\r"
    process = subprocess.Popen([tool.program, "console", "-i", "demo"], cwd=tool.folder,
                               env={**tool.env, "FAKE_CONSOLE": "fifo", "FAKE_INPUT": "1"},
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.write(data)
    process.stdin.close()
    assert process.stdout.read(len(data)) == data
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == INTERRUPTED


def test_no_input(tool):
    """Without a UART a terminal only shows; -i is refused."""
    (tool.folder / "text").write_bytes(b"one\n")
    shown = pexpect.run(f"{tool.program} console demo", cwd=tool.folder, timeout=60,
                        env={**tool.env, "FAKE_CONSOLE": "text"})
    assert shown == b"one\r\n"
    assert tool.calls()[-1] == "CONSOLE ring=1"
    reason = REASONS["NO_INPUT"]
    text = tool.refused(exit_code("NO_INPUT"), "console", "-i", "demo",
                        FAKE_REFUSE=f"CONSOLE {reason} 1 0 22")
    assert "demo" in text and "CAPSULE_CON_VIRTUAL" in text


def test_a_terminal_of_one_who_may_only_read(tool):
    (tool.folder / "text").write_bytes(b"one\n")
    env = {**tool.env, "FAKE_CONSOLE": "text", "FAKE_INPUT": "1", "FAKE_READER": "1"}
    shown = pexpect.run(f"{tool.program} console demo", cwd=tool.folder, timeout=60, env=env)
    assert shown == b"one\r\n"
    assert tool.calls()[-1] == "CONSOLE ring=1"
    tool.refused(5, "console", "-i", "demo", FAKE_INPUT="1", FAKE_READER="1")


def test_restart_with_a_file_that_is_shorter(tool):
    reason = REASONS["FILE_READ"]
    line = tool.refused(exit_code("FILE_READ"), "cell", "restart", "demo",
                        FAKE_REFUSE=f"RESTART {reason} 4096 0 5")
    assert "a file that the cell was loaded from cannot be read at byte 4096" in line


def test_full_output_is_an_error(tool):
    with open("/dev/full", "w", encoding="ascii") as full:
        result = subprocess.run([tool.program, "cell", "list"], cwd=tool.folder, env=tool.env,
                                stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert result.returncode == 3 and b"standard output" in result.stderr


# --- signals --------------------------------------------------------------------

def wait_for(path: Path, text: str) -> None:
    """The file is written by the process under test: there is no event to wait for."""
    end = time.monotonic() + 30
    while not (path.exists() and text in path.read_text()):
        assert time.monotonic() < end, f"no {text} in {path}"
        time.sleep(0.005)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("call,args", [
    ("ENABLE", ["enable", "root.cell"]), ("CREATE", ["cell", "create", "demo.cell"]),
    ("START", ["cell", "start", "demo"]), ("SHUTDOWN", ["cell", "shutdown", "demo"]),
    ("DESTROY", ["cell", "destroy", "demo"]), ("RESTART", ["cell", "restart", "demo"]),
    ("LOAD", ["cell", "load", "demo", "demo.cell"])])
def test_interrupted_call(tool, number, call, args):
    process = subprocess.Popen([tool.program, *args], cwd=tool.folder, stderr=subprocess.PIPE,
                               env={**tool.env, "FAKE_BLOCK": call}, text=True)
    wait_for(tool.log, f"BLOCKED {call}")
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert error.startswith("capsulectl: interrupted; ") and error.count("\n") == 1
    assert ("part of the file" in error) == (call == "LOAD")
    assert ("stopped and not loaded" in error) == (call == "RESTART")


def wait_until_asleep(process: subprocess.Popen) -> None:
    """Until the process waits for something, or has ended."""
    stat = Path(f"/proc/{process.pid}/stat")
    end = time.monotonic() + 30
    while stat.read_text().rpartition(")")[2].split()[0] not in "SZ":
        assert time.monotonic() < end
        time.sleep(0.001)


def test_following_a_console_ends_by_ctrl_c(tool):
    fifo = tool.folder / "fifo"
    os.mkfifo(fifo)
    process = subprocess.Popen([tool.program, "console", "-f"], cwd=tool.folder,
                               env={**tool.env, "FAKE_CONSOLE": "fifo"}, stdout=subprocess.PIPE)
    with open(fifo, "w", encoding="ascii") as writer:
        writer.write("hello\n")
        writer.flush()
        assert process.stdout.readline() == b"hello\n"
        wait_until_asleep(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == INTERRUPTED


# --- devices of the agency ------------------------------------------------------

def add_device(tool, name: str, driver: str = "", size: int = 0x1000, bus: str = "platform") -> Path:
    """A device as sysfs shows it; its folder."""
    sys = tool.folder / "sys"
    folder = sys / "devices" / name
    node = sys / "firmware/devicetree/base" / name
    node.mkdir(parents=True)
    (node.parent / "#address-cells").write_bytes(bytes([0, 0, 0, 2]))
    (node.parent / "#size-cells").write_bytes(bytes([0, 0, 0, 1]))
    address = re.match("[0-9a-f]+(?=[.])", name)
    (node / "reg").write_bytes((int(address[0], 16) if address else 0).to_bytes(8, "big") +
                               size.to_bytes(4, "big"))
    folder.mkdir(parents=True)
    (folder / "of_node").symlink_to(node)
    if driver:
        (sys / "drivers" / driver).mkdir(parents=True, exist_ok=True)
        (folder / "driver").symlink_to(sys / "drivers" / driver)
    on_bus = sys / "bus" / bus / "devices"
    on_bus.mkdir(parents=True, exist_ok=True)
    (on_bus / name).symlink_to(folder)
    return folder


def put_device_cell(tool, address: int, size: int, flags: int = 0) -> None:
    flags |= cc.READ | cc.WRITE | cc.IO
    cell = Cell(name=b"demo", regions=(*Cell().regions, Region(address, address, size, flags)))
    (tool.folder / "device.cell").write_bytes(cell.pack())


UNBIND = ("cell", "create", "--unbind", "device.cell")


def creations(tool) -> list[str]:
    return [call for call in tool.calls() if call.startswith("CREATE")]


def test_unbind_is_asked_of_the_driver(tool):
    add_device(tool, "9010000.pl031", "rtc-pl031", bus="amba")
    add_device(tool, "9020000.other", "other")
    put_device_cell(tool, 0x9010800, 0x100)
    assert "taking 9010000.pl031 from driver rtc-pl031 until" in tool.ok(*UNBIND)
    assert creations(tool) == ["CREATE flags=64"]
    tool.ok("cell", "create", "device.cell")
    assert creations(tool) == ["CREATE"]


def test_busy_device_is_named(tool):
    add_device(tool, "a003e00.virtio_mmio", "virtio-mmio", size=0x200)
    line = tool.refused(exit_code("DEVICE_BUSY"), "cell", "create", "demo.cell",
                        FAKE_REFUSE=f"CREATE {REASONS['DEVICE_BUSY']} 0 {0xa003e10} 16")
    assert "0xa003e10 (a003e00.virtio_mmio, driver virtio-mmio), which" in line
    line = tool.refused(exit_code("DEVICE_BUSY"), "cell", "create", "demo.cell",
                        FAKE_REFUSE=f"CREATE {REASONS['DEVICE_BUSY']} 0 {0xa004000} 16")
    assert "0xa004000, which" in line


def test_device_with_dma_is_named(tool):
    add_device(tool, "a003e00.virtio_mmio", "virtio-mmio", size=0x200)
    ram = Region(0, 0, MIB, cc.RAM | cc.LOADABLE | cc.ANY | cc.DMA | cc.VIRT_IS_PHYS)
    device = Region(0xa003e00, 0xa003e00, 0x200, cc.READ | cc.WRITE | cc.IO | cc.DMA)
    cell = Cell(name=b"demo", regions=(ram, cc.COMM_REGION, device))
    (tool.folder / "device.cell").write_bytes(cell.pack())
    result = tool("cell", "create", "device.cell")
    assert result.returncode == 0
    warning, = result.stderr.decode().splitlines()
    assert "(a003e00.virtio_mmio, driver virtio-mmio) transfers by itself" in warning
    assert "all memory of the machine" in warning


@pytest.mark.parametrize("part, content, said", [
    ("virtio0/net/eth1", {"flags": "0x1003\n"}, "eth1 is up"),
    ("tty/ttyAMA0", {}, "console ttyAMA0"),
    ("consumer:platform:user/consumer/driver", {}, "platform:user depends"),
])
def test_unbinding_that_would_hurt(tool, part, content, said):
    folder = add_device(tool, "9010000.thing", "thing")
    (folder / part).mkdir(parents=True)
    for name, text in content.items():
        (folder / part / name).write_text(text)
    console = tool.folder / "sys/class/tty/console"
    console.mkdir(parents=True)
    (console / "active").write_text("tty0 ttyAMA0\n")
    put_device_cell(tool, 0x9010000, 0x1000)
    line = tool.refused(exit_code("DEVICE_NEEDED"), *UNBIND)
    assert "9010000.thing (driver thing) cannot be unbound" in line and said in line
    assert creations(tool) == []
    put_device_cell(tool, 0x9010000, 0x1000, cc.ROOTSHARED)
    tool.ok(*UNBIND)


def put_words(path, *words: int) -> None:
    path.write_bytes(b"".join(word.to_bytes(4, "big") for word in words))


@pytest.mark.parametrize("name", ["9010000.thing", "thing"])
@pytest.mark.parametrize("ranges, address", [
    ([], 0x9003000),
    ([0x0, 0x0, 0xa000000, 0x1000, 0x9002000, 0x4, 0x4000, 0x10000], 0x4_0000_5000),
])
def test_registers_beside_the_first(tool, name, ranges, address):
    """Any entry of reg counts, translated by the bus, whatever the device is called."""
    folder = add_device(tool, name, "thing")
    bus = tool.folder / "sys/firmware/devicetree/base/soc"
    (bus / "node").mkdir(parents=True)
    put_words(bus / "#address-cells", 1)
    put_words(bus / "#size-cells", 1)
    put_words(bus / "ranges", *ranges)
    put_words(bus / "node/reg", 0x0, 0x1000, 0x9003000, 0x800)
    (folder / "of_node").unlink()
    (folder / "of_node").symlink_to(bus / "node")
    (folder / "net/eth1").mkdir(parents=True)
    (folder / "net/eth1/flags").write_text("0x1003\n")
    put_device_cell(tool, address, 0x1000)
    assert "eth1 is up" in tool.refused(exit_code("DEVICE_NEEDED"), *UNBIND)
    for elsewhere in (address + 0x1000, address - 0x1000):
        put_device_cell(tool, elsewhere, 0x1000)
        tool.ok(*UNBIND)


def test_registers_that_no_bus_leads_to(tool):
    folder = add_device(tool, "thing", "thing")
    bus = tool.folder / "sys/firmware/devicetree/base/i2c"
    (bus / "node").mkdir(parents=True)
    put_words(bus / "node/reg", 0, 0x9010000, 0x1000)
    (folder / "of_node").unlink()
    (folder / "of_node").symlink_to(bus / "node")
    put_device_cell(tool, 0x9010000, 0x1000)
    assert "taking" not in tool.ok(*UNBIND)


def test_a_disk_that_cannot_be_asked(tool):
    """Neither free nor in use: not unbound. Its name in sysfs has ! where /dev has /."""
    folder = add_device(tool, "9010000.thing", "thing")
    (folder / "block/array!disk").mkdir(parents=True)
    node = tool.folder / "dev/array/disk"
    node.parent.mkdir(parents=True)
    put_device_cell(tool, 0x9010000, 0x1000)
    node.symlink_to(node)
    assert "disk array!disk may be in use" in tool.refused(exit_code("DEVICE_NEEDED"), *UNBIND)
    node.unlink()
    node.touch()
    tool.ok(*UNBIND)


def test_unbinding_what_is_not_in_use(tool):
    folder = add_device(tool, "9010000.thing", "thing")
    (folder / "virtio0/net/eth1").mkdir(parents=True)
    (folder / "virtio0/net/eth1/flags").write_text("0x1002\n")
    (folder / "tty/ttyAMA1").mkdir(parents=True)
    (folder / "block/vdz").mkdir(parents=True)
    put_device_cell(tool, 0x9010000, 0x1000)
    tool.ok(*UNBIND)
