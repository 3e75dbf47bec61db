"""Splits: no row, no entity and no label window on both sides."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from patron.errors import DataError, StudyError
from patron.split import Split, make_split

RNG = np.random.default_rng(7)
MONTHS = [dt.date(2025, month, 1) for month in range(1, 8)]


def target(rows: int, rate: float = 0.3) -> np.ndarray:
    return (np.random.default_rng(1).random(rows) < rate).astype(float)


def panel(customers: int = 300) -> pa.Table:
    """Each customer at each of seven dates."""
    return pa.table(
        {
            "id": [f"c{c}" for _ in MONTHS for c in range(customers)],
            "as_of": [month for month in MONTHS for _ in range(customers)],
        }
    )


def check_folds(split: Split) -> None:
    predicted = np.concatenate([predict for _, predict in split.folds])
    assert sorted(predicted) == list(range(len(split.train)))  # each row exactly once
    for fit, predict in split.folds:
        assert not set(fit) & set(predict)
        if split.groups is not None:
            of = split.groups[split.train]
            assert not set(of[fit]) & set(of[predict])


@pytest.mark.parametrize("seed", range(3))
def test_random_split_is_stratified_and_disjoint(seed: int) -> None:
    y = target(5000, 0.1)
    split = make_split(pa.table({"x": range(5000)}), y, seed=seed)
    assert split.by == "random"
    assert not set(split.train) & set(split.holdout)
    assert len(split.holdout) == pytest.approx(1000, abs=10)
    # Stratified: the shares differ by rounding, not by sampling error (which would be 0.01).
    assert y[split.holdout].mean() == pytest.approx(y.mean(), abs=0.002)
    check_folds(split)


def test_entities_that_repeat_stay_together() -> None:
    table = pa.table({"id": [f"c{n // 3}" for n in range(3000)]})
    split = make_split(table, target(3000), entity="id")
    assert split.by == "entity"
    ids = np.array(table["id"].to_pylist())
    assert not set(ids[split.train]) & set(ids[split.holdout])
    check_folds(split)


def test_by_time_holds_out_the_last_date_and_keeps_entities_within_folds() -> None:
    table = panel()
    split = make_split(table, target(len(table)), entity="id", as_of="as_of", label_days=28)
    dates = np.array(table["as_of"].to_pylist())
    assert split.by == "time"
    assert set(dates[split.holdout]) == {MONTHS[-1]}
    assert set(dates[split.train]) == set(MONTHS[:-1])
    check_folds(split)


def test_a_training_date_whose_label_overlaps_the_holdout_is_left_out() -> None:
    table = panel()
    split = make_split(table, target(len(table)), as_of="as_of", label_days=31)
    dates = set(np.array(table["as_of"].to_pylist())[split.train])
    # 2025-06-01 + 31 days is 2025-07-02, after the held-out 2025-07-01.
    assert dates == set(MONTHS[:-2])
    assert "1 as_of dates before 2025-07-01 were left out" in split.notes[0]


def test_a_date_says_where_the_holdout_begins() -> None:
    table = panel()
    split = make_split(table, target(len(table)), as_of="as_of", holdout=dt.date(2025, 6, 1))
    dates = np.array(table["as_of"].to_pylist())
    assert set(dates[split.holdout]) == set(MONTHS[5:])


def test_unlabelled_rows_are_in_neither_part() -> None:
    y = target(2000)
    y[:500] = np.nan
    split = make_split(pa.table({"x": range(2000)}), y)
    assert min(split.train.min(), split.holdout.min()) >= 500


def test_same_seed_same_split() -> None:
    table, y = pa.table({"x": range(2000)}), target(2000)
    one, same, other = (make_split(table, y, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.holdout, same.holdout)
    assert set(one.holdout) != set(other.holdout)


@pytest.mark.parametrize(
    ("rows", "options", "error", "message"),
    [
        (20, {}, DataError, "at least 10 of each kind"),
        (2000, {"by": "time"}, DataError, "needs a column as_of with at least two dates"),
        (2000, {"by": "entity"}, StudyError, "needs .table. entity"),
        (2000, {"holdout": dt.date(2025, 1, 1)}, StudyError, 'needs by = "time"'),
    ],
)
def test_what_cannot_be_split_is_a_sentence(
    rows: int, options: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        make_split(pa.table({"x": range(rows)}), target(rows), **options)


def test_a_horizon_that_leaves_no_training_date_is_refused() -> None:
    table = panel()
    with pytest.raises(DataError, match="leaves 0 rows to learn from"):
        make_split(table, target(len(table)), as_of="as_of", label_days=400)


@pytest.mark.parametrize("share", [0.05, 0.125, 0.33, 0.5])
@pytest.mark.parametrize("entity", [None, "id"])
def test_the_share_that_is_asked_for_is_held_out_and_said(share: float, entity: str | None) -> None:
    table = pa.table({"id": [f"c{n // 2}" for n in range(4000)]})
    split = make_split(table, target(4000), entity=entity, holdout=share)
    assert len(split.holdout) / 4000 == pytest.approx(share, abs=0.002)
    assert split.description.startswith(f"{100 * len(split.holdout) / 4000:.3g} % of the rows")


def test_a_gap_before_the_label_counts_against_training_dates() -> None:
    table = panel()
    # 2025-06-01 and 28 days end before 2025-07-01; with a gap of 10 days they do not.
    without = make_split(table, target(len(table)), as_of="as_of", label_days=28)
    with_gap = make_split(table, target(len(table)), as_of="as_of", label_days=38)
    assert len(without.train) - len(with_gap.train) == 300
    assert with_gap.notes


def test_positives_of_few_customers_are_dealt_evenly_or_refused() -> None:
    table = pa.table({"id": [f"c{n // 10}" for n in range(3000)]})
    y = np.zeros(3000)
    y[:600] = 1  # 60 of 300 customers
    split = make_split(table, y, entity="id")
    shares = [y[split.train][predict].mean() for _, predict in split.folds]
    assert max(shares) - min(shares) < 0.03  # by chance alone it would be 0.1
    y = np.zeros(3000)
    y[:20] = 1  # two customers: one is held out, the other is in one fold
    for seed in range(6):
        with pytest.raises(DataError, match="positive"):
            make_split(table, y, entity="id", seed=seed)
