# SPDX-License-Identifier: Apache-2.0
"""What goes wrong for a reason that the user can read."""

from __future__ import annotations


class CapsuleError(Exception):
    """Base of all errors of this package; the text is one line for the user."""


class FormatError(CapsuleError):
    """A configuration file that cannot be read."""


class TreeError(CapsuleError):
    """A device tree that contradicts itself. The text begins with the node's path."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__(f"{path}: {text}")
        self.path = path


class Unsupported(CapsuleError):
    """A machine that the hypervisor does not run on, or a wish it cannot meet."""
