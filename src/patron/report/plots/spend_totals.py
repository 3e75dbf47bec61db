"""Forecast spend against what was spent: by tenths, in all, as an order, and the chance of any."""

__all__ = [
    "deciles_missed",
    "money_gains",
    "spend_deciles",
    "spend_total",
    "spend_zero",
    "total_by_decile",
]

from collections.abc import Mapping, Sequence
from typing import Any

from patron.report.cash import cash, rounded
from patron.report.numbers import count, known, of_100, percent, short
from patron.report.plots.base import HEIGHT, PAIR, Picture, frame, picture
from patron.report.plots.chances import calibration_misses, misses_allowed
from patron.report.scale import Scale, fit
from patron.report.svg import Drawing, Panel

Spend = Mapping[str, Any]
Rows = Sequence[Mapping[str, Any]]
STRETCHED = 20


def deciles_missed(rows: Rows) -> tuple[int, int, int]:
    """In how many tenths the forecast lies below and above what was spent, and of how many."""
    judged = [row["observed"] for row in rows if _whole(row["observed"])]
    said = [row["predicted"] for row in rows if _whole(row["observed"])]
    below = sum(p < e["low"] for p, e in zip(said, judged, strict=True))
    above = sum(p > e["high"] for p, e in zip(said, judged, strict=True))
    return below, above, len(judged)


def spend_deciles(total: Mapping[str, Any]) -> Picture:
    """Mean forecast and mean spend in each tenth by forecast."""
    rows = total["deciles"]
    seen = [v for row in rows for v in (row["predicted"], row["observed"]["value"]) if known(v)]
    logged = bool(seen) and min(seen) > 0 and max(seen) > STRETCHED * min(seen)
    ends = [
        e
        for row in rows
        for e in (row["observed"]["low"], row["observed"]["high"])
        if known(e) and not (logged and e < min(seen) / 3)
    ]
    low, high = min([*seen, *ends], default=0.0), max([*seen, *ends], default=1.0)
    domain = (low / 1.2, high * 1.2) if logged else fit(low, high, zero=True)

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, HEIGHT)
        panel = Panel(
            sheet,
            Scale(0.4, len(rows) + 0.6, 62, width - 14),
            Scale(*domain, HEIGHT - 46, 56, "log10" if logged else "linear"),
        )
        panel.y_axis("mean spend" + (", log scale" if logged else ""), show=cash)
        _tenths(panel, [row["decile"] for row in rows])
        _names(sheet, "○ forecast", "● observed")
        for row in rows:
            _pair(panel, row["decile"], row["predicted"], row["observed"], row["n"])
        return sheet

    return picture(
        "spend-deciles",
        _deciles_title(rows),
        "Customers of the holdout in tenths by their forecast: mean forecast, and what they spent "
        "on average, with its interval.",
        draw,
        width=PAIR,
    )


def total_by_decile(total: Mapping[str, Any]) -> Picture | None:
    """What each tenth spent in all, for each 100 forecast."""
    rows = [r for r in total["deciles"] if r["total_predicted"] and r["total_predicted"] > 0]
    if not rows:
        return None
    points = [_ratio(row) for row in rows]
    ends = [v for p in points for v in (p["value"], p["low"], p["high"]) if known(v)]
    domain = fit(min([*ends, 1.0]), min(max([*ends, 1.0]), 3.0))

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, HEIGHT)
        panel = Panel(
            sheet, Scale(0.4, len(total["deciles"]) + 0.6, 62, width - 14),
            Scale(*domain, HEIGHT - 46, 32),
        )  # fmt: skip
        panel.y_axis("observed, for each 100 % forecast", show=percent)
        _tenths(panel, [row["decile"] for row in rows])
        sheet.line(panel.x.start, panel.y(1.0), panel.x.end, panel.y(1.0), "ref")
        for row, p in zip(rows, points, strict=True):
            if known(p["low"]) and known(p["high"]):
                panel.whisker(row["decile"], *_cut(p["low"], p["high"], domain), "model whisker")
            if known(p["value"]):
                tip = f"{cash(row['total_observed'])} of {cash(row['total_predicted'])} forecast"
                y = panel.y(min(p["value"], domain[1]))
                sheet.mark(panel.x(row["decile"]), y, "model dot", tip=tip)
        return sheet

    return picture(
        "spend-total-deciles",
        _ratio_title(rows, points),
        "What each tenth by forecast spent in all, as a share of what was forecast (dashed); with "
        "intervals.",
        draw,
        width=PAIR,
    )


def spend_total(total: Mapping[str, Any]) -> Picture:
    """The forecast total with its interval, and what was spent."""
    three = [total[key] for key in ("low", "expected", "high")]
    known_all = [v for v in [*three, total["observed"]] if known(v)]
    room = (max(known_all, default=1.0) - min(known_all, default=0.0)) * 0.2
    domain = fit(max(min(known_all, default=0.0) - room, 0.0), max(known_all, default=1.0) + room)

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, 124)
        panel = Panel(sheet, Scale(*domain, 44, width - 44), Scale(0, 1, 86, 10))
        panel.x_axis(show=cash, about=5 if width > PAIR else 3)
        if known(total["low"]) and known(total["high"]):
            x, end = panel.x(total["low"]), panel.x(total["high"])
            sheet.rect(x, 34, end - x, 14, "band")
            sheet.line(x, 41, end, 41, "model whisker")
        if known(total["expected"]):
            x = panel.x(total["expected"])
            sheet.mark(x, 41, "model dot", r=6)
            sheet.text(
                x, 26, f"forecast {cash(total['expected'])}", "model-name halo", anchor="middle"
            )
        if known(total["observed"]):
            x = panel.x(total["observed"])
            sheet.mark(x, 41, "buyers dot", shape="diamond", r=5)
            words = f"observed {cash(total['observed'])}"
            sheet.text(x, 68, words, "buyers-name halo", anchor="middle")
        return sheet

    return picture(
        "spend-total",
        _total_title(total),
        f"The total of {count(total['n'])} customers of the holdout: forecast with its interval, "
        f"and observed. {total['method']}",
        draw,
    )


def money_gains(spend: Spend) -> Picture | None:
    """The share of the spend that the customers with the highest forecasts held."""
    curve, tenth = spend["gains"], spend["top_10_capture"]
    if not all(map(known, [*curve["captured"], *curve["oracle"]])):
        return None
    title = "How well the top spenders are found we cannot say"
    if known(tenth["value"]):
        title = (
            "The 10 of 100 customers with the highest forecasts held "
            f"{of_100(tenth['value'])} dollars"
        )

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, HEIGHT)
        panel = frame(sheet, (0, 1), (0, 1))
        panel.y_axis("spend found", show=percent)
        panel.x_axis("customers, highest forecasts first", show=percent)
        panel.diagonal(1, "in a random order", at=0.62)
        xs = curve["contacted"]
        panel.curve(xs, curve["oracle"], "ref solid-ref")
        near = next((x for x, y in zip(xs, curve["oracle"], strict=True) if y >= 0.97), 0.4)
        at = panel.x(min(max(near, 0.25), 0.6))
        sheet.text(at, panel.y.end - 8, "best possible order", "ref-name")
        panel.curve(xs, curve["captured"], "model line")
        if known(tenth["value"]):
            x, y = panel.x(0.1), panel.y(tenth["value"])
            if known(tenth["low"]) and known(tenth["high"]):
                panel.whisker(0.1, tenth["low"], tenth["high"], "model whisker")
            sheet.mark(x, y, "model dot", r=5, tip=percent(tenth["value"]))
            label = percent(tenth["value"])
            if known(tenth["low"]) and known(tenth["high"]):
                label += f" [{short(100 * tenth['low'])}, {short(100 * tenth['high'])}]"
            sheet.text(x + 14, y + 22, label, "value halo")
        return sheet

    return picture(
        "spend-gains",
        title,
        "Share of the holdout's spend against share of its customers, those with the highest "
        "forecasts first; at one in ten with its interval.",
        draw,
        width=PAIR,
    )


def spend_zero(spend: Spend) -> Picture | None:
    """Stated chance to spend anything, and the share that did."""
    points = [p for p in spend["zero"]["calibration"] if known(p["observed"])]
    if not points:
        return None
    reach = max(max(p["predicted"], p["high"] if known(p["high"]) else 0.0) for p in points)
    top = min(fit(0, reach, zero=True)[1], 1.0)

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, HEIGHT)
        panel = frame(sheet, (0, top), (0, top))
        panel.y_axis("spent anything", show=percent)
        panel.x_axis("stated chance to spend anything", show=percent)
        panel.diagonal(top, "perfect calibration", at=0.8)
        for p in points:
            if known(p["low"]) and known(p["high"]):
                panel.whisker(p["predicted"], p["low"], p["high"], "model whisker")
            tip = f"stated {percent(p['predicted'])}: {percent(p['observed'])} of {p['n']:,} spent"
            sheet.mark(panel.x(p["predicted"]), panel.y(p["observed"]), "model dot", tip=tip)
        return sheet

    below, above = calibration_misses(points)
    if below + above <= misses_allowed(len(points)):
        agree = len(points) - below - above
        title = f"agrees with what happened in {agree} of {len(points)} groups"
    else:
        way = "high" if above >= below else "low"
        title = f"is too {way} in {max(above, below)} of {len(points)} groups"
    return picture(
        "spend-zero",
        f"The chance to spend anything {title}",
        "Customers of the holdout in groups of like chance: mean chance, and the share that spent, "
        "with its interval.",
        draw,
        width=PAIR,
    )


def _pair(panel: Panel, at: float, said: float, seen: Mapping[str, Any], n: int) -> None:
    sheet, floor = panel.sheet, panel.y.low
    if _whole(seen):
        ends = (max(seen["low"], floor), max(seen["high"], floor))
        panel.whisker(at, *ends, "buyers whisker")
    if known(seen["value"]):
        tip = f"observed {cash(seen['value'])}, {count(n)} customers"
        sheet.mark(panel.x(at), panel.y(max(seen["value"], floor)), "buyers dot", tip=tip)
    if known(said):
        tip = f"forecast {cash(said)}"
        y = panel.y(max(said, floor))
        sheet.mark(panel.x(at), y, "model hollow see-through", r=6.5, tip=tip)


def _names(sheet: Drawing, said: str, seen: str) -> None:
    sheet.text(0, 16, said, "model-name")
    sheet.text(84, 16, seen, "buyers-name")


def _tenths(panel: Panel, deciles: Sequence[int]) -> None:
    floor = panel.y.start
    panel.sheet.line(panel.x.start, floor, panel.x.end, floor, "axis")
    for each in deciles:
        panel.sheet.text(panel.x(each), floor + 18, str(each), anchor="middle")
    middle = (panel.x.start + panel.x.end) / 2
    words = "tenth of the customers (10: highest forecasts)"
    panel.sheet.text(middle, floor + 38, words, "axis-title", anchor="middle")


def _ratio(row: Mapping[str, Any]) -> dict[str, Any]:
    """Observed as a share of forecast, with the interval of what was observed."""
    scale, seen = row["n"] / row["total_predicted"], row["observed"]
    return {
        "value": row["total_observed"] / row["total_predicted"],
        **{end: scale * seen[end] if known(seen[end]) else None for end in ("low", "high")},
    }


def _cut(low: float, high: float, domain: tuple[float, float]) -> tuple[float, float]:
    return max(low, domain[0]), min(high, domain[1])


def _whole(e: Mapping[str, Any]) -> bool:
    return known(e["value"]) and known(e["low"]) and known(e["high"])


def _deciles_title(rows: Rows) -> str:
    below, above, judged = deciles_missed(rows)
    if not judged:
        return "Whether forecasts agree with what was spent we cannot say: intervals are missing"
    if below + above <= misses_allowed(judged):
        agree = judged - below - above
        return f"Forecast and spend agree within noise in {agree} of {judged} tenths"
    way = "low" if below >= above else "high"
    return f"Forecasts are too {way} in {max(below, above)} of {judged} tenths, beyond noise"


def _ratio_title(rows: Rows, points: Sequence[Mapping[str, Any]]) -> str:
    judged = [
        (row, p)
        for row, p in zip(rows, points, strict=True)
        if known(p["value"]) and known(p["low"]) and known(p["high"])
    ]
    if not judged:
        return "How far the tenths' totals are off we cannot say: intervals are missing"
    off = [pair for pair in judged if not pair[1]["low"] <= 1 <= pair[1]["high"]]
    row, p = max(off or judged, key=lambda pair: abs(pair[1]["value"] - 1))
    way = "more" if p["value"] >= 1 else "less"
    noise = "beyond noise" if len(off) > misses_allowed(len(judged)) else "within noise"
    by = percent(round(abs(p["value"] - 1), 2))
    return f"Farthest off is tenth {row['decile']}: {by} {way} spent than forecast, {noise}"


def _total_title(total: Mapping[str, Any]) -> str:
    low, high, expected, seen = (total[k] for k in ("low", "high", "expected", "observed"))
    if not known(expected):
        return "No total was forecast"
    if not known(low) or not known(high):
        return f"The forecast total is {cash(expected)}; its interval is missing"
    said = cash(rounded(expected, low, high)[0])
    if not known(seen):
        return f"The forecast total is {said}"
    if low <= seen <= high:
        return f"The forecast total, {said}, agrees with the {cash(seen)} that were spent"
    way = "above" if seen > high else "below"
    return f"The {cash(seen)} that were spent lie {way} the interval of the forecast total, {said}"
