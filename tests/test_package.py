"""The package as a whole: what it ships, and that what its docstrings show is true."""

from __future__ import annotations

import doctest
import pkgutil
import subprocess
import sys
import tomllib
from importlib import import_module, metadata, resources
from pathlib import Path

import pytest

import klcli

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MODULES = sorted(
    module.name for module in pkgutil.walk_packages(klcli.__path__, f"{klcli.__name__}.")
)
EXAMPLES = [
    pytest.param(test, id=test.name)
    for name in MODULES
    for test in doctest.DocTestFinder(exclude_empty=True).find(import_module(name))
    if test.examples
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_docstrings_show_what_happens(example):
    failed, tried = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example)
    assert tried > 0
    assert failed == 0


def test_the_version_is_that_of_the_installed_package():
    try:
        installed = metadata.version("klcli")
    except metadata.PackageNotFoundError:
        pytest.skip("klcli is not installed here")
    assert installed == klcli.__version__


def test_types_and_schema_are_shipped():
    package = resources.files("klcli")
    assert package.joinpath("py.typed").is_file()
    assert package.joinpath("render", "schema.json").is_file()


@pytest.mark.parametrize("name", klcli.__all__)
def test_public_names_can_be_had(name):
    assert getattr(klcli, name)
    assert name in dir(klcli)


def test_other_names_are_refused():
    with pytest.raises(AttributeError, match="'klcli' has no attribute 'nonsense'"):
        klcli.nonsense  # noqa: B018


def test_the_command_is_the_module():
    module, _, function = PROJECT["scripts"]["kl"].partition(":")
    assert callable(getattr(import_module(module), function))


def test_nothing_but_declared_packages_is_imported():
    """Every module can be imported where only the run-time dependencies are."""
    undeclared = [
        "hypothesis",
        "jsonschema",
        "matplotlib",
        "pandas",
        "pyarrow",
        "pytest",
        "sklearn",
    ]
    script = (
        f"import sys\nfor name in {undeclared}: sys.modules[name] = None\n"
        f"from importlib import import_module\nfor name in {MODULES}: import_module(name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
