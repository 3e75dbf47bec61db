"""What the checks of the target share: a share with its interval, and the target's own column."""

__all__ = ["share_of", "target_column"]

from patron.audit.frame import Frame
from patron.estimate import Estimate

Z, LEVEL = 1.959964, 0.95


def share_of(count: int, n: int) -> Estimate:
    """`count` of `n` with Wilson's interval, which holds for shares near 0 and 1 too.

    >>> share = share_of(18, 100)
    >>> round(share.low, 4), round(share.high, 4)  # Wilson, 1927
    (0.117, 0.2667)
    """
    share = count / n
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * (share * (1 - share) / n + Z**2 / (4 * n**2)) ** 0.5
    low, high = max(min(middle - half, share), 0.0), min(max(middle + half, share), 1.0)
    return Estimate(share, low, high, LEVEL, n, "Wilson")


def target_column(frame: Frame) -> tuple[str, ...]:
    """The target's column, if it is one of the table's."""
    name = frame.target_name
    return (name,) if name is not None and name in frame.schema else ()
