"""Runs the application: whatever goes wrong becomes one line, a hint and an exit code."""

from __future__ import annotations

import gc
import os
import sys

from klcli import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

USAGE, INTERNAL, INTERRUPTED = 2, 3, 130


def run() -> NoReturn:
    """Run ``kl`` as the whole of a process.

    The process ends without Python's clearing up, which would take about 0.1 s and change nothing:
    by then files are closed and results written.
    """
    # What a command allocates lives until it ends: looking for garbage among it again and again
    # while modules are imported would take a tenth of a second.
    gc.set_threshold(100_000, 50, 100)
    try:
        from klcli.later import put_off

        # Polars imports this, for a fifth of the time that it takes, and hardly anyone needs it.
        put_off("importlib.metadata")
        exit_code = main()
    except KeyboardInterrupt:
        exit_code = INTERRUPTED
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(exit_code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``kl`` and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words of the command line after ``kl``; those of the process if left out.

    Returns
    -------
    int
        0 done, 1 a gate tripped, 2 wrong usage or input, 3 internal failure, 130 interrupted.
    """
    try:
        return _main(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED


def _main(arguments: Sequence[str] | None) -> int:
    # Most of the first tenth of a second is spent on imports: they stand here so that Ctrl-C then
    # ends as quietly as later.
    import warnings

    import typer

    from klcli.cli.app import application
    from klcli.cli.output import silence_stdout
    from klcli.errors import KlcliError

    # Typer exports this one of its usage errors; the others share its base.
    typer_usage_error: Any = typer.BadParameter.__base__
    # Our matrices are small: threads of NumPy's linear algebra only wait for each other, for half
    # a second where the processor is busy. Once NumPy is imported this would change nothing, and
    # only make `one_thread` believe that it did.
    if "numpy" not in sys.modules:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    debug = bool(os.environ.get("KLCLI_DEBUG"))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # an encoding without ‖ or … must not end in an error
            stream.reconfigure(errors="backslashreplace")
    if not (debug or sys.warnoptions):
        warnings.simplefilter("ignore")  # klcli's own warnings are part of its results
    try:
        words = sys.argv[1:] if arguments is None else arguments
        # What is to be completed stands in the environment.
        app = application(() if "_KL_COMPLETE" in os.environ else words)
        return app(args=words, prog_name="kl", standalone_mode=False) or 0
    except KlcliError as error:
        return _fail(error.message, error.hint, error.exit_code)
    except typer_usage_error as error:
        command = error.ctx.command_path if error.ctx else "kl"
        return _fail(_sentence(error.format_message()), f"see {command} --help", error.exit_code)
    except SystemExit as stop:
        if isinstance(stop.__context__, BrokenPipeError):  # Typer found nobody reading its help
            silence_stdout()
            return 0
        raise
    except OSError as error:
        # What is wrong with a file that has a name is no bug of kl.
        if debug or not (error.filename and error.strerror):
            return _bug(error)
        name = str(error.filename)
        return _fail(f"{name}: {error.strerror}", "check the name, and who may use it", USAGE)
    except Exception as error:  # noqa: BLE001 - the last resort, and the traceback can be had
        return _bug(error)


def _fail(message: str, hint: str, exit_code: int) -> int:
    from klcli.cli.output import write_error

    write_error(f"error: {message}")
    if hint:
        write_error(f"hint: {hint}")
    return exit_code


def _bug(error: Exception) -> int:
    from klcli.errors import internal

    if os.environ.get("KLCLI_DEBUG"):
        import traceback

        traceback.print_exception(error)
    return _fail(
        internal(error), "this is a bug in kl; KLCLI_DEBUG=1 shows where it happened", INTERNAL
    )


def _sentence(message: str) -> str:
    """Return Typer's message as one line in the manner of our own: lower case, no full stop."""
    message = " ".join(message.split()).removesuffix(".")
    return message[:1].lower() + message[1:]


if __name__ == "__main__":
    run()
