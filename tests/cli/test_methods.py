from __future__ import annotations

import json

import pytest

from klcli.registry import DENSITIES, JOINT
from klcli.render.catalogue import ENTRIES
from klcli.render.listing import listing


def test_all_are_listed(kl):
    code, out, err = kl("methods", "--format", "table")
    assert (code, out, err) == (0, listing(ENTRIES, "table"), "")


def test_a_pipe_gets_tsv(kl):
    assert kl("methods")[1] == listing(ENTRIES, "tsv")


def test_one_name_gives_use_and_source(kl):
    out = kl("methods", "ratio", "--format", "table")[1]
    assert out.startswith("--density ratio\n  ")
    assert "\n  When: " in out
    assert "\n  Source: Qin, Biometrika 85 (1998)" in out


def test_a_name_in_two_groups_gives_both(kl):
    found = json.loads(kl("methods", "scott", "--format", "json")[1])
    assert [entry["group"] for entry in found] == ["bins", "bandwidth"]


def test_cv_is_explained_for_each_option(kl):
    found = json.loads(kl("methods", "cv", "--format", "json")[1])
    assert [entry["group"] for entry in found] == ["bins", "bandwidth", "neighbors"]
    assert all(entry["source"] for entry in found)


def test_a_group_gives_its_members(kl):
    found = json.loads(kl("methods", "density", "--format", "json")[1])
    assert sorted(entry["name"] for entry in found) == sorted({*DENSITIES, *JOINT})


@pytest.mark.parametrize(("name", "near"), [("kdde", "kde"), ("Heavy-Tail", "heavy-tail")])
def test_a_misspelt_name_is_answered_with_the_nearest(kl, name, near):
    code, _, err = kl("methods", name)
    assert code == 2
    assert err.endswith(f"hint: did you mean '{near}'?\n")


@pytest.mark.parametrize("name", ["xy", "", "--"])
def test_an_unknown_name(kl, name):
    code, out, err = kl("methods", "--format", "table", "--", name)
    assert (code, out) == (2, "")
    assert err.startswith(
        f"error: nothing is called '{name}'\nhint: kl methods lists all; groups:"
    )
