"""All batches against their references, one after the other."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from klcli import __version__
from klcli.data.opening import open_data
from klcli.data.selection import Selection
from klcli.data.sources import label
from klcli.data.table import Table, concatenated
from klcli.errors import InputError, UsageError
from klcli.monitoring.batches import Incoming, identity, incoming
from klcli.monitoring.changepoint import change_points
from klcli.monitoring.compare import Outcome, compare
from klcli.monitoring.deliveries import Deliveries
from klcli.monitoring.references import Earlier, First, Fixed, Opened, check_columns, compared
from klcli.monitoring.report import Batch, DriftReport, DriftResult, Verdict
from klcli.monitoring.verdicts import judged
from klcli.results import Finding, SourceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import ExitStack

    from klcli.monitoring.options import DriftOptions
    from klcli.monitoring.references import References
    from klcli.monitoring.state import State

    Progress = Callable[[str, float], None]

#: Code of a batch that could not be compared.
UNREADABLE = "unreadable"


@dataclass(slots=True)
class Grid:
    """Compares batches with their references.

    Attributes
    ----------
    options : DriftOptions
        What to look at, and how.
    state : State
        Batches that are finished, and where to keep more.
    tell : callable
        Called with what is being done and the share that is done.
    cleanup : ExitStack
        Closes what is opened.
    findings : list of Finding
        What is noticed of all batches together.
    """

    options: DriftOptions
    state: State
    tell: Progress
    cleanup: ExitStack
    findings: list[Finding] = field(default_factory=list)

    def report(self, given: Sequence[Any]) -> DriftReport:
        """Compare the sources that were given, the reference first if it is a source."""
        self.tell("opening", 0.0)
        _check_stdin(given)
        if self.options.sliding:
            batches = self._opened(self._batches(given))
            if len(batches) < 2:
                raise UsageError(
                    f"--reference {self.options.reference} needs at least two batches",
                    "give more files, or split one with --by or --time",
                )
            references: References = First(batches)
            if self.options.pooled:
                references = Earlier(batches, self.options.pooled)
            model = next((batch.data() for batch in batches if _readable(batch)), None)
        else:
            if len(given) < 2:
                raise UsageError(
                    "there is no batch to compare with the reference",
                    "name some after it; with --reference first the first one is the reference",
                )
            reference = self._opened([_whole(given[0])])[0]
            model = reference.data()
            references = Fixed(reference)
            batches = self._opened(self._batches(given[1:]))
        if model is not None:
            check_columns(list(model.schema), self.options)
            self.findings += self.options.unmatched(model.schema)
            self.options = self.options.for_columns(model.schema)
        columns = 1 if model is None else len(compared(list(model.schema), self.options))
        outcomes, complete = self._outcomes(
            batches, references, columns * (len(batches) - references.start)
        )
        if all(outcome.batch.rows == 0 for outcome in outcomes) and outcomes and complete:
            reason = outcomes[0].batch.findings[0].message
            raise InputError(f"no batch can be compared: {reason}", "check the names and formats")
        return self._assembled(references, outcomes, complete=complete)

    def _opened(self, found: Sequence[Incoming]) -> list[Opened]:
        opened = [Opened(each, self.options) for each in found]
        for each in opened:
            self.cleanup.callback(each.close)
        return opened

    def _batches(self, given: Sequence[Any]) -> list[Incoming]:
        if self.options.by is None and self.options.time is None:
            return incoming(given, self.options.input_format)
        from klcli.monitoring.splits import Split

        selection = Selection(input_format=self.options.input_format)
        tables = []
        for one in given:
            opened = open_data(one, selection, self.findings, self.cleanup)
            if not isinstance(opened, Table):
                raise InputError(
                    f"{opened.source}: a profile has no rows to split", "make one of each batch"
                )
            tables.append(opened)
        table = tables[0]
        if len(tables) > 1:
            table = concatenated(label(given[0]) + " …", tables, self.findings)
        table.needed = tuple(table.schema)
        marks = [identity(one) for one in given]
        whole = "\n".join(marks) if all(marks) else ""
        split = Split(self.options.by or self.options.time or "", self.options.window)
        return list(split.batches(table, whole, self.findings))

    def _outcomes(
        self, batches: Sequence[Opened], references: References, tests: int
    ) -> tuple[list[Outcome], bool]:
        """Compare one batch after the other, until done or interrupted."""
        outcomes: list[Outcome] = []
        count = max(len(batches) - references.start, 1)
        try:
            deliveries = Deliveries(self.options)
            for name, rows in self.state.rows():
                deliveries.recall(name, rows)
            for batch in batches[: references.start] if self.options.pooled else ():
                if _readable(batch):
                    deliveries.remember(batch.incoming.name, batch.data())
            for position, batch in enumerate(batches[references.start :], references.start):
                self._compare(batch, references, position, tests, count, outcomes, deliveries)
        except KeyboardInterrupt:
            if not outcomes:
                raise
            return outcomes, False
        self.tell("done", 1.0)
        return outcomes, True

    def _compare(
        self,
        batch: Opened,
        references: References,
        position: int,
        tests: int,
        count: int,
        outcomes: list[Outcome],
        deliveries: Deliveries,
    ) -> None:
        """Add the outcome of one batch: from the state, or by comparing it."""
        name, source = batch.incoming.name, batch.incoming.source
        marks = batch.incoming.identity, references.identity(position)
        key = self.state.key(*marks, self.options.fingerprint()) if all(marks) else ""
        done = self.state.outcome(key)
        if done is not None:
            outcomes.append(done)
            return
        step = position - references.start

        def progress(what: str, share: float) -> None:
            self.tell(f"{name}: {what}", (step + share) / count)

        progress("opening", 0.0)
        try:
            reference = references.of(position)
            outcome = compare(
                name, source, batch.data(), reference, self.options, tests=tests, progress=progress
            )
            noticed = deliveries.findings(
                name, batch.data(), None if self.options.pooled else reference
            )
            # How the reference was read, too, is no news.
            known = references.noticed(position)
            news = [finding for finding in batch.noticed() if finding not in known]
            outcome = outcome.noticing([*news, *noticed])
        except InputError as error:
            message = error.message.removeprefix(f"{source}: ")
            reason = Finding(UNREADABLE, f"{message}; {error.hint}")
            # Not remembered: the file may be complete the next time.
            outcomes.append(Outcome(Batch(name, source, 0, references.name, 0, (reason,))))
            return
        finally:
            if not self.options.sliding:
                batch.close()
        # In this order: what is on the disk must not be missing from an interrupted report.
        outcomes.append(outcome)
        self.state.add(key, outcome, deliveries.kept(name))

    def _assembled(
        self, references: References, outcomes: Sequence[Outcome], *, complete: bool
    ) -> DriftReport:
        results = judged([
            DriftResult(
                outcome.batch.name,
                column.estimate,
                self.options.setting(column.estimate.column, "tolerance"),
                float("nan"),
                float("nan"),
                Verdict.UNDECIDED,
                float("nan"),
                column.cells,
                column.changes,
                column.binnings,
            )
            for outcome in outcomes
            for column in outcome.columns
        ])  # fmt: skip
        rows = next((one.batch.reference_rows for one in outcomes if one.batch.rows), 0)
        return DriftReport(
            __version__,
            int(self.options.seed),
            self.options.unit or "",
            self.options.confidence,
            SourceInfo(references.name, rows),
            tuple(outcome.batch for outcome in outcomes),
            results,
            () if self.options.pooled else change_points(results, self.options.confidence),
            tuple(dict.fromkeys(self.findings)),
            complete,
        )


def _whole(one: Any) -> Incoming:
    """Return one source, however many files it has, as one dataset."""
    name = label(one) if isinstance(one, str | os.PathLike) else "reference"
    return Incoming(name, name, one, identity(one))


def _readable(batch: Opened) -> bool:
    try:
        batch.data()
    except InputError:
        return False
    return True


def _check_stdin(given: Sequence[Any]) -> None:
    if sum(isinstance(one, str) and one == "-" for one in given) > 1:
        raise InputError(
            "standard input can be one source only", "give the others as files, or <(command)"
        )
