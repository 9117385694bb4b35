"""What is advised follows from the estimates and their warnings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from render.reports import HEAVY, OK, UNSEEN

from klcli.estimation.advice import advice, remarks
from klcli.results import SYMMETRIC, Finding


def column(**changes):
    """Return results of one column: all alike but for what is said of single divergences."""
    values = {
        "kl forward": 0.12, "kl reverse": 0.11, "js": 0.03, "hellinger": 0.17, "tv": 0.2,
        "chi2 forward": 0.25, "wasserstein": 3.0, "energy": 1.0, "ks": 0.19, "jeffreys": 0.23,
        "psi": 0.22, "renyi:0.5": 0.06,
    }  # fmt: skip
    results = []
    for name, value in values.items():
        divergence, _, direction = name.partition(" ")
        result = replace(
            OK, divergence=divergence, direction=direction or SYMMETRIC, estimate=value,
            finite_estimate=value, ci_low=value * 0.9, ci_high=value * 1.1,
            standard_error=value * 0.05,
        )  # fmt: skip
        key = name.replace(" ", "_").replace(":", "_").replace(".", "_")
        results.append(replace(result, **changes.get(key, {})))
    return results


def needs(results, **options):
    return {each.need: each for each in advice(results, **options)}


def test_samples_that_overlap():
    found = needs(column())
    assert found["here"].use == ("kl",)
    assert found["a metric"].use == ("√js", "hellinger", "wasserstein", "tv")
    assert found["how far, in units"].use == ("wasserstein", "energy")
    assert "3 on average" in found["how far, in units"].reason
    assert found["tails and rare values"].use == ("kl", "chi2")
    assert "60 %" in found["a probability"].reason
    assert found["any scale"].use[0] == "ks"
    assert "columns together" not in found
    assert needs(column(), alone=False)["columns together"].use == ("kl",)
    assert all(each.source for each in found.values())


@pytest.mark.parametrize(("status", "finding"), [("infinite", UNSEEN), ("lower-bound", HEAVY)])
def test_samples_that_do_not(status, finding):
    results = column(kl_forward={"status": status, "warnings": (finding,)})
    found = needs(results)
    assert found["here"].use == ("js", "hellinger", "wasserstein")
    assert finding.message in found["here"].reason
    said = {remark.divergence: remark.message for remark in remarks(results)}
    assert finding.message in said["kl P‖Q"]
    assert "kl Q‖P" not in said


def test_heavy_values():
    heavy = Finding("heavy-values", "the upper tail of P is that of a Pareto distribution")
    found = needs(column(wasserstein={"status": "lower-bound", "warnings": (heavy,)}))
    assert found["how far, in units"].use == ("energy", "ks")
    assert heavy.message in found["how far, in units"].reason


def test_categories_have_no_distance():
    gone = {"status": "undefined", "warnings": (Finding("not-applicable", "no order"),)}
    results = [
        replace(each, kind="categorical")
        for each in column(wasserstein=gone, energy=gone, ks=gone)
    ]
    found = needs(results)
    assert found["how far, in units"].use == ()
    assert found["a metric"].use == ("√js", "hellinger", "tv")
    assert "any scale" not in found
    said = {remark.divergence: remark.message for remark in remarks(results)}
    assert said["wasserstein, energy, ks"] == "have no value: no order"


def test_rare_categories():
    rare = Finding("undersampled", "categories not seen yet hold about 30 % of P")
    found = needs(column(js={"warnings": (rare,)}))
    assert found["here"].use == ("js", "hellinger", "wasserstein")
    assert rare.message in found["here"].reason


def test_what_each_depends_on():
    def said(**changes):
        return {each.divergence: each.message for each in remarks(column(**changes))}

    assert set(said()) == {"ks"}
    assert "by a shift" in said()["ks"]
    assert "cross more than once" in said(ks={"estimate": 0.08, "standard_error": 0.01})["ks"]
    assert "larger as P‖Q" in said(kl_forward={"estimate": 0.3})["kl"]
    assert "few rows" in said(chi2_forward={"estimate": 1.0})["chi2"]
    assert "no room" in said(js={"estimate": 0.68})["js"]
    assert "hide 52 %" in said(psi={"estimate": 0.11})["psi"]


def test_nothing_is_advised_where_there_is_nothing():
    gone = {"status": "undefined", "warnings": (Finding("text", "free text"),)}
    assert not list(advice([replace(each, **gone) for each in column()]))
