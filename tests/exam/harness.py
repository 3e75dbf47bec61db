"""The examination of the audit: worlds with planted faults, and what it says of them."""

__all__ = [
    "HARMLESS",
    "WORLDS",
    "Answer",
    "Paper",
    "examine_one",
    "examine_seed",
    "explains",
    "names",
    "paper",
]

import time
import tomllib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from patron.audit import Finding, Severity
from patron.customers import Customers, load_customers
from patron.estimate import Estimate
from patron.examine import Examined, examine
from patron.features.encode import Encoder
from patron.metrics import roc_auc
from patron.schema import Role, Schema
from patron.study import Study
from patron.worlds import World, make
from patron.worlds.base import Planted
from patron.worlds.datacorp import datacorp
from patron.worlds.faults import plant

WORLDS = ("datacorp", "marketplace", "retailer", "shop", "postcards")
FEWEST_ROWS, MOST_ROWS = 4_000, 12_000
FOLDS = 4

# Named in a note is enough: a healthy model never sees them, or learns nothing from them.
HARMLESS = frozenset({"constant", "named_for_the_future", "near_unique_id"})

# Faults of whole rows or of the target explain whatever of their family is found.
_OF_COPIES = frozenset({"D01", "D02", "D03", "D04"})
_OF_ROWS = _OF_COPIES | {"I02", "T02", "T04"}
# What is written or measured otherwise can be read again; everything else is lost.
_RECOVERABLE = frozenset(
    {"mixed_dates", "mixed_units", "numbers_as_text", "percent_in_shares", "spellings"}
)
_ROW = "row of the clean world"


@dataclass(frozen=True)
class Paper:
    """What is set: a world without faults, the same with faults, and how it was drawn."""

    name: str
    clean: World
    faulty: World


@dataclass(frozen=True)
class Answer:
    """What came of a paper.

    Parameters
    ----------
    paper : its name; the same name is the same paper.
    missed, found : the planted faults, by whether a finding names them.
    alarms : serious and warning findings that no planted fault explains.
    findings : all that the audit said.
    cpu : seconds that the audit took.
    clean, mended : the honest score of the world without faults, and after every proposed fix.
    ideal : the score after fixes by who knows what was planted; what was lost stays lost.
    """

    paper: str
    missed: tuple[Planted, ...]
    found: tuple[Planted, ...]
    alarms: tuple[Finding, ...]
    findings: tuple[Finding, ...]
    cpu: float
    clean: Estimate | None = None
    mended: float | None = None
    ideal: float | None = None

    @property
    def named(self) -> int:
        """How many serious and warning findings there are."""
        return sum(each.severity is not Severity.NOTE for each in self.findings)

    @property
    def score_is_kept(self) -> bool | None:
        """Whether the mended score lies in the clean one's interval; None where not measured."""
        if self.clean is None or self.mended is None:
            return None
        return self.clean.covers(self.mended)


def paper(
    seed: int,
    *,
    kinds: str | Iterable[str] | None = "random",
    worlds: Iterable[str] = WORLDS,
    most_rows: int = MOST_ROWS,
) -> Paper:
    """The paper of a seed; without `kinds`, a clean world."""
    rng = np.random.default_rng([seed, 2024])
    name = str(rng.choice(list(worlds)))
    rows = int(rng.integers(FEWEST_ROWS, most_rows + 1))
    clean = make_clean(name, rows, int(rng.integers(2**31)))
    truth = clean.truth.append_column(_ROW, pa.array(np.arange(clean.table.num_rows)))
    clean = replace(clean, truth=truth)
    kept = [kinds] if isinstance(kinds, str) and kinds not in ("random", "all") else kinds
    faulty = clean if kinds is None else plant(clean, kept, seed=int(rng.integers(2**31)))
    return Paper(f"seed {seed}: {name}, {rows:,} rows", clean, faulty)


def make_clean(name: str, rows: int, seed: int) -> World:
    """A world without the faults that it may come with."""
    if name == "datacorp":
        return datacorp(rows, seed=seed, faults=False)
    return make(name, rows=rows, seed=seed)


def examine_seed(
    seed: int, kinds: Any, worlds: Iterable[str] = WORLDS, score: bool = False
) -> Answer:
    """Examine the paper of a seed; can be sent to another process."""
    return examine_one(paper(seed, kinds=kinds, worlds=worlds), score=score)


def examine_one(set_paper: Paper, *, score: bool = False) -> Answer:
    """Let the audit work on the paper, as `patron audit` does, and compare.

    With `score`, every proposed fix is applied, and the honest score is measured as well.
    """
    started = time.process_time()
    customers, examined = audited(set_paper.faulty, apply="all" if score else "serious")
    cpu = time.process_time() - started
    planted, findings = set_paper.faulty.faults, examined.audit.findings
    told = [fault for fault in planted if any(names(each, fault) for each in findings)]
    loud = [each for each in findings if each.severity is not Severity.NOTE]
    answer = Answer(
        set_paper.name,
        tuple(fault for fault in planted if fault not in told),
        tuple(told),
        tuple(each for each in loud if not any(explains(fault, each) for fault in planted)),
        tuple(findings),
        cpu,
    )
    if not score or any(fault.kind == "base_rate_drift" for fault in planted):
        return answer  # answers that are lost for good leave nothing to compare with
    clean, mended, ideal = honest_scores(set_paper, customers, examined)
    return replace(answer, clean=clean, mended=mended, ideal=ideal)


def names(finding: Finding, fault: Planted) -> bool:
    """Whether the finding names the fault: an accepted code, and one of its columns."""
    loud_enough = finding.severity is not Severity.NOTE or fault.kind in HARMLESS
    apart = fault.columns and finding.columns and not set(fault.columns) & set(finding.columns)
    return loud_enough and finding.code in fault.codes and not apart


def explains(fault: Planted, finding: Finding) -> bool:
    """Whether the finding is there because of the fault.

    One of another family on a planted column counts as explained.
    """
    of_rows = {code[0] for code in fault.codes if code in _OF_ROWS}
    return bool(set(fault.columns) & set(finding.columns)) or finding.code[0] in of_rows


def study_of(world: World, apply: str = "serious") -> Study:
    """The world's Study, with the world's table in place of a file."""
    sections = tomllib.loads(world.study_text)
    sections["table"]["path"] = world.table
    sections["audit"] = {"apply": apply}
    sections["run"] = {"seed": 0, "threads": 1}
    return Study(**sections)


def audited(world: World, *, apply: str = "serious") -> tuple[Customers, Examined]:
    """What `patron audit` makes of the world."""
    study = study_of(world, apply)
    customers = load_customers(study)
    return customers, examine(customers, study)


def honest_scores(
    set_paper: Paper, customers: Customers, examined: Examined
) -> tuple[Estimate, float, float]:
    """The scores of the clean, the mended and the ideally mended world, on rows that all have.

    Quick cross-fitted trees. A customer has the same fold everywhere; a copy under another key has
    a fold of its own, so that copies that were not found flatter the score.
    """
    clean, final = load_customers(study_of(set_paper.clean)), examined.final
    y, truth = customers.known_target, clean.known_target
    assert y is not None
    assert truth is not None
    original = set_paper.faulty.truth[_ROW].to_numpy()
    table, rows, copied = ideally_mended(set_paper)
    gone = set(clean.table.column_names) - set(table.column_names)
    before = predicted(clean.table, clean.schema, truth)
    after, ideal = np.full((2, len(truth)), np.nan)
    judged = first_of_each(original[final.rows], copied[final.rows], y[final.rows])
    forecasts = predicted(final.table, final.schema, y[final.rows])
    after[original[final.rows][judged]] = forecasts[judged]
    ideal[original[rows]] = predicted(table, clean.schema.without(gone), y[rows])
    common = np.isfinite(after + ideal)
    score, mended, best = (scored(truth[common], each[common]) for each in (before, after, ideal))
    return score, mended.value, best.value


def first_of_each(original: np.ndarray, copied: np.ndarray, y: np.ndarray) -> np.ndarray:
    """For each row of the clean world that is labelled, one place: itself rather than a copy."""
    order = np.lexsort((copied, original))
    order = order[np.isfinite(y)[order]]
    return order[np.unique(original[order], return_index=True)[1]]


def ideally_mended(set_paper: Paper) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """The table with the copies and the leaks gone, and what can be known again in its place.

    Also its rows, and which of all rows are copies.
    """
    world, truth = set_paper.faulty, set_paper.clean.table
    table, original = world.table, pa.array(world.truth[_ROW])
    copied = np.zeros(len(table), dtype=bool)
    gone: set[str] = set()
    for fault in world.faults:
        if _OF_COPIES & set(fault.codes):
            copied |= fault.rows
            continue
        own = [n for n in fault.columns if n not in _named_in_study(world)]
        if {code[0] for code in fault.codes} & {"L", "I"}:
            gone |= set(own)
        for name in own if not _OF_ROWS & set(fault.codes) else []:
            place = table.column_names.index(name)
            known = truth[name].take(original) if name in truth.column_names else table[name]
            if fault.kind not in _RECOVERABLE:
                missing = pa.scalar(None, known.type)
                known = pc.if_else(pa.array(fault.rows), missing, known)
            table = table.set_column(place, name, known)
    rows = np.flatnonzero(~copied)
    return table.drop_columns(list(gone)).take(pa.array(rows)), rows, copied


def _named_in_study(world: World) -> list[str]:
    sections = tomllib.loads(world.study_text).values()
    return [value for section in sections for value in section.values() if isinstance(value, str)]


def predicted(table: pa.Table, schema: Schema, y: np.ndarray) -> np.ndarray:
    """Cross-fitted predictions of quick trees, NaN where unlabelled; amounts by their ranks."""
    import lightgbm

    entity = schema.names(Role.ENTITY)
    keys = table[entity[0]].cast(pa.string()).to_pylist() if entity else range(len(table))
    fold = np.array([zlib.crc32(str(key).encode()) % FOLDS for key in keys])
    design = Encoder.fit(table, schema).transform(table)
    binary, known = bool(np.isin(y[np.isfinite(y)], (0.0, 1.0)).all()), np.isfinite(y)
    taught = y if binary else np.searchsorted(np.sort(y[known]), y) / known.sum()
    places = [place for place, name in enumerate(design.names) if name in design.levels]
    parameters = {
        "objective": "binary" if binary else "regression",
        "num_leaves": 8,
        "learning_rate": 0.05,
        "min_data_in_leaf": 40,
        "cat_smooth": 40,
        "feature_fraction": 0.7,
        "num_threads": 1,
        "deterministic": True,
        "verbosity": -1,
    }
    answer = np.full(len(y), np.nan)
    for number in range(FOLDS):
        fit, told = known & (fold != number), fold == number
        data = lightgbm.Dataset(
            design.matrix[fit], taught[fit], categorical_feature=places, params=parameters
        )
        answer[told] = lightgbm.train(parameters, data, 120).predict(design.matrix[told])
    return answer


def scored(y: np.ndarray, predicted: np.ndarray) -> Estimate:
    """The ROC-AUC, or of amounts Spearman's correlation, with its 95 % interval."""
    if np.isin(y, (0.0, 1.0)).all():
        return roc_auc(y, predicted)
    from scipy.stats import spearmanr

    value = float(spearmanr(y, predicted).statistic)
    half = 1.96 * 1.03 / len(y) ** 0.5  # Fisher's z, with Fieller's factor for ranks
    low, high = np.tanh([np.arctanh(value) - half, np.arctanh(value) + half])
    return Estimate(value, float(low), float(high), 0.95, len(y), "Fisher's z")
