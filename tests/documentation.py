"""Runs the commands that the documentation shows, and writes what they print back into it.

    python tests/documentation.py README.md examples/README.md

A ``console`` block holds lines that start with ``$ `` (continued by lines that start with ``> ``),
each followed by what it prints on a terminal of 100 columns. A line that is a lone ``…`` stands
for any number of lines.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
WIDTH = 100
CUT = "…"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_END = "\x1e"


@dataclass(frozen=True)
class Shown:
    """A command, its lines joined, and the text shown below it."""

    command: str
    output: str

    def agrees(self, output: str) -> bool:
        """Whether `output` is what is shown, but for what ``…`` leaves out."""
        parts = (
            r"(?:.*\n)*?" if line == CUT else re.escape(line) + "\n"
            for line in self.output.splitlines()
        )
        return re.fullmatch("".join(parts), output) is not None


def blocks(text: str, language: str) -> list[str]:
    """Return the content of each fenced block in `language`."""
    return [match[2] for match in _BLOCK.finditer(text) if match[1] == language]


def commands(block: str) -> list[Shown]:
    """Split a console block into commands with their output."""
    shown = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        first, *rest = part.splitlines(keepends=True)
        more = 0
        while more < len(rest) and rest[more].startswith("> "):
            more += 1
        command = first + "".join(line.removeprefix("> ") for line in rest[:more])
        shown.append(Shown(command.rstrip("\n"), "".join(rest[more:])))
    return shown


def run(lines: list[str], folder: Path) -> list[str]:
    """Run commands in one shell, as in a terminal, and return what each of them prints.

    Parameters
    ----------
    lines : list of str
        The commands; a later one sees the variables, files and ``$?`` of those before.
    folder : Path
        Where they run, with the examples beside them.
    """
    (folder / "examples").symlink_to(ROOT / "examples")
    tools = folder / ".bin"
    tools.mkdir()
    (tools / "kl").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m klcli "$@"\n')
    (tools / "kl").chmod(0o755)
    path = [str(tools), str(Path(sys.executable).parent), os.environ["PATH"]]
    environment = {
        **os.environ,
        "PATH": os.pathsep.join(path),
        "PYTHONPATH": str(ROOT),
        "COLUMNS": str(WIDTH),
        "TERM": "dumb",  # no progress bar and no bold print
        "LC_ALL": "C.UTF-8",
    }
    script = "".join(f"{line}\nstatus=$?; printf '\\036'; (exit $status)\n" for line in lines)
    terminal, screen = pty.openpty()
    with subprocess.Popen(
        ["bash", "-c", script], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
        stdout=screen, stderr=screen,
    ):  # fmt: skip
        os.close(screen)
        printed = _all(terminal).decode().replace("\r\n", "\n")
    os.close(terminal)
    return printed.split(_END)[:-1]


def _all(terminal: int) -> bytes:
    received = b""
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # how Linux says that nobody writes to it any more
            return received
        if not chunk:
            return received
        received += chunk


def renewed(text: str) -> str:
    """Return the text with the output of each command as it is now."""
    return _BLOCK.sub(lambda match: _renewed(match) if match[1] == "console" else match[0], text)


def _renewed(match: re.Match[str]) -> str:
    shown = commands(match[2])
    with tempfile.TemporaryDirectory() as folder:
        printed = run([each.command for each in shown], Path(folder))
    lines = ["```console\n"]
    for each, output in zip(shown, printed, strict=True):
        lines.append("$ " + each.command.replace("\n", "\n> ") + "\n")
        lines.append(each.output if each.agrees(output) else output)
    return "".join(lines) + "```"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        document = Path(name)
        document.write_text(renewed(document.read_text(encoding="utf-8")), encoding="utf-8")
