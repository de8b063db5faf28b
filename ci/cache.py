# SPDX-License-Identifier: Apache-2.0
"""The cache outside the tree that holds whatever can be fetched or made again.

Each entry is a folder with a name that says what it is, made completely in a
temporary folder and then renamed into place: an entry that exists is whole,
whatever was interrupted before.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent


class CiError(Exception):
    """A failure the user can do something about; the text says what."""


def root() -> Path:
    """The cache folder, made if absent: $CAPSULE_CACHE or ~/.cache/capsule."""
    named = os.environ.get("CAPSULE_CACHE")
    path = Path(named) if named else Path.home() / ".cache" / "capsule"
    path.mkdir(parents=True, exist_ok=True)
    return path.resolve()


@contextlib.contextmanager
def lock(name: str) -> Iterator[None]:
    """Hold the lock called name against other processes that use this cache."""
    path = root() / "locks" / name
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another process that works on {name}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def digest(parts: Iterable[str | bytes | Path]) -> str:
    """A short hash over strings, bytes and the content of files."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            part = part.read_bytes()
        elif isinstance(part, str):
            part = part.encode()
        total.update(hashlib.sha256(part).digest())
    return total.hexdigest()[:16]


def entry(kind: str, name: str, make: Callable[[Path], None]) -> Path:
    """The folder kind/name of the cache, made by make(folder) if it is absent.

    An older entry of the same kind is kept for a while, because another tree
    or a running machine may use it; see prune().
    """
    path = root() / kind / name
    if path.is_dir():
        os.utime(path)
        return path
    with lock(kind):
        if path.is_dir():
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        # Left by a run that was killed; whoever makes one holds the lock.
        for stale in path.parent.glob(".new-*"):
            shutil.rmtree(stale, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix=".new-", dir=path.parent))
        try:
            make(work)
            work.chmod(0o755)
            work.rename(path)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        prune(path.parent)
    return path


def prune(folder: Path, keep: int = 8) -> None:
    """Remove all but the keep entries of folder that were used last."""
    entries = [p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")]
    entries.sort(key=lambda p: p.stat().st_mtime, reverse=True)
    for old in entries[keep:]:
        shutil.rmtree(old, ignore_errors=True)


def tool(*command: str | Path, **options: object) -> str:
    """Run a program and return what it printed; CiError with its words if it fails."""
    words = [str(word) for word in command]
    try:
        done: subprocess.CompletedProcess[str] = subprocess.run(
            words, check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL, text=True, **options,  # type: ignore[call-overload]
        )
    except FileNotFoundError:
        raise CiError(f"{words[0]} is not installed; run ci/setup first") from None
    if done.returncode:
        raise CiError(f"{' '.join(words)} failed ({done.returncode}):\n{done.stderr.strip()}")
    return done.stdout


def say(text: str) -> None:
    """Progress for the person who waits; never part of a command's output."""
    print(f"ci: {text}", file=sys.stderr, flush=True)


def main(command: Callable[[], int]) -> None:
    """Run a command of this folder, with failures as one message."""
    try:
        sys.exit(command())
    except CiError as error:
        sys.exit(f"{Path(sys.argv[0]).name}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
