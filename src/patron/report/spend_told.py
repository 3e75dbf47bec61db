"""Sentences of the page on spend: the cap, what is beyond belief, one holdout, ranges, the best."""

__all__ = ["best_sentence", "inline", "one_holdout", "ranges_told", "shape_told", "typeset"]

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from patron.report.cash import cash
from patron.report.numbers import count, counted, interval, known, of_100, percent, short, these

Spend = Mapping[str, Any]

_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η",
    "theta": "θ", "lambda": "λ", "mu": "μ", "nu": "ν", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "phi": "φ", "Phi": "Φ", "integral": "∫",
}  # fmt: skip
_SIGNS = {"<=": "≤", ">=": "≥", "!=": "≠", "->": "→", "-": "−", "*": "·", "~": "∼"}
_INDEXED = re.compile(r"\b([A-Za-z])_([a-z])\b")
_TOKEN = re.compile(r"[A-Za-z]+|\d+(?:[.,]\d+)*|<=|>=|!=|->|[\^_]\{|[\^_]|\s+|.", re.DOTALL)


def shape_told(shape: Mapping[str, Any]) -> list[str]:
    """The cap, and the values beyond belief with their share of the total."""
    told = []
    cap = shape.get("cap")
    if cap and known(cap["value"]):
        how = "found in the data" if cap["how"] == "found" else "set by the Study"
        told.append(
            f"The amounts end at a cap of {cash(cap['value'])}, {how}. {cap['because']} What they "
            "would have been without it is not known."
        )
    beyond = shape.get("beyond_belief")
    if beyond:
        values = these([cash(value) for value in beyond["values"]], at_most=5)
        told.append(
            f"Beyond belief: {counted(beyond['rows'], 'row')} ({values}) "
            f"{'holds' if beyond['rows'] == 1 else 'hold'} {percent(beyond['share_of_total'])} of "
            f"the total. {beyond['rule']}"
        )
    return told


def one_holdout(spend: Spend) -> str:
    """How far a single holdout can tell two models apart; "" where there is no interval."""
    r2, top = spend["r2"], spend["shape"]["top_1_share"]
    if not known(r2["low"]) or not known(r2["high"]):
        return ""
    half = (r2["high"] - r2["low"]) / 2
    told = (
        f"How uncertain one holdout is: of {count(spend['split']['holdout_rows'])} customers it "
        f"leaves R² between {short(r2['low'], 2)} and {short(r2['high'], 2)}. Two models whose R², "
        f"from different holdouts of this size, differ by less than about {short(1.41 * half, 2)} "
        "cannot be told apart; on the same customers, paired, less is enough."
    )
    if known(top):
        told += (
            f" One reason: 1 of 100 customers holds {of_100(top)} dollars, and it is chance which "
            "of them a holdout has."
        )
    return told


def ranges_told(intervals: Mapping[str, Any]) -> list[str]:
    """How the ranges are made, and what those that begin at zero mean."""
    told = [intervals["method"]]
    each = min(intervals["levels"], key=lambda found: abs(found["level"] - 0.8), default=None)
    share = float((each or {}).get("one_sided_share") or 0.0)
    if each and share > 0:
        who = "every customer" if share >= 0.9995 else f"{of_100(share)} customers"
        told.append(
            f"For {who} the range of {percent(each['level'])} begins at 0: where spending nothing "
            "is likely, a range with equal tails would leave out either the zeros or the amounts. "
            "Such a range, from 0 to q, is to be read beside the chance of 0: “nothing with "
            "chance P(0), and at most q with the range's level”."
        )
    return told


def best_sentence(spend: Spend) -> str:
    """What the truth itself reaches on the same rows, and what that means."""
    best = (spend.get("best_possible") or {}).get("r2")
    if not best or not known(best["value"]) or not known(spend["r2"]["value"]):
        return ""
    told = (
        "This shop is simulated, so the true distribution of each customer is known. Used as the "
        f"forecast, it reaches R² {interval(best)}: the rest is chance, which no model can tell."
    )
    if best["value"] > 0:
        told += (
            f" The model reaches {percent(round(spend['r2']['value'] / best['value'], 3))} of it."
        )
    if spend["r2"]["value"] >= best["value"]:
        told += " On one holdout a model may come out ahead of the truth, by luck."
    return told


def inline(sentence: str) -> str:
    """A sentence as HTML, with the indices of its variables set low.

    >>> inline("y_i is <0>, not my_index")
    '<i>y</i><sub><i>i</i></sub> is &lt;0&gt;, not my_index'
    """
    return _INDEXED.sub(r"<i>\1</i><sub><i>\2</i></sub>", escape(sentence))


def typeset(formula: str) -> str:
    """A formula's plain text as HTML: variables in italics, `_` and `^` as sub- and superscripts.

    >>> typeset("y_i >= 0, e^{-x}, log sigma")
    '<i>y</i><sub><i>i</i></sub> ≥ 0, <i>e</i><sup>−<i>x</i></sup>, log <i>σ</i>'
    """
    written: list[str] = []
    inside: list[str] = []  # what each open brace is: a tag, or "" for one of the formula's own
    once = ""
    for token in _TOKEN.findall(formula):
        if token[0] in "_^" and not once:
            tag = "sub" if token[0] == "_" else "sup"
            written.append(f"<{tag}>")
            if len(token) > 1:
                inside.append(tag)
            else:
                once = tag
            continue
        tag = inside.pop() if token == "}" and inside else ""
        if token == "{":
            inside.append("")
        written.append(f"</{tag}>" if tag else _letter(token))
        if once:
            written.append(f"</{once}>")
            once = ""
    left = [once, *reversed(inside)]
    return "".join([*written, *(f"</{tag}>" for tag in left if tag)])


def _letter(token: str) -> str:
    """Variables are single letters; words such as log stand upright."""
    if token in _GREEK:
        return _GREEK[token] if token == "integral" else f"<i>{_GREEK[token]}</i>"
    if token in ("E", "P", "N"):
        return token
    if len(token) == 1 and token.isalpha():
        return f"<i>{escape(token)}</i>"
    return _SIGNS.get(token, escape(token))
