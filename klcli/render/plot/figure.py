"""The picture as PNG, SVG or PDF, by Matplotlib: the same bytes for the same numbers."""

from __future__ import annotations

import io
import re
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from klcli.errors import MissingExtraError
from klcli.render.plot import words
from klcli.render.plot.curves import draw_curves
from klcli.render.plot.paired import draw_bars
from klcli.render.plot.planes import draw_plane
from klcli.render.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matplotlib.figure import Figure

    from klcli.plotting.report import Panel, PlotReport
    from klcli.typing import Integers

#: Whatever the user's own settings are. Text becomes paths, so that it looks alike everywhere.
_SETTINGS: Final = {
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "hatch.linewidth": 0.6,
    "svg.fonttype": "path",
    "svg.hashsalt": "klcli",
    "pdf.fonttype": 42,
}
#: Comes with Matplotlib, so that a picture looks the same everywhere.
_FONT: Final = "DejaVu Sans"
#: What has signs that it lacks, where installed.
_OTHER_FONTS: Final = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "WenQuanYi Micro Hei", "PingFang SC",
    "Hiragino Sans", "Microsoft YaHei", "MS Gothic", "Malgun Gothic", "Noto Sans Arabic",
    "Noto Sans Devanagari", "Noto Sans Thai",
)  # fmt: skip
#: No time and no version in the file.
_METADATA: Final[dict[str, dict[str, Any]]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
}
DOTS_PER_INCH: Final = 110
_WIDTH: Final = 8.0


def check_extra() -> None:
    """Raise if Matplotlib cannot be imported.

    Raises
    ------
    MissingExtraError
        Naming the extra.
    """
    try:
        import matplotlib as mpl  # noqa: F401
    except ImportError as error:
        raise MissingExtraError.for_extra("drawing to a file", "plot") from error


def drawn(report: PlotReport, file_format: str, title: str = "") -> bytes:
    """Return the picture as the content of a file.

    Parameters
    ----------
    report : PlotReport
        What to draw.
    file_format : str
        "png", "svg" or "pdf".
    title : str
        For the metadata of the file.
    """
    return saved(lambda: _figure(report), file_format, title)


def saved(make: Callable[[], Figure], file_format: str, title: str = "") -> bytes:
    """Return a figure, made under our own settings, as the content of a file."""
    check_extra()
    if file_format == "png":
        return _png(rasterised(make))
    content = io.BytesIO()
    with _own_settings():
        metadata = {**_METADATA[file_format], **({"Title": title} if title else {})}
        make().savefig(content, format=file_format, dpi=DOTS_PER_INCH, metadata=metadata)
    return _numbered(content.getvalue()) if file_format == "svg" else content.getvalue()


def _numbered(svg: bytes) -> bytes:
    """Return an SVG whose names are numbers in the order of their definition.

    Matplotlib's own are hashes of coordinates, whose last digits are not the same each time.
    """
    names = dict.fromkeys(re.findall(rb'id="([a-zA-Z][0-9a-f]{10})"', svg))
    numbers = {name: b"%s%d" % (name[:1], place) for place, name in enumerate(names)}
    if not numbers:
        return svg
    return re.sub(b"|".join(numbers), lambda match: numbers[match[0]], svg)


@contextmanager
def _own_settings() -> Iterator[None]:
    """Set what does not depend on the user's settings; a sign without a font is drawn as a box."""
    import matplotlib as mpl
    from matplotlib import font_manager

    installed = set(font_manager.get_font_names())
    fonts = [_FONT, *(name for name in _OTHER_FONTS if name in installed)]
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font")
        mpl.rcdefaults()
        mpl.rcParams.update({**_SETTINGS, "font.family": fonts})
        yield


def _png(pixels: Integers) -> bytes:
    """Return pixels in 128 colours, which is all that lines and areas need, in half the space."""
    from PIL import Image

    content = io.BytesIO()
    image = Image.fromarray(pixels).quantize(128, dither=Image.Dither.NONE)
    image.save(content, format="png", optimize=True)
    return content.getvalue()


def pixels(report: PlotReport) -> Integers:
    """Return the picture as pixels, shape (height, width, 3), from 0 to 255."""
    check_extra()
    return rasterised(lambda: _figure(report))


def rasterised(make: Callable[[], Figure]) -> Integers:
    """Return a figure, made under our own settings, as pixels, shape (height, width, 3)."""
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with _own_settings():
        figure = make()
        figure.set_dpi(DOTS_PER_INCH)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        raster: Integers = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    return raster


def _figure(report: PlotReport) -> Figure:
    from matplotlib.figure import Figure

    heights = [_height(panel) for panel in report.panels] + [6.0] * len(report.planes)
    figure = Figure(figsize=(_WIDTH, sum(heights, start=0.5) or 1.0), layout="constrained")
    parts = figure.subfigures(max(len(heights), 1), 1, height_ratios=heights or [1], squeeze=False)
    sources = [printable(words.source(side)) for side in (report.p, report.q)]
    for panel, part in zip(report.panels, parts[:, 0], strict=False):
        _title(
            part,
            words.title(report, panel),
            [words.headline(each, report.unit) for each in panel.answers],
        )
        if panel.shape in ("curve", "steps"):
            draw_curves(part, panel, report.unit, sources)
        elif panel.shape == "bars":
            draw_bars(part, panel, report.unit, sources)
    for plane, part in zip(report.planes, parts[len(report.panels) :, 0], strict=False):
        answers = [words.headline(each, report.unit) for each in plane.answers]
        _title(part, " × ".join(plane.columns), answers)
        draw_plane(part, plane, report.unit, sources)
    return figure


def _height(panel: Panel) -> float:
    if panel.shape == "bars":
        return 1.4 + 0.32 * len(panel.cells)
    if not panel.shape:
        return 0.6
    return 6.6 if panel.confidence != panel.confidence else 5.4


def _title(part: Any, name: str, answers: list[str]) -> None:
    """Write the name of a column and what its divergence is; "$" is no formula."""
    text = "\n".join([*([printable(name)] if name else []), "    ".join(answers)])
    part.suptitle(text.replace("$", r"\$"), fontsize=10)
