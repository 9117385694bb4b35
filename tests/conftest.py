"""What holds for every test."""

import os

import pytest

# Before NumPy is imported: threads cost more than they give on small matrices.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture
def folds_once(monkeypatch):
    """Draw the folds of joint estimates once, for speed.

    Small samples have them drawn several times, which takes off only a small part of their error.
    """
    monkeypatch.setattr("klcli.joint.ratio._MOST_REPEATS", 1)
