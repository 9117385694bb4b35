from __future__ import annotations

import io
import re
import sys
from dataclasses import replace

import numpy as np
import pytest
from render.plot_reports import ALL, BARS, CURVE, PLANE, report

from klcli.errors import MissingExtraError
from klcli.render.plot.palette import PAPER
from klcli.render.plot.sixel import encoded

pytest.importorskip("matplotlib")

from klcli.render.plot.figure import drawn, pixels

#: Quick to draw: two bars.
PANEL = replace(BARS, cells=BARS.cells[:2])
STARTS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.mark.parametrize("name", ["open", "known", "log", "bars", "empty", "none"])
def test_every_report_can_be_drawn(name):
    assert 100 < len(drawn(ALL[name], "png")) < 60_000


@pytest.mark.parametrize("file_format", list(STARTS))
def test_equal_numbers_give_equal_bytes_whatever_the_settings(file_format):
    import matplotlib as mpl

    first = drawn(report(PANEL), file_format, "delay")
    with mpl.rc_context({"font.size": 30, "lines.linewidth": 9}):
        assert drawn(report(PANEL), file_format, "delay") == first
        assert mpl.rcParams["font.size"] == 30
    assert first.startswith(STARTS[file_format])
    assert not re.search(rb"20\d\d-\d\d-\d\d|D:20", first)


def grey(colour: str) -> float:
    """Return the luminance of a colour, from 0 to 1 (Rec. 601)."""
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_p_and_q_differ_in_greyscale():
    """P's bars are full, Q's pale: their luminance differs by half of the whole range."""
    pale = 1 - 0.25 * (1 - grey(PAPER["q"]))
    assert pale - grey(PAPER["p"]) > 0.3


def test_pixels_have_both_colours():
    raster = pixels(report(PANEL)).astype(int)
    wanted = np.array([int(PAPER["p"][place : place + 2], 16) for place in (1, 3, 5)])
    assert np.any(np.abs(raster - wanted).sum(axis=-1) < 10)


def test_a_plane_shows_both_samples():
    assert len(drawn(report(planes=(PLANE,)), "png")) > 5_000


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError) as caught:
        drawn(report(CURVE), "png")
    assert caught.value.hint == "pip install 'klcli[plot]'"


class TestSixel:
    def decoded(self, text: str) -> np.ndarray:
        """Return the pixels that a terminal would show, in steps of 1/100."""
        body = re.fullmatch(r"\x1bP0;1q(.*)\x1b\\", text, re.DOTALL)[1]
        width, height = map(int, re.match(r'"1;1;(\d+);(\d+)', body).groups())
        image = np.full((height + 6, width, 3), -1)
        palette, colour, x, y = {}, None, 0, 0
        for token in re.finditer(
            r'"[\d;]+|#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)([?-~])|([?-~])|(\$)|(-)', body
        ):
            defined, red, green, blue, chosen, count, many, one, back, down = token.groups()
            if defined:
                palette[defined] = [int(red), int(green), int(blue)]
            elif chosen:
                colour = palette[chosen]
            elif back:
                x = 0
            elif down:
                x, y = 0, y + 6
            elif many or one:
                bits = ord(many or one) - 63
                for _ in range(int(count or 1)):
                    lines = [y + line for line in range(6) if bits >> line & 1]
                    image[lines, x] = colour
                    x += 1  # noqa: SIM113
        return image[:height]

    def test_decoding_gives_the_picture_back(self):
        rng = np.random.default_rng(5)
        picture = rng.integers(0, 6, (20, 33, 3)) * 51
        assert np.array_equal(
            self.decoded(encoded(picture.astype(np.uint8))), picture * 100 // 255
        )

    def test_a_figure_is_covered_completely(self):
        raster = pixels(report(PANEL))
        shown = self.decoded(encoded(raster))
        assert shown.min() >= 0
        assert np.abs(shown / 100 - raster / 255).max() <= 0.11


def test_a_png_can_be_read():
    from PIL import Image

    with Image.open(io.BytesIO(drawn(report(), "png"))) as image:
        assert image.size[0] == 880
