"""The pictures of the README are what the commands draw."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

EXAMPLES = Path(__file__).parent.parent / "examples"
sys.path.insert(0, str(EXAMPLES))

from make_pictures import PICTURES, draw


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == "bimodal.png" else [pytest.mark.slow])
        for name in PICTURES
    ],
)
def test_pictures_are_up_to_date(name, tmp_path, capsys):
    from PIL import Image

    new, old = (
        np.asarray(Image.open(path).convert("L")).astype(float)
        for path in (draw(name, tmp_path), EXAMPLES / name)
    )
    capsys.readouterr()
    assert new.shape == old.shape
    # Other versions of the libraries move a line by a pixel here and there.
    assert np.abs(new - old).mean() < 4


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_small_and_shown(name):
    assert (EXAMPLES / name).stat().st_size < 60_000
    assert f"examples/{name}" in (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
