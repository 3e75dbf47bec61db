"""What a spend model is given: groups of any kind, and parameters that keep their rules."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from patron.errors import DataError, Refusal, UserError
from patron.models.spend import SpendModel
from patron.models.spend_inputs import read_groups

Floats = NDArray[np.float64]
NUMBERS = np.array([3, 3, 10, 2, 2, 10])
TEXTS = [f"c{number:02d}" for number in NUMBERS]
ROWS = 300


def drawn(rows: int = ROWS) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 1))
    return x, np.where(rng.random(rows) < 0.6, np.exp(3 + x[:, 0]), 0.0)


# Groups


@pytest.mark.parametrize(
    "groups",
    [
        NUMBERS.tolist(),
        TEXTS,
        NUMBERS,
        NUMBERS.astype(">i4"),
        NUMBERS.astype(np.float32),
        np.array(TEXTS),
        np.array(TEXTS, dtype=object),
        [dt.date(2024, 1, int(number)) for number in NUMBERS],
        pa.array(TEXTS),
        pa.chunked_array([TEXTS[:2], TEXTS[2:]]),
        pa.array(TEXTS).dictionary_encode(),
        pd.Series(TEXTS, index=[5, 4, 3, 2, 1, 0]),
        pd.Series(NUMBERS, index=list("abcdef")),
        pd.Series(TEXTS).astype("category"),
        pd.Series(NUMBERS, dtype="Int64"),
        pl.Series(TEXTS),
    ],
    ids=lambda groups: f"{type(groups).__module__}.{getattr(groups, 'dtype', '')}",
)
def test_groups_of_any_kind_are_read_by_place(groups: Any) -> None:
    found = read_groups(groups, 6)
    assert found is not None
    assert found.tolist() == [1, 1, 2, 0, 0, 2]


def test_groups_by_place_make_the_same_model() -> None:
    x, y = drawn()
    customer = np.arange(ROWS) // 3
    turned = pd.Series([f"c{k:03d}" for k in customer], index=np.arange(ROWS)[::-1])
    models = [
        SpendModel(learners=["mean"]).fit(x, y, groups=groups)
        for groups in (customer, customer.tolist(), turned, pa.array(turned), list(turned))
    ]
    for other in models[1:]:
        assert other.chosen_.crps == models[0].chosen_.crps
        np.testing.assert_array_equal(other.level_errors_, models[0].level_errors_)


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        (np.arange(299), r"^groups has 299 values for 300 rows\.$"),
        (pd.Series(["a"] * 301), r"^groups has 301 values for 300 rows\.$"),
        ([None, None] + ["a"] * 298, r"^groups: 2 of 300 values are missing; name the group"),
        (np.append(np.nan, np.arange(299)), r"^groups: 1 of 300 values are missing"),
        (pa.array([np.nan, None] + [1.0] * 298), r"^groups: 2 of 300 values are missing"),
        (pd.Series([pd.NA] + ["a"] * 299), r"^groups: 1 of 300 values are missing"),
        ([1, "a"] * 150, r"^groups holds values of several kinds, or such as cannot be told apa"),
        ([{"a": 1}] * 300, r"^groups holds values of several kinds, or such as cannot be told apa"),
        (np.ones((300, 2)), r"^groups has the shape \(300, 2\); one value for each row"),
        (pd.DataFrame({"a": [1] * 300}), r"^groups has the shape \(300, 1\)"),
        ("customer_id", r"^groups is a single value; one value for each row is expected\.$"),
        (7, r"^groups is a single value; one value for each row is expected\.$"),
    ],
    ids=lambda value: None if isinstance(value, str) and value[0] == "^" else type(value).__name__,
)
def test_groups_that_are_none_are_a_sentence(groups: Any, told: str) -> None:
    x, y = drawn()
    with pytest.raises(DataError, match=told):
        SpendModel(learners=["mean"]).fit(x, y, groups=groups)


@pytest.mark.parametrize("count", [2, 3, 4, 5, 9])
def test_few_groups_make_fewer_folds(count: int) -> None:
    """Each group is forecast by the mean of the others in as many folds as there are."""
    x, y = drawn()
    model = SpendModel(learners=["mean"]).fit(x, y, groups=np.arange(ROWS) % count)
    parts = model.chosen_.unseen.parts
    assert len(parts) == min(5, count)
    assert sorted(np.concatenate([rows for rows, _ in parts])) == list(range(ROWS))
    if count <= 5:
        assert {frozenset(rows % count) for rows, _ in parts} == {
            frozenset([k]) for k in range(count)
        }


def test_one_group_is_refused_and_folds_of_ones_own_are_kept() -> None:
    x, y = drawn()
    with pytest.raises(Refusal, match=r"^groups: all 300 rows are of one group\. Without rows of"):
        SpendModel(learners=["mean"]).fit(x, y, groups=["one"] * ROWS)
    half = np.arange(ROWS) < 100
    folds = [
        (np.flatnonzero(half), np.flatnonzero(~half)),
        (np.flatnonzero(~half), np.flatnonzero(half)),
    ]
    model = SpendModel(learners=["mean"]).fit(x, y, folds=folds, groups=np.arange(ROWS) % 2)
    assert [len(rows) for rows, _ in model.chosen_.unseen.parts] == [200, 100]


def test_a_group_of_nobody_who_spends_is_forecast_too() -> None:
    x, y = drawn()
    groups = np.where(np.arange(ROWS) % 2, "one", "other")
    groups[np.flatnonzero(y == 0)[:50]] = "nobody"
    model = SpendModel().fit(x, y, groups=groups)
    for each in model.candidates_:
        assert np.isfinite(each.scores).all(), each.name
        assert len(each.unseen.parts) == 3


@pytest.mark.parametrize("others", [0, 1])
def test_a_fold_that_teaches_nothing_is_refused(others: int) -> None:
    x, y = drawn()
    spends = np.flatnonzero(y > 0)
    groups = (y > 0).astype(int)
    groups[spends[:others]] = 0
    folds = [(np.flatnonzero(groups == k), np.flatnonzero(groups != k)) for k in (1, 0)]
    told = f"learns from {(groups == 0).sum()} rows, of which {others} spend anything: nothing can"
    for options in ({"groups": groups}, {"folds": folds}):
        with pytest.raises(Refusal, match=rf"^fold [12] of 2 {told}"):
            SpendModel().fit(x, y, **options)


# Parameters


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        *(("cap", value, "a finite number above 0") for value in (0, -5.0, np.nan, np.inf, "5")),
        *(
            ("top_share", value, "a number above 0 and below 1")
            for value in (0, 1, -0.1, np.nan, None)
        ),
        *(("top_weight", value, "a finite number from 1") for value in (0.9, np.inf, np.nan, True)),
        *(
            ("level", value, "a number from 0.5 to 0.999")
            for value in (0.4, 0.9995, 95, np.nan, "1")
        ),
        *(("threads", value, "a whole number from 1") for value in (0, -1, 1.5, np.nan, None)),
    ],
)
def test_a_parameter_that_breaks_its_rule_is_a_sentence(name: str, value: Any, rule: str) -> None:
    model = SpendModel(learners=["mean"], **{name: value})
    with pytest.raises(UserError) as told:
        model.fit(*drawn())
    assert str(told.value) == f"{name} must be {rule}, got {value!r}."


def test_parameters_are_looked_at_before_the_data() -> None:
    for wrong in ({"level": 2.0}, {"learners": ["tow_part"]}, {"learners": "tow_part"}):
        with pytest.raises(UserError, match=r"^level must be|^there is no learner \"tow_part\"\. "):
            SpendModel(**wrong).fit("no table", ["no", "amounts"])  # type: ignore[arg-type]


@pytest.mark.parametrize("level", [0.5, np.float32(0.75), 0.999])
def test_the_ends_of_the_rules_are_allowed(level: float) -> None:
    options: dict[str, Any] = {"cap": np.int64(90), "top_share": 0.999, "top_weight": 1}
    model = SpendModel(learners="ridge", level=level, threads=np.int64(1), **options)
    assert model.fit(*drawn()).chosen_.name == "ridge"
