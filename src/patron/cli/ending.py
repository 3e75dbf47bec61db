"""Ending: signals from outside end a command in order, and none of them gets lost."""

__all__ = ["NAMES", "came", "check", "end_on_signals"]

import signal
from types import FrameType

NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM", signal.SIGHUP: "SIGHUP"}

came: list[int] = []
"""The signals that have come, in order; a process has one set of them."""


def end_on_signals() -> None:
    """Let the signals that ask for an end raise KeyboardInterrupt, so that everything cleans up.

    What the caller ignores, as `nohup` does, stays ignored.
    """
    for number in NAMES:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _raise)


def check() -> None:
    """Raise again what a library has swallowed; pyarrow does while it looks for pandas."""
    if came:
        raise KeyboardInterrupt


def _raise(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    came.append(number)
    raise KeyboardInterrupt
