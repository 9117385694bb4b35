"""The documentation shows what happens: every command and every output in it is run here."""

from __future__ import annotations

import doctest
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import typer
from documentation import ROOT, Shown, blocks, commands, run

from klcli import __version__
from klcli.cli.app import application

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS = ("README.md", "examples/README.md")
TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS}
README = TEXTS["README.md"]
CONSOLE = [
    pytest.param(block, id=f"{name}:{commands(block)[0].command[:60]}")
    for name, text in TEXTS.items()
    for block in blocks(text, "console")
]
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
COMMANDS = list(typer.main.get_command(application()).commands)


@pytest.mark.parametrize("block", CONSOLE)
def test_commands_print_what_is_shown(block, tmp_path):
    shown = commands(block)
    printed = run([each.command for each in shown], tmp_path)
    for each, output in zip(shown, printed, strict=True):
        if not each.agrees(output):
            assert output == each.output, each.command  # fails, and shows where they part


@pytest.mark.parametrize("block", blocks(README, "pycon"))
def test_python_prints_what_is_shown(block, tmp_path, monkeypatch):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    test = doctest.DocTestParser().get_doctest(block, {}, "README.md", "README.md", 0)
    failed, tried = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
    assert tried > 0
    assert failed == 0


class TestHelper:
    def test_a_block_is_split_into_commands(self):
        block = "$ echo a\na\n$ echo 'b\n> c'\nb\nc\n$ true\n"
        assert commands(block) == [
            Shown("echo a", "a\n"), Shown("echo 'b\nc'", "b\nc\n"), Shown("true", ""),
        ]  # fmt: skip

    def test_commands_share_a_shell_and_a_terminal(self, tmp_path):
        lines = ["x=3", "echo $x >&2; (exit 7)", "echo $?", "test -t 1 && echo terminal"]
        assert run(lines, tmp_path) == ["", "3\n", "7\n", "terminal\n"]

    @pytest.mark.parametrize(
        ("shown", "printed", "agrees"),
        [
            ("a\nb\n", "a\nb\n", True),
            ("a\n", "a\nb\n", False),
            ("a\n…\n", "a\nb\nc\n", True),
            ("a\n…\nc\n", "a\nc\n", True),
            ("a\n…\nc\n", "a\nb\n", False),
            ("a.\n", "ab\n", False),
        ],
    )
    def test_only_a_lone_ellipsis_stands_for_anything(self, shown, printed, agrees):
        assert Shown("", shown).agrees(printed) is agrees


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readme_names_every_command(command):
    assert f"kl {command}" in README


def test_the_readme_names_no_option_that_does_not_exist():
    known = {"--group", "--upgrade", "--help", "--install-completion"}
    every = [typer.main.get_command(application())]
    for command in every:
        every += getattr(command, "commands", {}).values()
        known.update(name for parameter in command.params for name in parameter.opts)
    # Benchmarks have options of their own, which their sources name.
    for command, benchmark in re.findall(
        r"(`[^`]*python (tests/benchmarks/\w+\.py)[^`]*`)", README
    ):
        source = "".join(
            (ROOT / name).read_text(encoding="utf-8")
            for name in (benchmark, "tests/benchmarks/replications.py")
        )
        assert all(option in source for option in OPTION.findall(command))
    text = re.sub(r"`[^`]*python tests/benchmarks/[^`]*`", "", README)
    assert set(OPTION.findall(text)) <= known


def test_the_first_two_blocks_install_and_test():
    start, test = blocks(README, "sh")[:2]
    assert re.findall(r"^(?:pip|kl) .*", start, flags=re.MULTILINE) == [
        "pip install .", "kl estimate examples/jan.csv examples/jul.csv",
    ]  # fmt: skip
    assert "--group test" in test
    assert test.splitlines()[-1] == "python -m pytest -n auto"


def test_continuous_integration_runs_what_the_readme_says():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    start, test = (block.splitlines() for block in blocks(README, "sh")[:2])
    assert test[-1] in script
    assert start[-1].removeprefix("kl ").split()[0] in script


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name):
    targets = re.findall(r"\]\(([^)\s]+)\)", TEXTS[name])
    local = [target for target in targets if not urlsplit(target).scheme]
    for target in local:
        path, _, anchor = target.partition("#")
        document = (ROOT / name).parent / path if path else ROOT / name
        assert document.exists(), target
        if anchor:
            assert anchor in anchors(document), target


def anchors(document: Path) -> set[str]:
    """Return what links can name in a Markdown file: its headings, as GitHub spells them."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_nobody_is_told_to_install_a_stranger():
    for text in TEXTS.values():
        assert not re.search(r"pip install\s+kl\b", text)


def test_the_changelog_has_this_version():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(__version__)}\]", changelog, flags=re.MULTILINE)
