"""An axis of days, with round dates as its ticks."""

__all__ = ["date_axis", "date_ticks"]

from datetime import date

from patron.report.svg import Panel


def date_ticks(low: float, high: float, about: int) -> list[tuple[int, str]]:
    """Firsts of months (or days, where the axis is short) as ordinals with their labels.

    >>> start, end = date(2024, 9, 1).toordinal(), date(2025, 9, 1).toordinal()
    >>> [label for _, label in date_ticks(start, end, 4)]
    ['Sep 2024', 'Dec 2024', 'Mar 2025', 'Jun 2025', 'Sep 2025']
    """
    first, last = date.fromordinal(int(low)), date.fromordinal(int(high))
    months = (last.year - first.year) * 12 + last.month - first.month
    if months < 2:
        step = max(int(high - low) // about, 1)
        days = [date.fromordinal(day) for day in range(int(low), int(high) + 1, step)]
        return [(day.toordinal(), f"{day.day} {day:%b}") for day in days]
    step = next((s for s in (1, 2, 3, 6, 12, 24, 60) if months / s <= about + 0.5), 120)
    ticks = []
    for month in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        day = date(month // 12, month % 12 + 1, 1)
        anchored = month if step >= 12 else month - (first.year * 12 + first.month - 1)
        if anchored % step == 0 and low <= day.toordinal() <= high:
            ticks.append((day.toordinal(), f"{day:%Y}" if step >= 12 else f"{day:%b %Y}"))
    return ticks


def date_axis(panel: Panel, title: str = "") -> None:
    """Ticks under the panel, its base line, and the title below in the middle."""
    sheet, floor = panel.sheet, max(panel.y.start, panel.y.end)
    about = max(int((panel.x.end - panel.x.start) / 90), 2)
    for day, words in date_ticks(panel.x.low, panel.x.high, about):
        sheet.line(panel.x(day), floor, panel.x(day), floor + 4, "axis")
        sheet.text(panel.x(day), floor + 18, words, anchor="middle")
    sheet.line(panel.x.start, floor, panel.x.end, floor, "axis")
    if title:
        middle = (panel.x.start + panel.x.end) / 2
        sheet.text(middle, floor + 38, title, "axis-title", anchor="middle")
