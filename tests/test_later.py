from __future__ import annotations

import subprocess
import sys

import pytest

import klcli.later


def fresh(script: str) -> str:
    """Return what a script prints in a process of its own."""
    words = [sys.executable, "-c", script]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "use",
    [
        "import importlib.metadata\nprint(importlib.metadata.version('numpy'))",
        "from importlib.metadata import version\nprint(version('numpy'))",
        "import importlib.metadata as it\nprint(it.version('numpy'), it.version('polars'))",
        "from importlib import metadata\nprint(metadata.PackageNotFoundError.__name__)",
    ],
)
def test_a_module_that_was_put_off_is_there_when_it_is_used(use):
    later = "from klcli.later import put_off\nput_off('importlib.metadata')\n"
    assert fresh(later + use) == fresh(use)


def test_a_module_that_was_put_off_is_not_imported_before():
    script = """
import sys
from klcli.later import put_off
put_off("importlib.metadata")
import importlib.metadata
print("email" in sys.modules)
importlib.metadata.version
print("email" in sys.modules, type(sys.modules["importlib.metadata"]).__name__)
"""
    assert fresh(script) == "False\nTrue module"


def test_a_name_that_does_not_exist_is_an_error():
    script = """
from klcli.later import put_off
put_off("importlib.metadata")
import importlib.metadata
print(hasattr(importlib.metadata, "no_such_name"))
"""
    assert fresh(script) == "False"


def test_a_module_that_is_there_stays():
    before = sys.modules["klcli.later"]
    klcli.later.put_off("klcli.later")
    assert sys.modules["klcli.later"] is before
