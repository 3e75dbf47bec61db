"""How well the scores rank: gains, ROC, precision and recall."""

__all__ = ["gains", "precision_recall", "roc"]

from collections.abc import Mapping
from typing import Any

from patron.report.numbers import interval, known, of_100, percent, short
from patron.report.plots.base import HEIGHT, PAIR, Picture, frame, picture
from patron.report.svg import Drawing, Panel

Purchase = Mapping[str, Any]


def gains(purchase: Purchase) -> Picture:
    """Share of buyers reached against share of customers contacted, best scores first."""
    curve = purchase["curves"]["gains"]
    at = min(curve, key=lambda p: abs(p["contacted"] - 0.1))

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, HEIGHT + 50)
        panel = frame(sheet, (0, 1), (0, 1))
        panel.y_axis("buyers found", show=percent)
        panel.x_axis("customers contacted, best scores first", show=percent)
        panel.diagonal(1, "contacted at random", at=0.74)
        xs = [p["contacted"] for p in curve]
        panel.band(xs, [p["low"] for p in curve], [p["high"] for p in curve], "model band")
        panel.curve(xs, [p["captured"] for p in curve], "model line")
        x, y = panel.x(at["contacted"]), panel.y(at["captured"])
        sheet.line(x, panel.y(0), x, y, "guide")
        sheet.line(panel.x(0), y, x, y, "guide")
        sheet.mark(x, y, "model dot", r=5)
        label = f"{percent(at['captured'])} [{short(100 * at['low'])}, {short(100 * at['high'])}]"
        sheet.text(x + 12, y + 16, label, "value halo")
        return sheet

    return picture(
        "gains",
        f"Contacting the best {of_100(at['contacted'])} customers finds "
        f"{of_100(at['captured'])} buyers",
        "Gains on the holdout; the band is the interval.",
        draw,
        width=PAIR,
    )


def roc(purchase: Purchase) -> Picture:
    """Share of buyers found against share of others flagged, threshold by threshold."""
    area, curve = purchase["roc_auc"], purchase["curves"]["roc"]
    if known(area["low"]) and area["low"] <= 0.5:
        title = "Beyond noise, the score does not put buyers above others"
    else:
        title = f"A buyer scores higher than another customer in {of_100(area['value'])} pairs"
    tp, fp, fn, tn = _confusion(purchase)

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, HEIGHT)
        panel = frame(sheet, (0, 1), (0, 1))
        panel.y_axis("buyers found (recall)", show=percent)
        panel.x_axis("others flagged with them", show=percent)
        panel.band(curve["x"], [0] * len(curve["x"]), curve["y"], "area")
        panel.diagonal(1, "chance")
        panel.curve(curve["x"], curve["y"], "model line")
        sheet.text(panel.x(0.97), panel.y(0.06), f"area {interval(area)}", "value", anchor="end")
        if tp + fn and fp + tn:
            _threshold_mark(panel, fp / (fp + tn), tp / (tp + fn), left=False, drop=20)
        return sheet

    return picture(
        "roc",
        title,
        "ROC on the holdout: as the threshold falls, how many buyers are found, and how many "
        "others are flagged with them.",
        draw,
        width=PAIR,
    )


def precision_recall(purchase: Purchase) -> Picture:
    """How many of those flagged buy, against how many of the buyers are flagged."""
    curve, average = purchase["curves"]["precision_recall"], purchase["average_precision"]
    tp, fp, fn, tn = _confusion(purchase)
    base = (tp + fn) / max(tp + fp + fn + tn, 1)
    flags = tp + fp > 0 and tp + fn > 0
    title = "At the threshold no customer is flagged"
    if flags:
        title = (
            f"At the threshold, {of_100(tp / (tp + fp))} flagged customers bought, "
            f"and {of_100(tp / (tp + fn))} buyers were flagged"
        )

    def draw(width: float) -> Drawing:
        sheet = Drawing(width, HEIGHT)
        panel = frame(sheet, (0, 1), (0, 1))
        panel.y_axis("those flagged who bought (precision)", show=percent)
        panel.x_axis("buyers found (recall)", show=percent)
        panel.level(base, f"everybody flagged: {percent(base)}")
        panel.curve(curve["x"], curve["y"], "model line")
        words = f"average precision {interval(average)}"
        sheet.text(panel.x(0.98), panel.y(0.94), words, "value halo", anchor="end")
        if flags:
            right = tp / (tp + fn) > 0.35
            _threshold_mark(
                panel, tp / (tp + fn), tp / (tp + fp), left=right, drop=16 if right else -9
            )
        return sheet

    return picture(
        "precision-recall",
        title,
        "Precision and recall on the holdout, from the highest scores (left) to everybody (right).",
        draw,
        width=PAIR,
    )


def _threshold_mark(panel: Panel, x: float, y: float, *, left: bool, drop: float) -> None:
    """The chosen threshold's place on a curve, its name on the side that is free."""
    panel.sheet.mark(panel.x(x), panel.y(y), "model dot", r=5)
    side, anchor = (-9, "end") if left else (9, "start")
    at = (panel.x(x) + side, panel.y(y) + drop)
    panel.sheet.text(*at, "at the threshold", "value halo", anchor=anchor)


def _confusion(purchase: Purchase) -> tuple[int, int, int, int]:
    table = purchase["confusion"]
    hit, false = table["true_positive"], table["false_positive"]
    return hit, false, table["false_negative"], table["true_negative"]
