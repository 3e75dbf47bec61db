"""The cards of all models of a run: into the results, and as the page that lies in the bundle."""

__all__ = ["add_cards"]

from collections.abc import Mapping
from typing import Any

from patron.report.card import card, card_markdown
from patron.report.segments_card import segments_card
from patron.report.spend_card import spend_card
from patron.report.words import SECTIONS

_KINDS = {"purchase": card, "spend": spend_card, "segments": segments_card}


def add_cards(evidence: Mapping[str, dict[str, Any] | None], data: Mapping[str, Any]) -> str:
    """Put its card into the section of each model, as `card`; give all of them as Markdown.

    Parameters
    ----------
    evidence : the sections of docs/results.md by name, None for what there is not.
    data : the sections on the data.
    """
    models = {name: section for name in _KINDS if (section := evidence.get(name)) is not None}
    for name, section in models.items():
        section["card"] = _KINDS[name](section, data)
    if not models:
        return ""
    if len(models) == 1:
        ((name, section),) = models.items()
        title = f"Model card: {section.get('target', SECTIONS[name])}"
        return card_markdown(section["card"], title=title)
    parts = [
        card_markdown(made["card"], title=_title(name, made), depth=2)
        for name, made in models.items()
    ]
    return "\n".join(["# Model cards\n", *parts])


def _title(name: str, section: Mapping[str, Any]) -> str:
    """What a model tells, and its target; segments have none."""
    return SECTIONS[name] + (f": {section['target']}" if "target" in section else "")
