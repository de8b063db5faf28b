# SPDX-License-Identifier: Apache-2.0
"""capsulectl hardware check, and enable that runs it, on systems made of files."""

from __future__ import annotations

import json
from pathlib import Path

import pexpect
import pytest

from checker_config import System
from test_capsulectl import REASONS, exit_code, program, tool  # noqa: F401
from test_linux_boot import guest_cell, image as kernel

HARDWARE, KERNEL, FILE = 10, 7, 3
MIB = 1 << 20
SECURE_BOOT = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
CONFIG = "boot/config-6.1.0-9-arm64"

# A Debian system on a board where all is well; folders and properties of its tree.
GOOD = {
    "proc/sys/kernel/osrelease": "6.1.0-9-arm64\n",
    "proc/cmdline": "root=/dev/vda\n",
    "proc/meminfo": "MemTotal: 4000000 kB\nMemAvailable:    2000000 kB\n",
    CONFIG: "CONFIG_OF=y\nCONFIG_MODULES=y\nCONFIG_HOTPLUG_CPU=y\nCONFIG_CONTIG_ALLOC=y\n"
            "CONFIG_FW_LOADER=y\nCONFIG_ARM64_4K_PAGES=y\n",
    "dev/kmsg": "6,1,0,-;CPU: All CPU(s) started at EL2\n6,2,0,-;kvm [1]: Hyp mode initialized\n",
    "dev/kvm": "",
    "sys/kernel/security/lockdown": "[none] integrity confidentiality\n",
    "sys/devices/system/cpu/possible": "0-3\n",
    "sys/devices/system/cpu/online": "0-3\n",
    **{f"sys/devices/system/cpu/cpu{n}/online": "1\n" for n in (1, 2, 3)},
    "proc/device-tree/cpus/name": "cpus\0",
    "proc/device-tree/psci/compatible": "arm,psci-1.0\0arm,psci-0.2\0",
    "proc/device-tree/psci/method": "smc\0",
    "proc/device-tree/soc/intc@8000000/compatible": "arm,gic-v3\0",
    "proc/device-tree/soc/intc@8000000/interrupts": "\0\0\0\1\0\0\0\x09\0\0\0\4",
    "lib/firmware/capsule/capsule.bin": "image",
    "usr/bin/python3": "",
}


def write(folder: Path, files: dict[str, str | None]) -> None:
    """Files of a system; None: not there."""
    for name, text in files.items():
        path = folder / name
        if text is None:
            path.unlink(missing_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def system(tool):  # noqa: F811
    write(tool.folder, GOOD)
    return tool


def checks(tool, code: int, **env) -> dict[str, tuple[str, str]]:  # noqa: F811
    """Result and text by check; every line that does not pass says what to do."""
    done = tool("hardware", "check", "--json", **env)
    assert done.returncode == code, (done.stdout.decode(), done.stderr.decode())
    data = json.loads(done.stdout)
    assert data["can_enable"] == (code == 0)
    for line in data["checks"]:
        assert line["result"] == "pass" or line["remedy"], line
    return {line["check"]: (line["result"], line["found"]) for line in data["checks"]}


def test_all_is_well(system):
    found = checks(system, 0)
    assert {name for name, (result, _) in found.items() if result != "pass"} == {"SMMU"}
    assert set(found) == {"kernel", "configuration", "module", "boot", "EL2", "VHE", "GIC", "PSCI",
                          "SMMU", "CPUs", "hotplug", "KVM", "image", "memory", "python"}
    assert found["memory"] == ("pass", "at least 256 MiB in one piece")
    text = system.ok("hardware", "check")
    assert "14 pass, 1 warn, 0 fail: the hypervisor can be enabled" in text
    assert "warn  SMMU           none\n                     -> give cells no device" in text


def test_without_the_driver(system):
    """What its files tell is known all the same."""
    found = checks(system, 0, FAKE_OPEN="2")
    assert found["EL2"][0] == found["VHE"][0] == found["configuration"][0] == "pass"
    assert found["memory"] == (
        "warn", "1953 MiB are free; how much in one piece only the driver can tell")
    assert found["module"] == ("warn", "not loaded; an unsigned one may be")


GIC = "proc/device-tree/soc/intc@8000000/"
BAD = [
    ("proc/sys/kernel/osrelease", "5.10.0-1\n", "kernel", "warn", "tested are 6.1"),
    (CONFIG, None, "configuration", "warn", "not to be found"),
    (CONFIG, GOOD[CONFIG].replace("CONFIG_CONTIG_ALLOC=y\n", ""), "configuration", "fail",
     "lacks CONFIG_CONTIG_ALLOC=y"),
    ("sys/kernel/security/lockdown", "none [integrity] confidentiality\n", "module", "fail",
     "signed modules only (lockdown)"),
    ("sys/module/module/parameters/sig_enforce", "Y\n", "module", "fail", "module.sig_enforce"),
    (SECURE_BOOT, "\6\0\0\0\1", "module", "warn", "Secure Boot is on"),
    ("dev/kmsg", "6,1,0,-;CPU: All CPU(s) started at EL1\n", "EL2", "fail", "not started at EL2"),
    ("dev/kmsg", "CPU features: detected: Virtualization Host Extensions\n", "VHE", "fail",
     "runs at EL2"),
    ("dev/kmsg", "", "EL2", "warn", "no longer tells"),
    ("proc/cmdline", "kvm-arm.mode=protected\n", "VHE", "fail", "protected KVM"),
    (GIC + "compatible", "arm,gic-v1\0", "GIC", "fail", "no GICv2 or GICv3"),
    (GIC + "status", "disabled\0", "GIC", "fail", "no GICv2 or GICv3"),
    (GIC + "compatible", "foo,bar\0arm,gic-400\0", "GIC", "pass", "GICv2"),
    (GIC + "interrupts", None, "GIC", "fail", "maintenance"),
    ("proc/device-tree/psci/compatible", "arm,psci\0", "PSCI", "fail", "not in the device tree"),
    ("proc/device-tree/psci/method", "hvc\0", "PSCI", "fail", "not called by SMC"),
    ("proc/device-tree/iommu@1/compatible", "arm,smmu-v3\0", "SMMU", "warn", "arm,smmu-v3, which"),
    ("sys/devices/system/cpu/possible", "0\n", "CPUs", "warn", "stays with this system"),
    ("sys/devices/system/cpu/possible", "0-64\n", "CPUs", "fail", "at most 64"),
    ("sys/devices/system/cpu/online", "2\n", "CPUs", "warn", "only CPU 2 is online"),
    ("sys/devices/system/cpu/cpu3/online", None, "hotplug", "warn", "1 CPUs cannot"),
    ("lib/firmware/capsule/capsule.bin", None, "image", "fail", "is not there"),
    ("usr/bin/python3", None, "python", "warn", "cannot be made here"),
]


@pytest.mark.parametrize("path, text, check, result, words", BAD,
                         ids=[f"{b[2]}-{b[4]}" for b in BAD])
def test_what_is_wrong_is_told(system, path, text, check, result, words):
    write(system.folder, {path: text})
    code = HARDWARE if result == "fail" else 0
    found = checks(system, code, FAKE_OPEN="2")
    assert found[check][0] == result and words in found[check][1], found[check]
    # No other line suffers, but for those that cannot be told any more.
    others = {name: line for name, line in checks(system, code, FAKE_OPEN="2").items()
              if line[0] == "fail" and name != check}
    assert others == {}


def test_acpi(system):
    write(system.folder, {"sys/firmware/acpi/tables/APIC": ""})
    (system.folder / "proc/device-tree").rename(system.folder / "proc/gone")
    found = checks(system, HARDWARE, FAKE_OPEN="2")
    assert found["boot"] == ("fail", "by ACPI, only device trees are understood")
    (system.folder / "sys/firmware/acpi/tables/APIC").unlink()
    (system.folder / "sys/firmware/acpi/tables").rmdir()
    assert "neither" in checks(system, HARDWARE, FAKE_OPEN="2")["boot"][1]


def test_a_virtual_machine(system):
    folder = system.folder / "proc/77/fd"
    folder.mkdir(parents=True)
    (folder / "9").symlink_to("anon_inode:kvm-vm")
    assert checks(system, HARDWARE)["KVM"][1].startswith("process 77 has a virtual machine")


@pytest.mark.parametrize("mib, result", [(8, "fail"), (40, "warn"), (200, "pass")])
def test_memory_in_one_piece(system, mib, result):
    found = checks(system, HARDWARE if result == "fail" else 0, FAKE_CONTIG=str(mib * MIB))
    assert found["memory"][0] == result and f"{mib} MiB" in found["memory"][1]


VERDICTS = {"VHE": "VHE", "NOT_EL2": "EL2", "ACPI": "boot", "FIRMWARE_MISSING": "image",
            "FIRMWARE_BAD": "image", "FIRMWARE_VERSION": "image", "CPU_FEATURE": "driver"}


@pytest.mark.parametrize("reason", VERDICTS)
def test_the_driver_has_the_last_word(system, reason):
    verdict = str(REASONS[reason])
    found = checks(system, HARDWARE, FAKE_VERDICT=verdict)
    assert {name for name, line in found.items() if line[0] == "fail"} == {VERDICTS[reason]}
    system.refused(exit_code(reason), "enable", "root.cell", FAKE_VERDICT=verdict)
    assert system.calls() == []


def test_enable_refuses_what_only_this_program_sees(system):
    write(system.folder, {"proc/cmdline": "kvm-arm.mode=protected\n"})
    line = system.refused(HARDWARE, "enable", "root.cell")
    assert line == ("VHE: protected KVM keeps EL2 for itself: boot with kvm-arm.mode=nvhe "
                    "instead of protected")
    assert system.calls() == []


# --- enable without an argument ---------------------------------------------------------

@pytest.fixture
def maker(system):
    """A program in place of the Python one: copies root.cell to where it is told."""
    script = system.folder / "maker"
    script.write_text('#!/bin/sh\necho "$@" > words\n[ -e refuse ] && { echo no >&2; exit 1; }\n'
                      'cp root.cell "$3"\n')
    script.chmod(0o755)
    system.env["CAPSULE_CONFIG_TOOL"] = str(script)
    return system


def left(maker) -> list[str]:
    return sorted(path.name for path in (maker.folder / "run").glob("*"))


def test_enable_makes_the_configuration(maker):
    assert maker.ok("enable", "--check-only", FAKE_DISABLED="1") == \
        "the configuration made for this machine can be used\n"
    assert maker.calls() == [] and left(maker) == []
    assert maker.ok("enable", FAKE_DISABLED="1") == \
        "enabled with the configuration made for this machine\n"
    assert maker.calls() == ["ENABLE"]
    words = (maker.folder / "words").read_text().split()
    assert words[:2] == ["create", "-o"] and words[2].endswith("/made.cell")
    # Only the copy of what is in use is left.
    assert left(maker) == ["root"]
    assert (maker.folder / "run/root").read_bytes() == (maker.folder / "root.cell").read_bytes()


@pytest.mark.parametrize("name, code", [("SEGV", 1), ("KILL", 1), ("TERM", 130)])
def test_the_maker_is_killed(maker, name, code):
    (maker.folder / "maker").write_text(f"#!/bin/sh\nulimit -c 0; kill -{name} $$\n")
    assert "no configuration was made" in maker.refused(code, "enable", FAKE_DISABLED="1")
    assert maker.calls() == [] and left(maker) == []


def test_enable_makes_nothing_in_vain(maker):
    maker.refused(exit_code("ENABLED"), "enable")
    maker.refused(exit_code("VHE"), "enable", FAKE_DISABLED="1", FAKE_VERDICT=str(REASONS["VHE"]))
    assert not (maker.folder / "words").exists() and maker.calls() == []


def test_enable_when_none_can_be_made(maker):
    (maker.folder / "refuse").touch()
    done = maker("enable", FAKE_DISABLED="1")
    assert (done.returncode, done.stderr) == (1, b"no\n")
    assert maker.calls() == [] and left(maker) == []
    (maker.folder / "refuse").unlink()
    (maker.folder / "root.cell").write_bytes(System().pack()[:-1])
    line = maker.refused(exit_code("CFG_SIZE"), "enable", FAKE_DISABLED="1")
    assert line.startswith("the configuration made for this machine")
    assert maker.calls() == [] and left(maker) == []


def test_no_python(maker):
    script = maker.folder / "maker"
    script.write_text("#!/nowhere/python3\n")
    line = maker.refused(FILE, "enable", FAKE_DISABLED="1")
    assert "apt install python3" in line and left(maker) == []
    script.unlink()
    assert "make install" in maker.refused(FILE, "enable", FAKE_DISABLED="1")


# --- run ------------------------------------------------------------------------------

@pytest.fixture
def cell_maker(maker):
    (maker.folder / "maker").write_text(
        '#!/bin/sh\necho "$@" > words\nfor last; do :; done\ncp demo.cell "$last"\n')
    (maker.folder / "image").write_bytes(b"guest")
    (maker.folder / "console").write_text("hello\n")
    maker.env["FAKE_CONSOLE"] = "console"
    return maker


def test_run(cell_maker):
    said = cell_maker.ok("run", "demo", "--cpus", "2", "--memory", "16M", "--device", "a",
                         "--device", "b", "--load", "image")
    assert said.splitlines() == ["cell demo created", "cell demo loaded", "cell demo started",
                                 "hello"]
    words = (cell_maker.folder / "words").read_text().split()
    assert words[:-2] == ["create-cell", "--cpus", "2", "--memory", "16M", "--device", "a",
                          "--device", "b", "demo"]
    calls = [line.split()[0] for line in cell_maker.calls()]
    assert [call for call in calls if call not in ("OPEN", "INFO")] == [
        "CREATE", "LOAD", "START", "CONSOLE"]
    assert left(cell_maker) == ["demo.cell"]


def test_run_detached(cell_maker):
    assert "hello" not in cell_maker.ok("run", "--detach", "demo", "--load", "image")


@pytest.mark.parametrize("call", ["LOAD", "START"])
def test_run_undoes_what_it_did(cell_maker, call):
    done = cell_maker("run", "demo", "--load", "image",
                      FAKE_REFUSE=f"{call} {REASONS['BUSY']} 0 0 16")
    assert done.returncode == exit_code("BUSY")
    assert b"another management call" in done.stderr and done.stderr.count(b"\n") == 1
    assert cell_maker.calls()[-1] == "DESTROY" and left(cell_maker) == []


def test_run_refuses_before_it_begins(cell_maker):
    cell_maker.refused(exit_code("NOT_ENABLED"), "run", "demo", "--load", "image",
                       FAKE_DISABLED="1")
    cell_maker.refused(FILE, "run", "demo", "--load", "nowhere")
    assert cell_maker.calls() == [] and not (cell_maker.folder / "words").exists()
    cell_maker.refused(exit_code("NO_CONTIG"), "run", "demo", "--load", "image",
                       FAKE_REFUSE=f"CREATE {REASONS['NO_CONTIG']} 64 3 12")
    assert left(cell_maker) == [] and "LOAD" not in str(cell_maker.calls())


def test_run_linux_by_what_cell_linux_does(cell_maker):
    """A file that is no kernel is refused by it, and nothing is left."""
    line = cell_maker.refused(KERNEL, "run", "demo", "--linux", "image", "--initrd", "image",
                              "--cmdline", "quiet x=y", "--memory", "64M")
    assert line.startswith("image") and cell_maker.calls() == [] and left(cell_maker) == []
    words = (cell_maker.folder / "words").read_text().split()
    assert words[:-2] == ["create-cell", "--memory", "64M", "--linux", "demo"]


def test_run_linux_attaches_at_a_terminal(cell_maker):
    (cell_maker.folder / "demo.cell").write_bytes(guest_cell(name=b"demo").pack())
    (cell_maker.folder / "image").write_bytes(kernel())
    child = pexpect.spawn(str(cell_maker.program), ["run", "demo", "--linux", "image"],
                          cwd=cell_maker.folder, timeout=60, encoding="utf-8",
                          env={**cell_maker.env, "FAKE_INPUT": "1"})
    try:
        child.expect_exact("[demo: ~. ")
        child.send("~.")
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)
    assert child.exitstatus == 0 and cell_maker.calls()[-1] == "CONSOLE ring=1 input"
