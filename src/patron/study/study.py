"""The Study as one object: built in Python or read from patron.toml."""

__all__ = ["Study"]

import os
import tomllib
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr, ValidationError

from patron.errors import StudyError
from patron.schema import no_such_column
from patron.study.explain import Origin, bracketed, explain
from patron.study.sections import (
    AuditSection,
    BudgetSection,
    CampaignSection,
    EventsSection,
    FixSection,
    PurchaseSection,
    RoleOfColumn,
    RunSection,
    Section,
    SegmentsSection,
    SpendSection,
    SplitSection,
    TableSection,
    key,
)
from patron.study.tomltext import key_lines

_COLUMN_KEYS = {
    "table": (
        *(
            "table.entity",
            "table.as_of",
            "table.updated",
            "purchase.target",
            "purchase.floors",
            "purchase.groups",
        ),
        *("spend.target", "campaign.treatment", "campaign.campaign", "campaign.outcome"),
        "campaign.propensity",
    ),
    "events": (
        *("events.entity", "events.time", "events.order_id", "events.product", "events.category"),
    ),
}


class Study(Section):
    """What to do with which table: the sections of patron.toml.

    >>> study = Study(table={"path": "customers.csv"}, purchase={"target": "bought"})
    >>> study.purchase.target, study.run.seed
    ('bought', 0)
    """

    table: TableSection | None = None
    events: EventsSection | None = None
    roles: dict[str, RoleOfColumn] = key('pairs of column = "role"', {})
    audit: AuditSection = Field(default_factory=AuditSection)
    fixes: tuple[FixSection, ...] = key("written as [[fixes]], once for each", ())
    purchase: PurchaseSection | None = None
    spend: SpendSection | None = None
    campaign: CampaignSection | None = None
    segments: SegmentsSection | None = None
    budget: BudgetSection | None = None
    split: SplitSection = Field(default_factory=SplitSection)
    run: RunSection = Field(default_factory=RunSection)

    _origin: Origin = PrivateAttr(default_factory=Origin)

    def __init__(self, origin: Origin | None = None, /, **sections: Any) -> None:
        origin = origin or Origin()
        try:
            super().__init__(**sections)
        except ValidationError as error:
            raise StudyError(explain(error, Study, origin)) from None
        self._origin = origin
        if problems := list(_contradictions(self)):
            raise StudyError("\n".join(problems))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a Study; a StudyError names every unknown or wrong key with its line."""
        path = Path(path)
        text = _read(path)
        try:
            sections = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise StudyError(f"{path.name} is not valid TOML: {error}.") from None
        return cls(Origin(path.absolute(), key_lines(text)), **sections)

    @property
    def path(self) -> Path | None:
        """The file that the Study was read from, or None where it was built in Python."""
        return self._origin.path

    @property
    def folder(self) -> Path:
        """The folder that the paths in the Study are relative to."""
        return self.path.parent if self.path else Path()

    @property
    def table_path(self) -> Any:
        """What [table] names: a path from the Study's folder, a URL, or a table in memory."""
        return self._resolve(self.table)

    @property
    def events_path(self) -> Any:
        """What [events] names: a path from the Study's folder, a URL, or a table in memory."""
        return self._resolve(self.events)

    def sections(self) -> dict[str, Any]:
        """The Study as plain data for JSON; an absent section is None."""
        return self.model_dump(mode="json")

    def with_run(self, *, seed: int | None = None, threads: int | None = None) -> "Study":
        """The same Study with another seed, or another number of threads, where given."""
        given = {name: n for name, n in (("seed", seed), ("threads", threads)) if n is not None}
        sections = {name: getattr(self, name) for name in self.model_fields_set}
        return Study(self._origin, **sections | {"run": self.run.model_dump() | given})

    def with_effort(self, effort: str | None) -> "Study":
        """The same Study with another [purchase] effort, where given."""
        if effort is None or self.purchase is None:
            return self
        sections = {name: getattr(self, name) for name in self.model_fields_set}
        purchase = self.purchase.model_dump() | {"effort": effort}
        return Study(self._origin, **sections | {"purchase": purchase})

    def line_of(self, key: str) -> int | None:
        """The line of a key such as "spend.target" in the file, where it is written there."""
        return self._origin.lines.get(key)

    def where(self, key: str) -> str:
        """The phrase for who named something, for an error of another room.

        >>> Study(table={"path": "a.csv"}, spend={"target": "paid"}).where("spend.target")
        'named by [spend] target'
        """
        place = self._origin.place(key)
        return f"named by {bracketed(key)}" + (f" in {place}" if place else "")

    def check_columns(
        self, section: Literal["table", "events"], columns: Iterable[str], table: str
    ) -> None:
        """A StudyError for every column that the Study names and `table` does not have."""
        columns = list(columns)
        missing = {name: key for key, name in self._named_columns(section) if name not in columns}
        if missing:
            raise StudyError(
                "\n".join(
                    no_such_column(name, columns, table=table, named=self.where(key))
                    for name, key in missing.items()
                )
            )

    def _named_columns(self, section: str) -> Iterator[tuple[str, str]]:
        for dotted in _COLUMN_KEYS[section]:
            holder, _, attribute = dotted.partition(".")
            names = getattr(getattr(self, holder), attribute, None)
            for name in names if isinstance(names, tuple) else (names,):
                if isinstance(name, str):
                    yield dotted, name
        if section == "table":
            yield from ((f"roles.{name}", name) for name in self.roles)

    def _resolve(self, section: TableSection | EventsSection | None) -> Any:
        path = section.path if section else None
        if not isinstance(path, str) or "://" in path:
            return path
        return str(self.folder / path)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise StudyError(
            f"There is no file {path}. `patron init TABLE` writes a Study for a table."
        ) from None
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise StudyError(
            f"{path.name} is not UTF-8 text (at byte {error.start + 1:,}). Save it as UTF-8."
        ) from None


def _contradictions(study: Study) -> Iterator[str]:
    """What is wrong although each key alone is right."""
    if study.table is None and study.events is None:
        yield study._origin.say(
            "", 'the Study needs a section [table] or [events] with path = "…".'
        )
    for name in ("purchase", "spend"):
        section = getattr(study, name)
        if section is not None and section.target is None and study.events is None:
            yield study._origin.say(
                name, f"[{name}] has no target; it must be the name of a column of the table."
            )
    if isinstance(study.split.holdout, date) and study.split.by not in (None, "time"):
        yield study._origin.say(
            "split.holdout",
            f'[split] holdout is a date; with by = "{study.split.by}" it must be a share.',
        )
