"""What `patron run` says of segments: whether there are any, how sure, and one line each."""

__all__ = ["show_no_segments", "show_segments"]

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from patron.cli.terminal import say

Segments = Mapping[str, Any]


def show_segments(segments: Segments, table: Path) -> None:
    """The answer, its evidence, each segment with its rule, and where the customers' table is."""
    from patron.estimate import Estimate

    def figure(name: str, spec: str = ".3f") -> str:
        return format(Estimate.from_dict(evidence[name]), spec)

    evidence, parts = segments["evidence"], segments["segments"]
    customers = sum(each["size"] for each in parts)
    say(f"Who they are: {_answer(segments)}, among {customers:,} customers:")
    if not segments["structure"]:
        say(f"  {segments['because']}")
    say(f"  silhouette                   {figure('silhouette')}")
    if segments["structure"]:
        null = evidence["null_silhouette"]
        say(f"  above one continuum (lift)   {figure('copula_lift')}, which has {null:.3f}")
        say(f"  found again (least Jaccard)  {figure('jaccard_min')}")
        say(f"  draws agree (adjusted Rand)  {figure('ari_bootstrap')}")
    doubtful = sum(each["size"] * each["sure"]["doubtful_share"] for each in parts)
    say(f"  doubtful customers           {doubtful / max(customers, 1):.1%}")
    if segments["months"]:
        _show_months(segments["months"])
    for line in _lines(parts):
        say(f"  {line}")
    say(f"  (in brackets the interval, {100 * evidence['silhouette']['level']:.3g} %)")
    say(f"  who is in which: {table}")


def show_no_segments(because: str) -> None:
    """That the Study asks for segments and the data have none, and why."""
    say(f"Who they are: {because}")


def _answer(segments: Segments) -> str:
    k, day = segments["k"], segments["evidence"].get("of_the_gate")
    if not segments["structure"] and segments["kind"] != "tiers":
        return f"{k} segments kept from {day}, which the customers of this month do not bear out"
    if not segments["structure"]:
        return f"no segments beyond one correlated continuum; {k} tiers instead"
    exact = " of exact rules" if segments["kind"] == "rules" else ""
    return f"{k} segments{exact} beyond one correlated continuum"


def _show_months(months: Mapping[str, Any]) -> None:
    from patron.estimate import Estimate

    since = months["previous"]["created"]
    if not months["shared"]:
        say(f"  no customer of the run of {since} is among them")
        return
    if months["shared"] < months.get("customers", 0) / 2:
        say(f"  only {months['shared']:,} of {months['customers']:,} were there on {since}")
    changed = Estimate.from_dict(months["switched"])
    say(f"  changed since the last run   {changed} of {months['shared']:,} known since {since}")


def _lines(parts: list[Mapping[str, Any]]) -> list[str]:
    """Id, share of customers, share of revenue, name and rule of each, in columns."""
    ids = max(len(each["id"]) for each in parts)
    names = max(len(each["name"]) for each in parts)
    lines = []
    for each in parts:
        revenue = each["revenue_share"]
        money = "" if revenue is None else f"  {revenue:6.1%} of revenue"
        rule = each["rule"]["text"] if each["rule"] else "no rule"
        head = f"{each['id']:<{ids}}  {each['share']:6.1%}{money}"
        lines.append(f"{head}  {each['name']:<{names}}  {rule}")
    return lines
