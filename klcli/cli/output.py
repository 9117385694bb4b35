"""Where results go: standard output in the asked format, and files by their extension."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from klcli.errors import UsageError
from klcli.render.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from klcli.monitoring.report import DriftReport
    from klcli.render.table import Style
    from klcli.results import Report

FORMATS: Final = ("table", "json", "jsonl", "csv", "tsv", "markdown")
EXTENSIONS: Final = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".md": "markdown",
    ".txt": "table",
}
#: Those of `kl drift`, which has more readers.
DRIFT_FORMATS: Final = (*FORMATS, "html", "junit", "prometheus")
#: Files that Matplotlib draws.
DRAWN: Final = {".png": "png", ".svg": "svg", ".pdf": "pdf"}
DRIFT_EXTENSIONS: Final = {
    **EXTENSIONS,
    **DRAWN,
    ".html": "html",
    ".htm": "html",
    ".xml": "junit",
    ".prom": "prometheus",
}


def render(report: Report, format_name: str, *, verbose: bool, screen: bool = False) -> str:
    """Return `report` in the named format; on a `screen`, a table fits the terminal."""
    from klcli.render import markdown, records
    from klcli.render.table import PLAIN, table

    width, style = (terminal_width(), terminal_style()) if screen else (None, PLAIN)
    renderers = {
        "table": lambda: table(report, width=width, style=style, verbose=verbose),
        "markdown": lambda: markdown.markdown(report, verbose=verbose),
        "json": lambda: records.as_json(report),
        "jsonl": lambda: records.as_jsonl(report),
        "csv": lambda: records.as_csv(report),
        "tsv": lambda: records.as_tsv(report),
    }
    return renderers[format_name]()


def check_drawing(formats: Iterable[str]) -> None:
    """Raise, before any work, if a file is to be drawn and Matplotlib is not there."""
    if not set(DRAWN.values()).isdisjoint(formats):
        from klcli.render.plot.figure import check_extra

        check_extra()


def render_drift(
    report: DriftReport, format_name: str, *, verbose: bool, screen: bool = False
) -> str | bytes:
    """Return a report of drift in the named format; on a `screen`, a table fits the terminal.

    What is drawn, "png", "svg" and "pdf", comes as bytes.
    """
    if format_name in DRAWN.values():
        from klcli.render.plot.drift import drawn

        return drawn(report, format_name)
    return _render_drift(report, format_name, verbose=verbose, screen=screen)


def _render_drift(report: DriftReport, format_name: str, *, verbose: bool, screen: bool) -> str:
    from datetime import UTC, datetime

    from klcli.render import drift_records
    from klcli.render.table import PLAIN

    def table() -> str:
        from klcli.render.drift_table import drift_table

        width, style = (terminal_width(), terminal_style()) if screen else (None, PLAIN)
        return drift_table(report, width=width, style=style, verbose=verbose)

    def markdown() -> str:
        from klcli.render.drift_markdown import drift_markdown

        return drift_markdown(report)

    def html() -> str:
        from klcli.render.html.page import html

        return html(report, written=now)

    def junit() -> str:
        from klcli.render.junit import junit

        return junit(report, written=now)

    def prometheus() -> str:
        from klcli.render.prometheus import prometheus

        return prometheus(report, written=now)

    now = datetime.now(tz=UTC)
    renderers = {
        "table": table,
        "markdown": markdown,
        "json": lambda: drift_records.as_json(report),
        "jsonl": lambda: drift_records.as_jsonl(report),
        "csv": lambda: drift_records.as_csv(report),
        "tsv": lambda: drift_records.as_tsv(report),
        "html": html,
        "junit": junit,
        "prometheus": prometheus,
    }
    return renderers[format_name]()


def on_terminal() -> bool:
    """Whether a person looks at standard output."""
    return sys.stdout is not None and sys.stdout.isatty()


def terminal_width() -> int:
    """Return the number of columns of the terminal."""
    return shutil.get_terminal_size().columns


def terminal_style() -> Style:
    """Return how to emphasise: not at all where NO_COLOR or TERM=dumb ask for it."""
    from klcli.render.table import ANSI, PLAIN

    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return PLAIN if plain else ANSI


def default_format() -> str:
    """Return the format of standard output where none is asked for."""
    return "table" if on_terminal() else "tsv"


def check_files(
    outputs: Sequence[str],
    sources: Sequence[str],
    extensions: Mapping[str, str] = EXTENSIONS,
) -> dict[Path, str]:
    """Return the format for each path of ``--output``, or say what is wrong before any work."""
    formats = {}
    for output in outputs:
        path = Path(output)
        if path.suffix.lower() not in extensions:
            known = ", ".join(extensions)
            raise UsageError(f"--output {output}: unknown extension", f"use one of: {known}")
        if not path.parent.is_dir():
            message = f"--output {output}: the folder {path.parent} does not exist"
            raise UsageError(message, f"create it first: mkdir -p {path.parent}")
        if path.is_dir():
            raise UsageError(f"--output {output} is a folder", "name a file in it")
        check_apart(f"--output {output}", path, sources)
        formats[path] = extensions[path.suffix.lower()]
    return formats


def check_apart(option: str, path: Path, sources: Sequence[str]) -> None:
    """Raise if a file that is to be written is data of this run, or of the next."""
    for source in sources:
        if Path(source).is_file():  # no need to import what knows folders and patterns
            data = path.exists() and path.samefile(source)
        else:
            from klcli.data.sources import stands_for

            data = stands_for(source, path)
        if data:
            message = f"{option} would overwrite the data it is computed from"
            if not path.exists():
                message = f"{option} would be among the data that {source} stands for"
            raise UsageError(message, "name another file")


@contextmanager
def written(files: Mapping[Path, str], made: Callable[[Path, str], str | bytes]) -> Iterator[None]:
    """Write every file that can be written; what kept others is raised when all else is done.

    Parameters
    ----------
    files : mapping of Path to str
        Format of each.
    made : callable
        Returns what a file of a format holds.
    """
    failed = None
    for path, written_as in files.items():
        try:
            write_file(path, made(path, written_as))
        except UsageError as error:
            failed = failed or error
    try:
        yield
    finally:
        if failed is not None:
            raise failed


def write_file(path: Path, content: str | bytes) -> None:
    """Write text or bytes beside `path` and rename it there, so that no reader sees half a file."""
    target = path.resolve()  # a link keeps pointing to the new file
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        if isinstance(content, str):
            content = content.encode("utf-8", errors="backslashreplace")
        beside.write_bytes(content)
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", "name another file") from error
    finally:
        beside.unlink(missing_ok=True)


def write_out(text: str) -> None:
    """Write `text` to standard output; a reader that has left early is no error."""
    if sys.stdout is None:  # closed by the caller
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        silence_stdout()
    except OSError as error:
        silence_stdout()
        message = f"cannot write to standard output: {error.strerror}"
        raise UsageError(message, "send it elsewhere, or use --output FILE") from error


def silence_stdout() -> None:
    """Let what is still in the buffer of standard output go nowhere when Python exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_error(line: str) -> None:
    """Write one line to standard error, if somebody reads it."""
    if sys.stderr is not None:
        with suppress(BrokenPipeError):
            print(printable(line), file=sys.stderr, flush=True)  # noqa: T201
