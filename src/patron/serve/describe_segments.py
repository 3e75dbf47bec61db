"""What the segments are, how large and how sure: for `/v1/model` and the page."""

__all__ = ["describe_segments"]

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from patron.report.numbers import these

if TYPE_CHECKING:
    from patron.models.segments import Segments


def describe_segments(segments: "Segments", evidence: Mapping[str, Any]) -> dict[str, Any]:
    """What a customer's segment is one of, and by what it is told.

    Parameters
    ----------
    evidence : the bundle's on segments; what it lacks is None.
    """
    own = {each["id"]: each for each in evidence.get("segments") or ()}
    return {
        "sentence": _sentence(segments),
        "kind": segments.kind_,
        "structure": segments.structure_,
        "because": segments.because_,
        "axes": [
            {
                "name": axis.name,
                "title": axis.title,
                "columns": [{"name": each.name, "sign": each.sign} for each in axis.columns],
            }
            for axis in segments.axes_
        ],
        "segments": [
            {"id": id_, "name": name, **_size(own.get(id_) or {})}
            for id_, name in zip(segments.ids_, segments.names_, strict=True)
        ],
    }


def _size(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """How large a segment was when the bundle was made, and how sure it is."""
    sure = evidence.get("sure") or {}
    return {
        "share": evidence.get("share"),
        "revenue_share": evidence.get("revenue_share"),
        "jaccard": sure.get("jaccard"),
        "doubtful_share": sure.get("doubtful_share"),
    }


def _sentence(segments: "Segments") -> str:
    names = [axis.name for axis in segments.axes_]
    if segments.structure_:
        by = f"by {these(names, at_most=6)}"
        return f"Which segment a customer belongs to, of {len(segments.ids_)} {by}."
    return (
        f"Which tier a customer belongs to, of {len(segments.ids_)}: there are no segments beyond "
        "one continuum."
    )
