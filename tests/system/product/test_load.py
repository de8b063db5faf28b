# SPDX-License-Identifier: Apache-2.0
"""Loading a cell: what a load leaves that does not come to its end."""

from __future__ import annotations

from agency import INMATES, PARAMETERS, Agency


def test_killed_load_cannot_be_started(enabled: Agency) -> None:
    """SIGKILL between the image and its parameters, which come from a slow pipe."""
    enabled.create("capsule")
    enabled.load("capsule", "hello")
    assert enabled.cell("capsule")["loaded"]
    enabled.check("mkfifo /tmp/slow")
    load = enabled.background(f"capsulectl cell load --progress capsule {INMATES}/hello.bin -a 0"
                              f" - -a {PARAMETERS:#x} <>/tmp/slow")
    enabled.await_output(load, "100%")
    status, said = load.stop("KILL")
    assert status == 128 + 9 and "loaded" not in said, said
    enabled.check("rm /tmp/slow")
    assert not enabled.cell("capsule")["loaded"]
    enabled.refuses("cell start capsule", "NOT_LOADED", "capsule", "cell load")

    enabled.load("capsule", "hello")
    enabled.do("cell start capsule")
    enabled.await_text("capsule", "hello: waiting for a shutdown request")
    enabled.drop("capsule")
