"""The command `patron`: one function a command, and one place that turns errors into sentences."""

__all__ = ["main"]

import errno
import os
import signal
import sys
from importlib.abc import MetaPathFinder
from typing import Any

import typer

from patron.cli import ending
from patron.cli.commands import app
from patron.cli.terminal import printable
from patron.errors import PatronError

# Typer shows only some of click's errors, and newer ones carry a click of their own.
_UsageError: Any = typer.BadParameter.__mro__[1]
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, and end the process with the contract's exit code.

    0 done; 1 done, but findings or gates say no; 2 the user's mistake; 3 a fault of ours;
    128 and the signal's number where a signal ended it: 130 for Ctrl-C, 143 for SIGTERM.
    """
    sys.meta_path.insert(0, _WithoutPandas())
    ending.end_on_signals()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # not every locale has ▲
    try:
        code = app(arguments, standalone_mode=False)
        sys.stdout.flush()
    except PatronError as error:
        code = _say(str(error), error.exit_code)
    except _UsageError as error:
        code = _say_usage(error)
    except (KeyboardInterrupt, typer.Abort):
        code = None
    except (BrokenPipeError, SystemExit):  # `head` has gone; Typer makes a SystemExit of it
        code = _drop_output()
    except Exception as error:  # noqa: BLE001 (the last resort: what is not our user's is ours)
        code = None if ending.came else _say_fault(error)
    if ending.came:  # Typer and waitress take a KeyboardInterrupt for a good end
        code = _say_end(ending.came[0])
        sys.stderr.flush()
        os._exit(
            code
        )  # all is cleaned up; a fit that still runs in a thread has nothing to wait for
    sys.exit(code or 0)


class _WithoutPandas(MetaPathFinder):
    """Commands need no data frames; Arrow would load pandas at its first array (0.2 s).

    Only explainable boosting, which trains, cannot do without.
    """

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> None:  # noqa: ARG002
        if fullname == "pandas" and "interpret" not in sys.modules:
            raise ModuleNotFoundError("patron's commands do without pandas", name=fullname)


def _say(message: str, code: int) -> int:
    closed = message.endswith((".", "?", ")", "`"))
    sys.stderr.write(f"patron: {printable(message, kept=chr(10))}{'' if closed else '.'}\n")
    return code


def _say_end(by: int) -> int:
    for number in ending.NAMES:  # all is cleaned up; what is left is to leave
        signal.signal(number, signal.SIG_IGN)
    name = ending.NAMES[signal.Signals(by)]
    return _say(f"ended by {name}; nothing was left half written.", 128 + by)


def _say_usage(error: Any) -> int:
    """The mistake and how the command is called; the whole help where nothing was asked."""
    message = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(f"{message}\n")
        return 2
    usage = f"\n{error.ctx.get_usage()} (--help explains)" if error.ctx else ""
    return _say(message + usage, 2)


def _say_fault(error: Exception) -> int:
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        _drop_output()
        return _say(f"{error.filename or 'the output'} could not be written: {error.strerror}", 2)
    import traceback

    return _say(f"this is a fault of Patron, not of yours.\n{traceback.format_exc()}", 3)


def _drop_output() -> int:
    """Write what is still to come to nowhere: at its end Python would complain about it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
