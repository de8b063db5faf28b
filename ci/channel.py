# SPDX-License-Identifier: Apache-2.0
"""A stream socket to QEMU that is always drained, kept in a file, and waited on."""

from __future__ import annotations

import re
import socket
import threading
import time
from pathlib import Path

class ChannelClosed(Exception):
    """The other end is gone: QEMU has ended."""


class ChannelTimeout(Exception):
    """What was waited for did not come."""


class Channel:
    """One end of a socket pair; other_end is for QEMU.

    What comes in is written to a log file and kept until it was looked at.

    A thread reads all the time, so a machine never stands still because
    nobody listens, and the log is whole when a test fails.
    """

    def __init__(self, log: Path | None = None) -> None:
        self._socket, self.other_end = socket.socketpair()
        self._log = log.open("ab", buffering=0) if log else None
        self._changed = threading.Condition()
        self._data = bytearray()
        self._closed = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                data = self._socket.recv(65536)
            except OSError:
                data = b""
            if data and self._log:
                self._log.write(data)
            with self._changed:
                self._data += data
                self._closed = not data
                self._changed.notify_all()
            if not data:
                return

    def send(self, data: bytes) -> None:
        """Send all of data; ChannelClosed if the other end is gone."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise ChannelClosed(str(error)) from None

    def expect(self, pattern: bytes, timeout: float) -> tuple[bytes, re.Match[bytes]]:
        """Wait until pattern matches what came in; take all up to its end.

        Returns what stood before the match, and the match.
        """
        compiled = re.compile(pattern, re.MULTILINE | re.DOTALL)
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                data = bytes(self._data)
                match = compiled.search(data)
                if match:
                    del self._data[:match.end()]
                    return data[:match.start()], match
                if self._closed:
                    raise ChannelClosed(self._tail())
                left = deadline - time.monotonic()
                if left <= 0:
                    raise ChannelTimeout(
                        f"no {pattern.decode(errors='replace')!r} within {timeout:.0f} s; "
                        f"last came:\n{self._tail()}"
                    )
                self._changed.wait(left)

    def _tail(self) -> str:
        return bytes(self._data[-2000:]).decode(errors="replace")

    def discard(self) -> bytes:
        """Take all that came in and was not looked at."""
        with self._changed:
            data = bytes(self._data)
            self._data.clear()
            return data

    def wait_closed(self, timeout: float) -> bool:
        """Wait until the other end is gone; False if it is still there."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed, timeout)

    def close(self) -> None:
        """Close this end. All that came in is in the log after this."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._reader.join(5)
        self._socket.close()
        if self._log:
            self._log.close()
