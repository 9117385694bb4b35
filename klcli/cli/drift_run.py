"""A run of ``kl drift``, as flags and the file of settings ask for it: check, compare, report, gate."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from klcli.cli import progress
from klcli.cli.output import (
    DRIFT_EXTENSIONS,
    DRIFT_FORMATS,
    check_apart,
    check_drawing,
    check_files,
    default_format,
    on_terminal,
    render_drift,
    write_error,
    write_file,
    write_out,
    written,
)
from klcli.data.ahead import read_ahead
from klcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from klcli.monitoring.config import Config
    from klcli.monitoring.report import DriftReport

#: What can trip the gate.
GATES = ("drift", "undecided", "schema", "changes", "never")


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands on the command line.

    Attributes
    ----------
    sources : list of str
        The reference and batches.
    settings : dict
        Fields of `DriftOptions` that a flag gives.
    run : dict
        What becomes of the report, by key of the file of settings; only what a flag gives.
    config : str or None
        The file of settings; None looks for one.
    no_config : bool
        Use none.
    write_baseline : str or None
        Where to write what drifts.
    """

    sources: Sequence[str]
    settings: dict[str, Any]
    run: dict[str, Any] = field(default_factory=dict)
    config: str | None = None
    no_config: bool = False
    write_baseline: str | None = None
    quiet: bool = False
    verbose: bool = False


def run(asked: Asked) -> None:
    """Compare, write and print the report, and exit with the code that is due."""
    from klcli.monitoring.config import merged

    config = _config(asked)
    if asked.verbose and not asked.quiet:
        write_error(f"settings: {config.path or 'no file'}")
    wanted = {**config.run, **asked.run}
    sources = asked.sources or wanted.get("sources")
    if not sources:
        raise UsageError(
            "there is nothing to compare",
            'name the reference and batches, or have kl.toml name them: sources = ["ref.csv", …]',
        )
    gates = wanted.get("fail-on", [])
    with _where(config, asked, "fail-on"):
        _check_gates(gates)
    format_name = wanted.get("format")
    with _where(config, asked, "format"):
        if format_name is not None and format_name not in DRIFT_FORMATS:
            raise UsageError.unknown_choice("format", format_name, list(DRIFT_FORMATS))
    with _where(config, asked, "output"):
        files = check_files(wanted.get("output", []), sources, DRIFT_EXTENSIONS)
    check_drawing(files.values())
    if asked.write_baseline is not None:
        _check_baseline(asked.write_baseline, sources)
    resume, baseline = wanted.get("resume"), wanted.get("baseline")
    if asked.write_baseline is not None and "baseline" not in asked.run:
        # The one that the settings name may be what is to be written for the first time.
        baseline = baseline if Path(baseline or "").is_file() else None
    kept = {"--resume": resume, "--baseline": baseline, "--write-baseline": asked.write_baseline}
    _check_distinct(files, kept)
    report = _compared(sources, merged(config, asked.settings), asked, resume, baseline)
    with written(files, lambda _, form: render_drift(report, form, verbose=asked.verbose)):
        shown = False
        if format_name or not files:
            screen = on_terminal()
            written_as = format_name or default_format()
            shown = written_as == "table"  # which has the notes, too
            write_out(str(render_drift(report, written_as, verbose=asked.verbose, screen=screen)))
        _tell(report, quiet=asked.quiet or shown, resume=resume)
        if asked.write_baseline is not None:
            from klcli.monitoring.baseline import accepted
            from klcli.monitoring.baseline_file import dumps

            if report.complete:
                write_file(Path(asked.write_baseline), dumps(accepted(report)))
            else:
                write_error(f"interrupted: {asked.write_baseline} is not written")
        # By now NumPy is there, which this would have made files wait for.
        from klcli.cli import drift_gate

        tripped = drift_gate.tripped(report, gates)
        for sentence in drift_gate.shortened(tripped):
            write_error(sentence)
        code = drift_gate.exit_code(report, tripped=bool(tripped))
        if code:
            raise typer.Exit(code)


def init(asked: Asked) -> None:
    """Compare, and write a file of settings that fits what was seen."""
    from klcli.cli import drift_gate
    from klcli.monitoring.config import NAME, Config, merged
    from klcli.monitoring.init import settings_file

    path = Path(asked.config or NAME)
    if path.exists():
        raise UsageError(
            f"--init does not overwrite {path}",
            "edit or remove it, or name another: --config FILE",
        )
    if path.suffix != ".toml" or not path.parent.is_dir():
        raise UsageError(
            f"--init cannot write {path}", "name a .toml file in a folder that exists"
        )
    if not asked.sources:
        raise UsageError(
            "--init has no data to look at", "name the reference and batches: kl drift --init …"
        )
    if asked.write_baseline is not None:
        raise UsageError("--init and --write-baseline exclude each other", "give one of them")
    options = merged(Config(), asked.settings)
    report = _compared(asked.sources, options, asked, asked.run.get("resume"), None)
    _tell(report, quiet=asked.quiet, resume=asked.run.get("resume"))
    if report.complete:
        write_file(path, settings_file(report, asked.sources, asked.settings, asked.run, path))
    else:
        write_error(f"interrupted: {path} is not written")
    if report.complete and not asked.quiet:
        columns = len({result.estimate.column for result in report.results})
        write_error(f"{path}: settings of {columns} columns; look through them, then: kl drift")
    code = drift_gate.exit_code(report, tripped=False)
    if code:
        raise typer.Exit(code)


def _config(asked: Asked) -> Config:
    from klcli.monitoring.config import Config, find_config, read_config

    if asked.no_config:
        if asked.config is not None:
            raise UsageError("--config and --no-config exclude each other", "give one of them")
        return Config()
    path = find_config(Path.cwd()) if asked.config is None else Path(asked.config)
    return Config() if path is None else read_config(path)


@contextmanager
def _where(config: Config, asked: Asked, key: str) -> Iterator[None]:
    """Name the file of settings in errors about a value that stands there and not in a flag."""
    try:
        yield
    except UsageError as error:
        if key in asked.run or key not in config.run:
            raise
        raise UsageError(f"{config.path}: {error.message}", error.hint) from error


def _check_gates(gates: Sequence[str]) -> None:
    for gate in gates:
        if gate not in GATES:
            raise UsageError.unknown_choice("--fail-on", gate, list(GATES))
    if "never" in gates and len(set(gates)) > 1:
        raise UsageError("--fail-on never excludes all others", "leave it out")


def _check_baseline(name: str, sources: Sequence[str]) -> None:
    path = Path(name)
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(f"--write-baseline {path}: no such file can be made", "name another file")
    check_apart(f"--write-baseline {path}", path, sources)


def _check_distinct(files: Iterable[Path], others: dict[str, str | None]) -> None:
    """Refuse reports that would be written over what the run keeps in files of its own."""
    kept = {Path(name).absolute(): option for option, name in others.items() if name is not None}
    for path in files:
        if (option := kept.get(path.absolute())) is not None:
            raise UsageError(f"--output and {option} name the same file: {path}", "name another")


def _compared(
    sources: Sequence[str], options: Any, asked: Asked, resume: str | None, baseline: str | None
) -> DriftReport:
    shown = progress.wanted(quiet=asked.quiet)
    every = not (options.column or options.exclude or options.rules)
    # Whatever is finished in the file of --resume is not read.
    ahead = sources[: 1 if resume else 2] if every else ()
    with (
        read_ahead(ahead),
        progress.ProgressBar(time_left=True) if shown else nullcontext() as bar,
    ):
        from klcli.monitoring.run import drift

        return drift(*sources, options=options, resume=resume, baseline=baseline, progress=bar)


def _tell(report: DriftReport, *, quiet: bool, resume: str | None) -> None:
    """Say on standard error what the report lacks."""
    from klcli.cli.drift_gate import unread

    for batch in unread(report):
        write_error(f"error: {batch.name}: {batch.findings[0].message}")
    if not report.complete:
        rest = "the same command goes on from here" if resume else "--resume FILE keeps them"
        done = len(report.batches)
        write_error(f"interrupted: {done} finished batches are in the report; {rest}")
    if not quiet:
        for finding in report.findings:
            write_error(f"note: {finding.message}")
