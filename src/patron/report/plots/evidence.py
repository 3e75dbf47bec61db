"""The evidence of a finding as pictures: the kinds that docs/audit.md names."""

__all__ = ["evidence_pictures", "pairs"]

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from patron.report.numbers import count, known, percent, short
from patron.report.plots.base import Picture, frame, picture
from patron.report.plots.dates import date_axis
from patron.report.plots.ranked import Row, ranked
from patron.report.plots.small import wide_enough
from patron.report.scale import Scale, fit
from patron.report.svg import Drawing, Panel, text_width, wrap

Spec = Mapping[str, Any]
WIDTH, TALL = 400.0, 250.0  # two stand side by side in a finding's card
MOST_GROUPS = 12
LEAST_GAIN = 0.001
SAME = "the same"
STRETCHED = 20
"""From so many times the middle edge on, the last one asks for a logarithmic axis."""


def evidence_pictures(finding: Mapping[str, Any], place: int) -> list[Picture]:
    """The picture that the check gave, and the scores that it measured.

    `place` is the finding's number on the page.
    """
    found, drawn = finding["evidence"], []
    spec = found.get("picture")
    if spec and spec["kind"] in _KINDS:
        titled = {"title": finding["title"], **spec}
        drawn.append(_KINDS[spec["kind"]](f"finding-{place}-{spec['kind']}", titled))
    measured = _scores_of(found)
    if measured and not (spec and spec["kind"] == "scores"):
        drawn.append(_scores(f"finding-{place}-measured", measured))
    return drawn


def pairs(finding: Mapping[str, Any]) -> dict[str, Any] | None:
    """Rows side by side, each value with whether it differs within its pair; None without any."""
    spec = finding["evidence"].get("picture")
    if not spec or spec["kind"] != "pairs" or not spec["pairs"]:
        return None
    names = spec.get("names") or [""] * len(spec["pairs"])
    told = []
    for name, rows in zip(names, spec["pairs"], strict=True):
        differ = [len({*map(str, values)} - {SAME}) > 1 for values in zip(*rows, strict=True)]
        told.append(
            {"name": name, "rows": [list(zip(map(str, row), differ, strict=True)) for row in rows]}
        )
    return {
        "title": spec.get("title", finding["title"]),
        "columns": spec["columns"],
        "pairs": told,
    }


def _scores_of(found: Spec) -> dict[str, Any] | None:
    """The scores among a finding's evidence, under the names that checks share.

    Not where mending changes nothing that could be seen.
    """
    measure = found.get("measure", "score")
    if known(found.get("score_as_it_is")) and known(found.get("score_mended")):
        gained = abs(found["score_mended"] - found["score_as_it_is"])
        if gained < LEAST_GAIN:
            return None
        gain = short(gained, 2)
        way = "gains" if found["score_mended"] >= found["score_as_it_is"] else "loses"
        title = f"Mended, {found.get('cost_to', 'the model')} {way} {gain} of {measure}"
        names = {"score_as_it_is": "as it is", "score_mended": "mended"}
    elif all(known(found.get(name)) for name in ("alone", "with", "without")):
        title = (
            f"Without it the honest columns reach {measure} {found['without']:.3f}, "
            f"with it {found['with']:.3f}"
        )
        names = {
            "alone": "this alone",
            "next_best_alone": f"next best alone: {found.get('next_best', '')}",
            "with": "all columns with it",
            "without": "all columns without it",
        }
    else:
        return None
    rows = [_score(found, name, label) for name, label in names.items() if known(found.get(name))]
    return {"title": title, "measure": measure, "rows": rows, "chosen": len(rows) - 1}


def _score(found: Spec, name: str, label: str) -> dict[str, Any]:
    ends = {end: found.get(f"{name}_{end}") for end in ("low", "high")}
    return {"label": label, "value": found[name], **ends}


def _scores(name: str, spec: Spec) -> Picture:
    rows = [
        Row(
            each["label"],
            {"low": None, "high": None, **each},
            css="model" if place == spec.get("chosen") else "plain",
        )
        for place, each in enumerate(spec["rows"][:MOST_GROUPS])
    ]
    measure = spec.get("measure", "score")
    return picture(
        name,
        spec["title"],
        f"{measure[0].upper()}{measure[1:]}, cross-fitted on a sample of the labelled rows.",
        lambda width: ranked(rows, width, axis=measure),
        width=WIDTH,
    )


def _shares_by(name: str, spec: Spec) -> Picture:
    what, by = spec.get("what", "such rows"), spec.get("by", "")
    subtitle = f"Share of {what}" + (f" by {by}" if by else "")
    if "labels" in spec:
        shown = [(label, share, _of(share, n)) for label, share, n in _groups(spec)]
        return _bars(name, spec, f"{subtitle}.", shown)

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, TALL + 60)
        x = _scale(spec["edges"], width)
        edges = [_number(edge) for edge in spec["edges"]]
        top = min(fit(0, max((s for s in spec["share"] if known(s)), default=1), zero=True)[1], 1)
        panel = Panel(sheet, x, Scale(0, top or 1, TALL - 56, 48))
        panel.y_axis(show=percent)
        sheet.text(0, 16, f"share of {what}", "axis-title")
        bins = list(pairwise(edges))
        for (a, b), share, n in zip(bins, spec["share"], spec["n"], strict=True):
            if known(share):
                tip = f"{_shown(a, spec)} to {_shown(b, spec)}: {percent(share)} of {count(n)}"
                height = panel.y(0) - panel.y(share)
                _bar(sheet, x, a, b, panel.y(share), height, "model bar-fill", tip)
        sheet.line(x.start, panel.y(0), x.end, panel.y(0), "axis")
        _mark(sheet, panel, spec)
        crowd = [n / max(x(b) - x(a), 1e-9) for (a, b), n in zip(bins, spec["n"], strict=True)]
        below = Panel(sheet, x, Scale(0, max(crowd, default=0) or 1, TALL + 14, TALL - 28))
        below.bars(edges, crowd, "bar")  # counts by width: areas compare where bins are unequal
        _x_axis(below, by, spec)
        return sheet

    subtitle += "; below, how many rows lie there."
    return picture(name, spec["title"], subtitle, draw, width=WIDTH)


def _histogram(name: str, spec: Spec) -> Picture:
    marked = spec.get("mark")
    marks = marked if isinstance(marked, list) else [] if marked is None else [marked]
    column, meant = spec.get("column", ""), spec.get("mark_name", "")
    subtitle = f"How many rows have each value of {column}" if column else "How many rows have each"
    subtitle += f"; striking: {meant}." if meant else "."
    if "labels" in spec:
        total = sum(spec["counts"]) or 1
        entries = zip(spec["labels"], spec["counts"], strict=True)
        shown = [(str(label), n / total, f"{count(n)}") for label, n in entries]
        return _bars(name, spec, subtitle, shown, {str(mark) for mark in marks})

    at = [_number(mark) for mark in marks]

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, TALL)
        x = _scale(spec["edges"], width)
        edges = [_number(edge) for edge in spec["edges"]]
        top = fit(0, max(spec["counts"], default=1), zero=True)[1]
        panel = Panel(sheet, x, Scale(0, top, TALL - 46, 32))
        panel.y_axis("rows", show=count)
        bins = list(zip(pairwise(edges), spec["counts"], strict=True))
        hits = [(a, b) for (a, b), _ in bins if any(a <= m < b or m == b == edges[-1] for m in at)]
        for (a, b), n in bins:
            css = "marked" if (a, b) in hits else "bar"
            _bar(sheet, x, a, b, panel.y(n), panel.y(0) - panel.y(n), css, f"{count(n)} rows")
        if hits and meant:
            a, b = hits[0]
            end = (x(a) + x(b)) / 2 > (x.start + x.end) / 2
            y = panel.y(dict(bins)[a, b]) - 6
            place, anchor = (x(b), "end") if end else (x(a), "start")
            sheet.text(place, y, meant, "marked-name halo", anchor=anchor)
        _x_axis(panel, column, spec)
        return sheet

    return picture(name, spec["title"], subtitle, draw, width=WIDTH)


def _curve(name: str, spec: Spec) -> Picture:
    show = percent if spec.get("share") else None
    reference = spec.get("reference")
    points = [
        (_number(x), y, low, high)
        for x, y, low, high in zip(
            spec["x"], spec["y"], spec.get("low") or spec["y"], spec.get("high") or spec["y"],
            strict=True,
        )
        if known(y)
    ]  # fmt: skip
    xs, ys, lows, highs = (list(each) for each in zip(*points, strict=True))
    spread = bool(spec.get("low"))

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, TALL + 40)
        reach = [each for each in (*ys, *lows, *highs) if known(each)]
        level = [reference] if isinstance(reference, (int, float)) else []
        low, high = fit(min(*reach, *level, 0), max(*reach, *level))
        if spec.get("share"):
            high = min(high, 1.0)
        panel = frame(sheet, wide_enough(xs[0], xs[-1]), (low, high), left=52)
        panel.y_axis(spec.get("y_name", ""), show=show)
        if spread:
            panel.band(xs, lows, highs, "model band")
        if reference == "diagonal":
            panel.diagonal(min(xs[-1], high))
        elif level:
            panel.level(level[0], short(level[0]) if show is None else percent(level[0]))
        panel.curve(xs, ys, "model line")
        for x, y in zip(xs, ys, strict=True):
            tip = f"{_shown(x, spec)}: {show(y) if show else short(y)}"
            sheet.mark(panel.x(x), panel.y(y), "model dot", r=3 if len(xs) < 30 else 1.6, tip=tip)
        _x_axis(panel, spec.get("x_name", ""), spec, show=show)
        return sheet

    names = [each for each in (spec.get("y_name"), spec.get("x_name")) if each]
    subtitle = " against ".join(names) or spec["title"]
    subtitle += "; the band is the interval." if spread else "."
    return picture(name, spec["title"], subtitle[0].upper() + subtitle[1:], draw, width=WIDTH)


def _bars(
    name: str,
    spec: Spec,
    subtitle: str,
    shown: Sequence[tuple[str, float, str]],
    marked: set[str] | None = None,
) -> Picture:
    """One bar a group, its name before it and its figure behind."""
    rows = list(shown)[:MOST_GROUPS]
    more = len(shown) - len(rows)

    def draw(width: float) -> Drawing:
        step, value_room = 27.0, max((text_width(t) for *_, t in rows), default=0.0) + 10
        left = min(max((text_width(label) for label, *_ in rows), default=0.0) + 12, width * 0.4)
        sheet = Drawing(width, step * len(rows) + 8)
        most = max((share for _, share, _ in rows if known(share)), default=0.0) or 1.0
        x = Scale(0, most, left, width - value_room)
        for place, (label, share, words) in enumerate(rows):
            y = 4 + step * (place + 0.5)
            lines = wrap(label, left - 8, lines=1)
            sheet.text(left - 8, y + 4, lines[0] if lines else "", "label", anchor="end")
            css = "marked" if label in (marked or ()) else "model bar-fill"
            if known(share):
                sheet.rect(left, y - 8, x(share) - left, 16, css, f"{label}: {words}")
            sheet.text(x(share if known(share) else 0) + 7, y + 4, words, "value")
        sheet.line(left, 2, left, sheet.height - 2, "axis")
        return sheet

    rest = f" The first {MOST_GROUPS}; {more} more are left out." if more > 0 else ""
    return picture(name, spec["title"], subtitle + rest, draw, width=WIDTH)


def _groups(spec: Spec) -> list[tuple[str, float, int]]:
    entries = zip(spec["labels"], spec["share"], spec["n"], strict=True)
    return [(str(label), share, n) for label, share, n in entries]


def _of(share: float | None, n: int) -> str:
    return f"{percent(share)} of {count(n)}"


def _bar(
    sheet: Drawing, x: Scale, a: float, b: float, y: float, height: float, css: str, tip: str
) -> None:
    wide = x(b) - x(a)
    gap = min(1.0, wide * 0.1)
    sheet.rect(x(a) + gap / 2, y, max(wide - gap, 1.5), height, css, tip)


def _mark(sheet: Drawing, panel: Panel, spec: Spec) -> None:
    """The place where something changes, named on the side that has more room."""
    if spec.get("mark") is None:
        return
    at = panel.x(_number(spec["mark"]))
    sheet.line(at, panel.y.end - 18, at, panel.y.start, "alarm-line")
    right = at < (panel.x.start + panel.x.end) / 2
    words = ": ".join(filter(None, [spec.get("mark_name"), _shown(_number(spec["mark"]), spec)]))
    shift, anchor = (7, "start") if right else (-7, "end")
    sheet.text(at + shift, panel.y.end - 9, words, "marked-name halo", anchor=anchor)


def _scale(edges: Sequence[Any], width: float) -> Scale:
    numbers = [_number(edge) for edge in edges]
    low, high = wide_enough(numbers[0], numbers[-1])
    middle = numbers[len(numbers) // 2]
    stretched = not _is_dates(edges) and low >= 0 and high > STRETCHED * max(middle, 1)
    return Scale(low, high, 52, width - 14, "log" if stretched else "linear")


def _x_axis(panel: Panel, title: str, spec: Spec, show: Any = None) -> None:
    if _is_dates(spec.get("edges") or spec.get("x") or ()):
        date_axis(panel, title)
    else:
        panel.x_axis(title, show=show, about=5)


def _is_dates(values: Sequence[Any]) -> bool:
    return bool(values) and isinstance(values[0], str)


def _number(value: Any) -> float:
    """A number, or a date as its day."""
    if isinstance(value, str):
        moment = datetime.fromisoformat(value)
        return moment.date().toordinal() + (moment.hour * 60 + moment.minute) / 1440
    return float(value)


def _shown(value: float, spec: Spec) -> str:
    if _is_dates(spec.get("edges") or spec.get("x") or ()):
        day = date.fromordinal(int(value))
        return f"{day.day} {day:%b %Y}"
    return short(value)


_KINDS = {
    "scores": _scores,
    "shares_by": _shares_by,
    "histogram": _histogram,
    "curve": _curve,
}
