"""Labels from orders: what a customer does in the days after `as_of`, and nothing earlier.

The mirror of `events`: features see the days before `as_of`, labels see the days from
`as_of + gap_days` to `as_of + gap_days + horizon_days`, the last one not included.
"""

__all__ = ["LABELS", "check_observed", "labelled"]

from datetime import date, timedelta
from typing import Any

from patron.errors import DataError
from patron.features.lines import Lines
from patron.schema import Role
from patron.study import EventsSection

LABELS = {
    "purchased_next_{}d": (Role.TARGET, "whether the customer orders in the {} days"),
    "spend_next_{}d": (
        Role.OUTCOME,
        "what the orders of the {} days add up to, returns left aside",
    ),
}
"""The labels by name, each with its role and meaning; {} stands for `horizon_days`."""


def check_observed(as_of: date, events: EventsSection, lines: Lines) -> None:
    """Refuse a label whose days were not all observed.

    Without `observed_until` the day of the last line counts as unfinished.

    Raises
    ------
    DataError
        The window ends after `observed_until`, or after the start of the last line's day.
    """
    start = as_of + timedelta(days=events.gap_days)
    end = start + timedelta(days=events.horizon_days)
    until = events.observed_until
    if end <= (until + timedelta(days=1) if until else lines.last):
        return
    known = (
        f"[events] observed_until = {until}"
        if until
        else f"the last line is of {lines.last}, a day that may be unfinished"
    )
    raise DataError(
        f"The labels of as_of {as_of} need the days {start} to {end - timedelta(days=1)}, but "
        f"{known}. Set observed_until if the data are complete to a later day, drop this as_of or "
        "shorten horizon_days; `patron features --no-labels` needs no days after as_of."
    )


def labelled(customers: Any, orders: Any, start: Any, horizon_days: int) -> Any:
    """The customers (an Ibis table with `entity`) with the labels of the days from `start` on.

    `orders` is an Ibis table of entity, day, amount and purchase; returns are left aside.
    """
    bought_name, spend_name = (name.format(horizon_days) for name in LABELS)
    seen = orders.filter(orders.purchase, orders.day >= start, orders.day < start + horizon_days)
    window = seen.group_by("entity").aggregate(window_spend=seen.amount.sum().cast("float64"))
    both = customers.left_join(window, "entity").drop("entity_right")
    labels = {
        bought_name: both.window_spend.notnull().cast("int64"),
        spend_name: both.window_spend.fill_null(0.0),
    }
    return both.mutate(**labels).drop("window_spend")
