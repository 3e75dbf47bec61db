"""Splits: no row, no entity and no label window on both sides."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from patron.errors import DataError, StudyError
from patron.split import FEW_ROWS, Split, make_split

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


def test_repeats_draw_the_folds_anew_where_rows_are_few() -> None:
    y = target(3000)
    split = make_split(pa.table({"x": range(3000)}), y, repeats=3)
    assert len(split.repeats) == 2
    once = make_split(pa.table({"x": range(3000)}), y)
    assert once.repeats == ()
    np.testing.assert_array_equal(once.train, split.train)
    np.testing.assert_array_equal(once.folds[0][1], split.folds[0][1])
    every = [split.folds, *split.repeats]
    for folds in every:
        check_folds(replace(split, folds=folds))
        shares = [y[split.train][predict].mean() for _, predict in folds]
        assert max(shares) - min(shares) < 0.01  # each is stratified
    for one in range(3):
        for other in range(one):
            # Two draws share a fifth of a fold by chance, not all of it.
            shared = set(every[one][0][1]) & set(every[other][0][1])
            assert len(shared) < 0.4 * len(every[one][0][1])


def test_repeats_never_split_an_entity() -> None:
    table = pa.table({"id": [f"c{n // 3}" for n in range(3000)]})
    split = make_split(table, target(3000), entity="id", repeats=3)
    assert split.groups is not None
    assert len(split.repeats) == 2
    for folds in split.repeats:
        check_folds(replace(split, folds=folds))


def test_many_rows_and_a_split_by_time_are_not_repeated() -> None:
    large = make_split(pa.table({"x": range(13_000)}), target(13_000), repeats=3)
    assert len(large.train) >= FEW_ROWS
    assert large.repeats == ()
    table = panel()
    by_time = make_split(table, target(len(table)), entity="id", as_of="as_of", repeats=3)
    assert by_time.by == "time"
    assert len(by_time.train) < FEW_ROWS
    assert by_time.repeats == ()


def test_what_is_few_counts_the_training_rows() -> None:
    """12,000 labelled rows leave 9,600 to learn from."""
    split = make_split(pa.table({"x": range(12_000)}), target(12_000), repeats=2)
    assert len(split.train) == pytest.approx(9600, abs=10)
    assert len(split.repeats) == 1
