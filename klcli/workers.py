"""Processes that estimate columns beside this one, as Python's threads take turns.

They are copies of a process that has done nothing yet, made before there are threads or data:
later, a copy could inherit a lock that nobody opens again. So only a command has them; from
Python, everything is computed where it is asked for.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO

Given = TypeVarTuple("Given")
Item = TypeVar("Item")
Result = TypeVar("Result")

#: Processes at most: reading, which is not their work, takes a quarter of what estimating takes.
_MOST: Final = 4

#: Seconds of waiting after which a thread looks up: nobody notices so long after Ctrl-C.
_LOOK_UP: Final = 0.2


class _Pipes:
    """The two pipes between the command and a worker."""

    def __init__(self) -> None:
        self._asked, self._answered = os.pipe(), os.pipe()

    def for_worker(self) -> tuple[BinaryIO, BinaryIO]:
        """Return where to read what is asked, and where to write answers."""
        return os.fdopen(self._asked[0], "rb"), os.fdopen(self._answered[1], "wb")

    def for_command(self) -> tuple[BinaryIO, BinaryIO]:
        """Return where to ask, and where to read answers."""
        return os.fdopen(self._asked[1], "wb"), os.fdopen(self._answered[0], "rb")

    # Each process closes what is not its own: that the other end of a pipe is closed tells a
    # worker that there is nobody to work for, and the command that a worker was killed.

    def close_worker(self) -> None:
        """Close the ends of the worker in another process."""
        os.close(self._asked[0])
        os.close(self._answered[1])

    def close_command(self) -> None:
        """Close the ends of the command in another process."""
        os.close(self._asked[1])
        os.close(self._answered[0])


#: The command's ends of all pipes, and of those to workers that wait; None for one that is dead.
_ends: list[tuple[BinaryIO, BinaryIO]] = []
_waiting: SimpleQueue[tuple[BinaryIO, BinaryIO] | None] = SimpleQueue()


@contextmanager
def workers(prepare: Callable[[], object]) -> Iterator[None]:
    """Have processes for `elsewhere`, where there are processors for them.

    Parameters
    ----------
    prepare : callable
        Imports what they will need; called once, before they part.
    """
    _keep_freed_memory()
    pipes = [_Pipes() for _ in range(_count())]
    try:
        leader = os.fork() if pipes else 0
    except OSError:  # no more processes are allowed
        for each in pipes:
            each.close_worker()
            each.close_command()
        pipes = []
    if not pipes:
        yield
        return
    if leader == 0:
        _lead(prepare, pipes)
    for each in pipes:
        each.close_worker()
        _ends.append(each.for_command())
        _waiting.put(_ends[-1])
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # where nobody waits for children
            os.kill(leader, signal.SIGTERM)
        # Closed before the wait for the leader: this alone lets workers end that have no work.
        while not _waiting.empty():
            _waiting.get()
        while _ends:
            for end in _ends.pop():
                with suppress(OSError):  # what was written to one that is dead
                    end.close()
        with suppress(ChildProcessError):
            os.waitpid(leader, 0)


def _keep_freed_memory() -> None:
    """Let arrays reuse the memory of those before them, here and in the workers.

    By default glibc gives a freed array of more than 128 kB back to the system, and taking it
    again page by page costs more than what is computed with it. It changes this bound to the size
    of what it sees freed, up to 32 MiB, and keeps twice as much (mallopt(3), M_MMAP_THRESHOLD).
    Memory that is not touched takes none.
    """
    bytes(32_000_000)


def _count() -> int:
    """Return how many processes to have: none for one processor, or if this one is in use."""
    used = "numpy" in sys.modules or "polars" in sys.modules or threading.active_count() > 1
    if sys.platform != "linux" or used:
        return 0
    # Who limits the threads of Polars has no more processors for us, either.
    allowed = os.environ.get("POLARS_MAX_THREADS", "")
    count = min(
        len(os.sched_getaffinity(0)), int(allowed) if allowed.isdecimal() else _MOST, _MOST
    )
    return count if count > 1 else 0


def _lead(prepare: Callable[[], object], pipes: list[_Pipes]) -> NoReturn:
    """Start the workers, and wait until all of them have ended or the command ends them."""
    try:
        os.setpgid(0, 0)  # Ctrl-C is the command's to answer
        for each in pipes:
            each.close_command()
        prepare()
        # These signals are waited for, not handled: a SIGTERM that came just before a wait for
        # a worker would be handled only after the wait, which may never end.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        awaited = {signal.SIGTERM, signal.SIGCHLD}
        signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
        started = set()
        for each in pipes:
            process = os.fork()
            if process == 0:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, awaited)
                for other in pipes:
                    if other is not each:
                        other.close_worker()
                _serve(*each.for_worker())
            started.add(process)
        for each in pipes:
            each.close_worker()
        while started and signal.sigwait(awaited) == signal.SIGCHLD:
            started = {process for process in started if os.waitpid(process, os.WNOHANG)[0] == 0}
        for process in started:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
    finally:
        os._exit(0)


def _serve(asked: BinaryIO, answers: BinaryIO) -> NoReturn:
    """Do what is asked for, until nobody can ask any more."""
    try:
        while True:
            function, arguments = pickle.load(asked)
            try:
                answer = pickle.dumps((True, function(*arguments)), pickle.HIGHEST_PROTOCOL)
            except Exception:  # noqa: BLE001 - the command tries, too, and meets it there
                answer = pickle.dumps((False, None))
            answers.write(answer)
            answers.flush()
    finally:
        os._exit(0)


def elsewhere(function: Callable[[*Given], Result], *arguments: *Given) -> Result:
    """Return what a function returns, from another process if there are any.

    To be called from several threads, as each waits for its result. What fails there, or because
    a process was killed, is computed here.

    Parameters
    ----------
    function : callable
        Of a module, by whose name the other process finds it.
    *arguments
        What can be pickled.
    """
    if not _ends:
        return function(*arguments)
    question = pickle.dumps((function, arguments), pickle.HIGHEST_PROTOCOL)
    ends = _waiting.get()
    done = False
    if ends is not None:
        asked, answers = ends
        try:
            asked.write(question)
            asked.flush()
            done, result = pickle.load(answers)
        except (OSError, EOFError, pickle.UnpicklingError):  # also in the middle of an answer
            ends = None
    _waiting.put(ends)
    return result if done else function(*arguments)


def side_by_side(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Return what a function that asks `elsewhere` returns for each item, in their order.

    Without workers one after the other, as they are asked for.
    """
    return in_threads(len(_ends), function, items) if _ends else map(function, items)


def in_threads(
    count: int, function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """Yield what `function` returns for each item, in their order, on so many threads.

    Where one call fails, or the caller stops listening, those that have not begun are dropped.
    """
    from concurrent.futures import ThreadPoolExecutor, wait
    from contextvars import copy_context

    with ThreadPoolExecutor(count, thread_name_prefix="column") as threads:
        # What NumPy does about overflow is a matter of the context.
        waiting = [threads.submit(copy_context().run, function, item) for item in items]
        try:
            for one in waiting:
                # Ctrl-C just before the wait would not end it, and no other thread may see to it.
                while wait([one], _LOOK_UP).not_done:
                    pass
                yield one.result()
        finally:
            for one in waiting:
                one.cancel()
