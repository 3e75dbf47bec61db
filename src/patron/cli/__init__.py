"""The command `patron`: one function a command, and one place that turns errors into sentences."""

__all__ = ["main"]

import sys
from typing import Any

import typer

from patron.cli.commands import app
from patron.errors import PatronError

INTERRUPTED = 130

# Typer shows only some of click's errors, and newer ones carry a click of their own.
_UsageError: Any = typer.BadParameter.__mro__[1]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, and end the process with the contract's exit code.

    0 done; 1 done, but findings or gates say no; 2 the user's mistake; 3 a fault of ours;
    130 interrupted.
    """
    try:
        code = app(arguments, standalone_mode=False)
    except PatronError as error:
        code = _say(str(error), error.exit_code)
    except _UsageError as error:
        usage = error.ctx.get_usage() + "\n" if error.ctx else ""
        code = _say(f"{error.format_message()}\n{usage}".rstrip(), 2)
    except (KeyboardInterrupt, typer.Abort):
        code = _say("interrupted; nothing was left half written.", INTERRUPTED)
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has gone
        sys.stderr.close()
        code = 0
    except Exception:  # noqa: BLE001 (the last resort: whatever is not our user's mistake is ours)
        import traceback

        code = _say(f"this is a fault of Patron, not of yours.\n{traceback.format_exc()}", 3)
    sys.exit(code if isinstance(code, int) else 0)


def _say(message: str, code: int) -> int:
    sys.stderr.write(f"patron: {message}\n")
    return code
