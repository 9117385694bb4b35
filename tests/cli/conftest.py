from __future__ import annotations

import sys
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from render.reports import MIXED

if TYPE_CHECKING:
    from klcli.results import Report


@dataclass
class Recorder:
    """Stands in for the estimation: answers with a report and keeps what it was asked."""

    report: Report = MIXED
    error: BaseException | None = None
    sources: tuple[str, ...] = ()
    asked: dict[str, Any] = field(default_factory=dict)

    def __call__(self, *sources: str, **asked: Any) -> Report:
        self.sources, self.asked = sources, asked
        if self.error is not None:
            raise self.error
        return self.report


@pytest.fixture
def estimation(monkeypatch):
    recorder = Recorder()
    module = ModuleType("klcli.estimation.estimate")
    module.estimate = recorder
    monkeypatch.setitem(sys.modules, "klcli.estimation.estimate", module)
    return recorder


@pytest.fixture
def kl(capsys):
    """Run ``kl`` in this process; return its exit code, standard output and standard error."""
    from klcli.__main__ import main

    def run(*words: str) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run
