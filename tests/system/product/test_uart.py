# SPDX-License-Identifier: Apache-2.0
"""The virtual PL011: a console for guests that know a UART but no hypervisor."""

from __future__ import annotations

import re

from agency import Agency
from building import BUILD
from ci.qemu import Background
from pyjailhouse import native

CELL = "inmate-uart"
# Arm's PL011, revision 3, and the PrimeCell identification behind it.
IDENTIFICATION = "b105f00d00341011"


def test_output_without_hardware(enabled: Agency) -> None:
    """What the guest writes into the UART stands on its console, also before a newline."""
    enabled.launch(CELL, "uart")
    said = enabled.await_text(CELL, "uart: ready\r\n> ")
    assert said.startswith(f"uart: identification {IDENTIFICATION}\r\n"), said
    assert enabled.cell(CELL)["state"] == "running"
    enabled.drop(CELL)


def typist(agency: Agency, cell: str, text: str) -> Background:
    """capsulectl attached to a cell, with text for its input."""
    agency.put(text.encode(), f"/tmp/typed.{cell}")
    return agency.background(f"capsulectl console -i {cell} </tmp/typed.{cell}")


def test_input_by_polling(enabled: Agency) -> None:
    """A pipe is typed, and its end ends nothing but the input."""
    enabled.launch(CELL, "uart")
    attached = typist(enabled, CELL, "hello\rquit\r")
    said = enabled.await_output(attached, "uart: quitting")
    assert "> hello\r\nuart: 5 bytes: hello\r\n> quit\r\n" in said, said
    enabled.await_state(CELL, "shut-down")
    enabled.drop(CELL)
    assert attached.wait().status == 0


def interrupts(enabled: Agency, cell: str) -> tuple[int, int, int]:
    """What the guest counted: interrupts, of them without input, unhandled."""
    attached = typist(enabled, cell, "interrupts\r")
    said = enabled.await_output(attached, "unhandled\r\n")
    attached.stop("INT")
    found = re.findall(r"uart: (\d+) interrupts, (\d+) without input, (\d+) unhandled", said)
    return tuple(int(n) for n in found[-1])


def test_input_by_interrupt(enabled: Agency) -> None:
    """A guest that sleeps is woken by what is typed; the level falls when it has read."""
    enabled.launch(CELL, "uart", "irq=33")
    attached = typist(enabled, CELL, "hello\r")
    enabled.await_output(attached, "uart: 5 bytes: hello\r\n")
    first = interrupts(enabled, CELL)
    second = interrupts(enabled, CELL)
    assert first[0] > 0 and second[0] > first[0], (first, second)
    # One for each piece that came, none for nothing, and never a storm.
    assert second[0] <= len("hello\r" + 2 * "interrupts\r"), (first, second)
    assert first[1:] == second[1:] == (0, 0)
    enabled.drop(CELL)
    assert attached.wait().status == 0


def test_much_input_is_not_lost(enabled: Agency) -> None:
    """More than the UART holds waits at the sender; each byte comes, in order."""
    enabled.launch(CELL, "uart", "irq=33")
    lines = [f"{n:04} {'x' * (n % 90)}" for n in range(200)]
    attached = typist(enabled, CELL, "".join(f"{line}\r" for line in lines))
    said = enabled.await_output(attached, f": {lines[-1]}\r\n", 120)
    assert re.findall(r"^uart: \d+ bytes: (.*)\r$", said, re.MULTILINE) == lines
    assert interrupts(enabled, CELL)[1:] == (0, 0)
    enabled.drop(CELL)


def test_input_waits_for_the_start(enabled: Agency) -> None:
    """What is typed before the cell runs, and after it stopped, is kept at the sender."""
    enabled.create(CELL)
    enabled.load(CELL, "uart")
    attached = typist(enabled, CELL, "early\rquit\rlate\rquit\r")
    enabled.do(f"cell start {CELL}")
    enabled.await_output(attached, "uart: 5 bytes: early")
    enabled.await_state(CELL, "shut-down")
    enabled.drop(CELL)
    assert attached.wait().status == 0


def derive(name: str, cpu: int) -> bytes:
    """The shipped cell under another name, on another CPU."""
    cell = native.read_cell((BUILD / f"configs/{CELL}.cell").read_bytes())
    cell.name, cell.cpus = name, [1 << cpu]
    return native.write_cell(cell)


def test_three_cells_at_once(enabled: Agency) -> None:
    """Typed into and read at once, each hears and says its own only, every line whole."""
    names = ("left", "middle", "right")
    attached = {}
    for cpu, name in enumerate(names, 1):
        enabled.do(f"cell create {enabled.put_config(name, derive(name, cpu))}")
        enabled.load(name, "uart", "irq=33")
        enabled.do(f"cell start {name}")
    # All that is said fits the ring, however late its reader is.
    for name in names:
        text = "".join(f"{name} {n}\rflood 10\r" for n in range(10)) + f"end of {name}\r"
        attached[name] = typist(enabled, name, text)
    for name in names:
        said = enabled.await_output(attached[name], f": end of {name}\r\n", 120)
        mine = [x for x in said.splitlines() if re.match(r"uart: \d+ bytes: ", x)]
        assert [x.partition("bytes: ")[2] for x in mine] == [
            *(f"{name} {n}" for n in range(10)), f"end of {name}"]
        assert said.count(" of the flood\r\n") == 100 and "lost]" not in said
        assert len(re.findall(r"^uart: line \d+ of the flood\r$", said, re.MULTILINE)) == 100
        assert not any(other in said for other in names if other != name)
        enabled.drop(name)
        assert attached[name].wait().status == 0


def test_a_slow_reader_counts_its_loss(enabled: Agency) -> None:
    """What it gets and what it is told is lost make up all that was written."""
    enabled.launch(CELL, "uart")
    slow = enabled.background(f"capsulectl console -f {CELL}")
    enabled.await_output(slow, "uart: ready\r\n> ")
    slow.signal("STOP")
    writer = typist(enabled, CELL, "flood 1000\rend\r")
    enabled.await_output(writer, "uart: 3 bytes: end\r\n> ", 120)
    slow.signal("CONT")
    said = enabled.await_output(slow, "uart: 3 bytes: end\r\n> ")
    lost = [int(n) for n in re.findall(r"\[(\d+) bytes lost\]\n", said)]
    assert lost and all(n > 0 for n in lost), said[:400]
    start = f"uart: identification {IDENTIFICATION}\r\nuart: ready\r\n> flood 1000\r\n"
    whole = len(start) + sum(len(f"uart: line {n} of the flood\r\n") for n in range(1000)) + len(
        "> end\r\nuart: 3 bytes: end\r\n> ")
    got = len(re.sub(r"\[\d+ bytes lost\]\n", "", said))
    assert got + sum(lost) == whole
    enabled.drop(CELL)


def test_attach_at_a_terminal(enabled: Agency) -> None:
    """The escape leaves, the terminal is as before, and the cell runs on."""
    settings = enabled.shell("stty -a")
    enabled.launch(CELL, "uart", "irq=33")
    enabled.type(f"capsulectl console {CELL}\n")
    enabled.await_console("~. at the beginning of a line leaves]")
    enabled.type("by hand\r")
    enabled.await_console("uart: 7 bytes: by hand")
    enabled.type("\x03\r")  # Ctrl-C is the guest's
    enabled.await_console("uart: 1 bytes: \x03")
    enabled.type("no ~.\r~~.\r")
    enabled.await_console("uart: 5 bytes: no ~.")
    enabled.await_console("uart: 2 bytes: ~.")
    enabled.type("~.")
    enabled.await_console("left, and running on]")
    enabled.await_prompt()
    assert enabled.shell("stty -a") == settings
    assert enabled.cell(CELL)["state"] == "running"
    # Destroyed while somebody is attached.
    enabled.type(f"capsulectl console {CELL}\n")
    enabled.await_console("~. at the beginning of a line leaves]")
    enabled.drop(CELL)
    enabled.await_console("destroyed]")
    enabled.await_prompt()
    assert enabled.shell("stty -a") == settings


def test_cells_without_a_uart_take_no_input(enabled: Agency) -> None:
    enabled.launch("capsule", "hello")
    enabled.refuses("console -i capsule", "NO_INPUT", "capsule", "CAPSULE_CON_VIRTUAL")
    enabled.drop("capsule")


def test_configurations_that_the_hypervisor_refuses(enabled: Agency) -> None:
    """What the checker cannot know: how many interrupts the machine's GIC numbers."""
    cell = native.read_cell(derive("beyond", 1))
    cell.console.irq = 900
    path = enabled.put_config("beyond", native.write_cell(cell))
    enabled.refuses(f"cell create {path}", "CFG_IRQ", "900")
