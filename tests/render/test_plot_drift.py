from __future__ import annotations

import pytest
from render import drift_reports

pytest.importorskip("matplotlib")

from klcli.render.plot.drift import drawn


@pytest.mark.parametrize("name", ["MANY", "NONE"])
def test_reports_are_drawn(name):
    assert drawn(getattr(drift_reports, name), "png").startswith(b"\x89PNG")


def test_names_and_numbers_from_nowhere_do_no_harm():
    svg = drawn(drift_reports.hostile(), "svg")
    assert b"<script" not in svg
    assert svg.rstrip().endswith(b"</svg>")
