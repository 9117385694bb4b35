from __future__ import annotations

import re
from pathlib import Path

import pytest

import klcli
from klcli.registry import (
    DENSITIES,
    DIVERGENCES,
    ESTIMATORS,
    INTERVALS,
    JOINT,
    JOINT_INTERVALS,
)
from klcli.render import (
    divergence_table,
    drift_warning_table,
    fit_warning_table,
    warning_table,
)
from klcli.render.catalogue import DIVERGENCES as DESCRIBED
from klcli.render.catalogue import ENTRIES, EXACT, METHODS, OBJECTIVES, WARNINGS

SOURCES = [path.read_text(encoding="utf-8") for path in Path(klcli.__file__).parent.rglob("*.py")]


def names(group):
    return [entry.name for entry in ENTRIES if entry.group == group]


@pytest.mark.parametrize(
    ("group", "registered"),
    [
        ("density", {*DENSITIES, *JOINT}),
        ("estimator", {estimator for _, estimator in ESTIMATORS}),
        ("interval", {*INTERVALS, *JOINT_INTERVALS}),
        ("divergence", {*DIVERGENCES}),
    ],
)
def test_every_registered_method_is_described_and_no_other(group, registered):
    assert sorted(names(group)) == sorted(registered)


def test_every_warning_in_the_code_is_described():
    code = re.compile(r"\bFinding\(\s*(?:code=)?\"([a-z-]+)\"")
    used = {found for source in SOURCES for found in code.findall(source)}
    assert used <= set(names("warning"))


def test_every_described_warning_can_be_given():
    # Codes that are put together, or kept in a variable, stand elsewhere as words of their own.
    built = {"only-in-p", "only-in-q"}
    tables = {
        Path(table.__file__).read_text(encoding="utf-8")
        for table in (warning_table, drift_warning_table, divergence_table, fit_warning_table)
    }
    given = "".join(source for source in SOURCES if source not in tables)
    idle = {name for name in names("warning") if f'"{name}"' not in given} - built
    assert not idle
    assert 'f"only-in-{' in given


def test_names_are_unique_within_a_group():
    keys = [(entry.group, entry.name) for entry in ENTRIES]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.group}-{entry.name}")
def test_entries_are_complete_sentences(entry):
    assert entry.summary.endswith(".")
    assert entry.use.endswith(".")
    assert len(entry.summary) <= 100
    assert not entry.source.endswith(".")


def test_all_entries_are_listed():
    assert ENTRIES == METHODS + DESCRIBED + OBJECTIVES + EXACT + WARNINGS
    assert {entry.group for entry in EXACT} == {"exact"}
    assert {entry.group for entry in WARNINGS} == {"warning"}
