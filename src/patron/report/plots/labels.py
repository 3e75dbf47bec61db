"""Names beside their marks: each where nothing else is drawn."""

__all__ = ["Box", "Label", "place"]

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

GAP = 10.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Whether the two share any area."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def inside(self, other: "Box") -> bool:
        """Whether all of it lies in the other."""
        across = other.left <= self.left and self.right <= other.right
        return across and other.top <= self.top and self.bottom <= other.bottom


@dataclass(frozen=True, slots=True)
class Label:
    """A label of the given size that belongs to the mark at (`x`, `y`)."""

    x: float
    y: float
    width: float
    height: float

    def places(self) -> Iterator[Box]:
        """Where it may stand, the best place first."""
        middle, wide = self.y - self.height / 2, self.width
        for shift in (0.0, -0.7, 0.7, -1.2, 1.2):
            top = middle + shift * self.height
            for left in (self.x + GAP, self.x - GAP - wide):
                yield Box(left, top, left + wide, top + self.height)


def place(labels: Sequence[Label], taken: Sequence[Box], room: Box) -> list[Box] | None:
    """A place for each label, clear of what is `taken` and of each other; None if there is none.

    >>> one, other = Label(50, 50, 40, 20), Label(60, 50, 40, 20)
    >>> [box.left for box in place([one, other], [], Box(0, 0, 200, 100))]
    [60.0, 10.0]
    """
    found: list[Box] = []
    for label in labels:
        free = (
            box
            for box in label.places()
            if box.inside(room) and not any(box.meets(other) for other in [*taken, *found])
        )
        box = next(free, None)
        if box is None:
            return None
        found.append(box)
    return found
