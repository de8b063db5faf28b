# SPDX-License-Identifier: Apache-2.0
"""Debian packages for the agency, fetched through an apt of our own.

The private apt has its own lists, state and archives inside the cache and
knows the architecture arm64, so the host's apt and dpkg stay as they are. It
asks the same mirrors as the host. A *set* is a list of packages that is
resolved together; what it resolved to is written down and used from then on,
until `ci/fetch --update` asks again.
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ci import cache
from ci.cache import CiError, say, tool

RELEASE = "bookworm"
SUITES = (RELEASE, f"{RELEASE}-updates", f"{RELEASE}-security")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

# How Debian names the kernels of a series; the highest number is the newest.
KERNELS = {
    "6.1": re.compile(r"linux-image-(6\.1\.0-\d+)-arm64"),
    "6.1-rt": re.compile(r"linux-image-(6\.1\.0-\d+)-rt-arm64"),
    "6.12": re.compile(r"linux-image-(6\.12\.\d+\+(?:deb12|bpo))-arm64"),
}


@dataclass(frozen=True)
class PackageSet:
    """Packages that were resolved together, and where their files are."""

    name: str
    files: dict[str, Path]  # package name to .deb
    notes: dict[str, str]

    def digest(self) -> str:
        """Changes whenever one of the packages does."""
        return cache.digest(sorted(path.name for path in self.files.values()))


def host_architecture() -> str:
    """Debian's name for the architecture of this machine."""
    return tool("dpkg", "--print-architecture").strip()


def _sources() -> str:
    """The host's Debian mirrors, as lines for a sources.list."""
    text = tool(
        "apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)",
        "Created-By: Packages",
    )
    lines = []
    for line in sorted(set(text.splitlines())):
        suite, component, uri = line.split()
        if suite in SUITES and component == "main":
            lines.append(f"deb [signed-by={KEYRING}] {uri} {suite} {component}\n")
    if not lines:
        raise CiError(f"this machine's apt knows no Debian {RELEASE} mirror to fetch packages from")
    return "".join(lines)


class Apt:
    """The private apt. Hold cache.lock("apt") while using it."""

    def __init__(self) -> None:
        self.root = cache.root() / "apt"
        for folder in ("state/lists/partial", "archives/partial", "etc/apt.conf.d"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        (self.root / "state/status").touch()
        sources = self.root / "etc/sources.list"
        text = _sources()
        if not sources.exists() or sources.read_text() != text:
            sources.write_text(text)
        self.config = self.root / "etc/apt.conf"
        self.config.write_text(self._config())

    def _config(self) -> str:
        architectures = ["arm64"]
        if host_architecture() != "arm64":
            architectures.append(host_architecture())
        listed = " ".join(f'"{name}";' for name in architectures)
        user = tool("id", "-un").strip()
        return f"""\
#clear APT::Architectures;
APT::Architecture "arm64";
APT::Architectures {{ {listed} }};
APT::Install-Recommends "false";
APT::Sandbox::User "{user}";
APT::Get::AllowUnauthenticated "false";
Dir::State "{self.root}/state";
Dir::State::status "{self.root}/state/status";
Dir::Cache "{self.root}";
Dir::Cache::archives "{self.root}/archives";
Dir::Etc "{self.root}/etc";
Dir::Etc::sourcelist "{self.root}/etc/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferences "-";
Dir::Etc::trustedparts "-";
Acquire::Languages "none";
Acquire::Retries "3";
DPkg::Post-Invoke "";
Binary::apt-get::DPkg::Post-Invoke "";
"""

    def run(self, *command: str, cwd: Path | None = None) -> str:
        """Run an apt program under the private configuration only."""
        environment = dict(os.environ, APT_CONFIG=str(self.config), LC_ALL="C")
        # Debian images that trim their package cache do so by hooks that name
        # the host's folders; they must not see ours.
        return tool(
            command[0], "-o", "APT::Update::Post-Invoke=", "-o", "APT::Keep-Downloaded-Packages=1",
            *command[1:], env=environment, cwd=cwd,
        )

    def update(self) -> None:
        say("reading Debian's package lists")
        try:
            self.run("apt-get", "-q", "-o", "APT::Update::Error-Mode=any", "update")
        except CiError as error:
            raise CiError(
                f"cannot read Debian's package lists; is there a network? {error}"
            ) from None

    def newest_kernel(self, series: str) -> str:
        """The version of the newest kernel of a series, such as 6.1.0-40."""
        pattern = KERNELS[series]
        names = self.run("apt-cache", "pkgnames", "linux-image-").split()
        versions = [m.group(1) for m in map(pattern.fullmatch, names) if m]
        if not versions:
            raise CiError(f"Debian's package lists name no arm64 kernel {series}")
        return max(versions, key=lambda v: [int(n) for n in re.findall(r"\d+", v)])

    def fetch(self, packages: list[str], closure: bool) -> list[Path]:
        """Download packages, with closure also all they depend on; apt checks them.

        What is already in the archives is not fetched again.
        """
        archives = self.root / "archives"
        # Seen from an empty folder apt names all files, not only the missing.
        empty = self.root / "empty"
        (empty / "partial").mkdir(parents=True, exist_ok=True)
        if closure:
            command = ["apt-get", "-q", "-y", "install", *packages]
            text = self.run(*command, "--print-uris", "-o", f"Dir::Cache::archives={empty}")
            self.run(*command, "--download-only")
        else:
            command = ["apt-get", "-q", "download", *packages]
            text = self.run(*command, "--print-uris", cwd=empty)
            self.run(*command, cwd=archives)
        names = re.findall(r"^'[^']+' (\S+\.deb) \d+", text, re.MULTILINE)
        return [archives / name for name in names]


def _kernel_packages(apt: Apt, series: str) -> tuple[list[str], dict[str, str]]:
    """The packages of one kernel: image, headers, and the programs that build modules."""
    version = apt.newest_kernel(series)
    realtime = "-rt" if series.endswith("-rt") else ""
    # 6.1 names its kbuild by series, later ones by the exact version.
    kbuild = f"linux-kbuild-{'6.1' if version.startswith('6.1.') else version}"
    release = f"{version}{realtime}-arm64"
    packages = [
        f"linux-image-{release}",
        f"linux-headers-{release}",
        f"linux-headers-{version}-common{realtime}",
        f"{kbuild}:{host_architecture()}",
    ]
    return packages, {"release": release, "kbuild": kbuild}


def _small_packages(_apt: Apt) -> tuple[list[str], dict[str, str]]:
    return ["busybox-static"], {}


def _uboot_packages(_apt: Apt) -> tuple[list[str], dict[str, str]]:
    return ["u-boot-qemu"], {}


def _sysroot_packages(_apt: Apt) -> tuple[list[str], dict[str, str]]:
    return ["libc6-dev", "libfdt-dev", "libjson-c-dev", "zlib1g-dev"], {}


def _debian_packages(_apt: Apt) -> tuple[list[str], dict[str, str]]:
    packages = ["?and(?essential,?architecture(arm64))", "usr-is-merged", "apt"]
    packages += ["systemd-sysv", "dbus", "udev", "kmod", "iproute2", "procps", "python3"]
    # What makes configurations on the machine itself.
    packages += ["python3-jinja2", "python3-libfdt"]
    return packages, {}


def _builder_packages(apt: Apt) -> tuple[list[str], dict[str, str]]:
    """The debian agency, with what building there needs."""
    packages, notes = _debian_packages(apt)
    headers = f"linux-headers-{apt.newest_kernel('6.1')}-arm64"
    return [*packages, "make", "gcc", "libc6-dev", "libjson-c-dev", headers], notes


def _kexec_packages(_apt: Apt) -> tuple[list[str], dict[str, str]]:
    return ["kexec-tools"], {}


# name: (what to fetch, whether with all dependencies)
SETS: dict[str, tuple[Callable[[Apt], tuple[list[str], dict[str, str]]], bool]] = {
    **{f"kernel-{s}": (functools.partial(_kernel_packages, series=s), False) for s in KERNELS},
    "small": (_small_packages, False),
    "u-boot": (_uboot_packages, False),
    "sysroot": (_sysroot_packages, True),
    "debian": (_debian_packages, True),
    "builder": (_builder_packages, True),
    "kexec": (_kexec_packages, True),
}


def _load(name: str) -> PackageSet | None:
    """The set as it was resolved last, or None if it has to be resolved (again)."""
    record = _record(name)
    try:
        stored = json.loads(record.read_text())
    except (FileNotFoundError, ValueError):
        return None
    files = {n: cache.root() / "apt/archives" / f for n, f in stored["files"].items()}
    if not all(path.exists() for path in files.values()):
        return None
    return PackageSet(name, files, stored["notes"])


def _record(name: str) -> Path:
    """Where it is written down what a set resolved to.

    One for each version of the lists above, so that two trees that differ in
    them do not make each other ask again and again.
    """
    return cache.root() / "apt/sets" / f"{name}-{cache.digest([Path(__file__)])}.json"


def package_set(name: str, update: bool = False) -> PackageSet:
    """The set called name, fetched if it is not in the cache.

    A set that is in the cache is used as it is, without the network.
    """
    if name not in SETS:
        raise CiError(f"no package set {name}; there are {', '.join(SETS)}")
    if not update and (found := _load(name)):
        return found
    with cache.lock("apt"):
        if not update and (found := _load(name)):
            return found
        apt = Apt()
        try:
            return _fetch(apt, name)
        except CiError:
            # Lists that are absent or older than the archive name files that
            # are gone; read them and try once more.
            apt.update()
            return _fetch(apt, name)


def _fetch(apt: Apt, name: str) -> PackageSet:
    choose, closure = SETS[name]
    packages, notes = choose(apt)
    say(f"fetching {', '.join(packages)}")
    files = {path.name.split("_")[0]: path for path in apt.fetch(packages, closure)}
    stored = {
        "notes": notes,
        "files": {n: path.name for n, path in sorted(files.items())},
    }
    record = _record(name)
    record.parent.mkdir(exist_ok=True)
    fresh = record.with_suffix(".new")
    fresh.write_text(json.dumps(stored, indent=1))
    fresh.rename(record)
    return PackageSet(name, files, notes)


def update_lists() -> None:
    """Read the package lists anew, for a following package_set(update=True)."""
    with cache.lock("apt"):
        Apt().update()


def unpack(package: Path, folder: Path) -> None:
    """Unpack a .deb below folder, without running anything of it."""
    tool("dpkg-deb", "-x", package, folder)


def prune() -> None:
    """Remove downloaded packages that no set names any more."""
    with cache.lock("apt"):
        folder = cache.root() / "apt"
        used = set()
        for record in (folder / "sets").glob("*.json"):
            used.update(json.loads(record.read_text())["files"].values())
        for path in (folder / "archives").glob("*.deb"):
            if path.name not in used:
                path.unlink()
