"""What the workers of test_workers.py are asked to do."""

import os
import time
from collections.abc import Callable

_seen = []


def prepare() -> None:
    _seen.append(True)


def prepared() -> bool:
    return _seen == [True]


def slowly() -> int:
    time.sleep(0.05)
    return os.getpid()


def divided(a: float, b: float) -> float:
    return a / b


def unpicklable() -> Callable[[], int]:
    return lambda: 7
