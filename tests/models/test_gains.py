"""The line, and which derived features add to it."""

import numpy as np
import pyarrow as pa
import pytest

from patron.features.derived import Derived, Factor
from patron.features.encode import Design, Encoder
from patron.models.gains import choose
from patron.models.reference import Line, Penalty, Widener, strongest
from patron.schema import infer


def design_of(table: pa.Table) -> Design:
    schema = infer(table)
    return Encoder.fit(table, schema).transform(table)


@pytest.fixture(scope="module")
def table() -> pa.Table:
    rng = np.random.default_rng(5)
    rate, worth = rng.gamma(2, 1, 1500), rng.gamma(3, 10, 1500)
    return pa.table(
        {
            "orders": rng.poisson(3 * rate),
            "basket": worth.round(2),
            "noise": rng.normal(size=1500),
            "city": rng.choice(["north", "south", "east"], 1500),
        }
    )


def test_the_line_is_that_of_ordinary_least_squares(table: pa.Table) -> None:
    from sklearn.linear_model import LinearRegression

    y = np.random.default_rng(6).normal(size=1500) + table["orders"].to_numpy()
    names = ("orders", "basket", "noise")
    plain = np.column_stack([table[name].to_numpy() for name in names])
    towns = np.column_stack([table["city"].to_numpy() == town for town in ("north", "south")])
    wide = np.column_stack([plain, towns])
    expected = LinearRegression().fit(wide, y).predict(wide)
    design = design_of(table)
    np.testing.assert_allclose(Line.fit(design, y).predict(design), expected, atol=1e-4)


def test_importance_counts_a_row_as_often_as_it_says(table: pa.Table) -> None:
    design, y = design_of(table), table["basket"].to_numpy() ** 2
    few = design.rows(np.arange(200))
    twice = design.rows(np.r_[np.arange(200), np.arange(50)])
    weighted = Line.fit(few, y[:200], importance=np.where(np.arange(200) < 50, 2.0, 1.0))
    repeated = Line.fit(twice, np.r_[y[:200], y[:50]])
    np.testing.assert_allclose(weighted.predict(few), repeated.predict(few), rtol=1e-3)


def test_missing_is_the_mean_and_an_unseen_level_is_the_base() -> None:
    table = pa.table({"x": [1.0, 2.0, 3.0, None] * 10, "town": ["a", "b"] * 20})
    y = np.array([1.0, 2.0, 3.0, 2.0] * 10)
    line = Line.fit(design_of(table), y)
    encoder = Encoder.fit(table, infer(table))
    asked = pa.table({"x": [None, 2.0], "town": ["new", "new"]})
    told = line.predict(encoder.transform(asked))
    assert told[0] == pytest.approx(told[1], abs=1e-3)


def test_a_penalty_of_as_many_rows_as_a_level_has_leaves_half_of_it() -> None:
    towns = [f"town {number}" for number in range(40) for _ in range(500)]
    table = pa.table({"town": ["rare"] * 20 + towns})
    y = np.r_[np.ones(20), np.zeros(20_000)]
    design = design_of(table)
    rare = Line.fit(design, y, Penalty(levels=20.0)).predict(design)[0]
    assert rare == pytest.approx(0.5, abs=0.02)


def test_of_a_wide_table_the_strongest_columns_are_kept() -> None:
    rng = np.random.default_rng(1)
    columns = rng.normal(size=(500, 40))
    columns[:, 3] = np.nan
    y = columns[:, 7] - columns[:, 30] + 0.1 * rng.normal(size=500)
    assert strongest(columns, y, 2).tolist() == [7, 30]
    assert len(strongest(columns, y)) == 40
    table = pa.table({f"c{place}": columns[:, place] for place in range(40) if place != 3})
    assert len(Widener.of(design_of(table), y, 5).kept) == 5


CANDIDATES = [
    Derived("noise x basket", (Factor("times", "noise"), Factor("times", "basket")), "none"),
    Derived("worth", (Factor("times", "orders"), Factor("times", "basket")), "number times value"),
    Derived("worth again", (Factor("times", "orders"), Factor("times", "basket")), "a copy"),
]


def test_the_product_that_the_answer_is_made_of_is_chosen_and_its_copy_is_not(
    table: pa.Table,
) -> None:
    y = table["orders"].to_numpy() * table["basket"].to_numpy()
    y = y + np.random.default_rng(7).normal(size=1500) * y.std()
    gains = choose(table, infer(table), y, CANDIDATES)
    assert [gain.derived.name for gain in gains] == ["worth"]
    r2 = gains[0].r2
    assert 0 < r2.low < r2.value < r2.high
    # Half of the variance is noise; what a line over the columns explains of the rest is not new.
    base = np.column_stack([table[name].to_numpy() for name in ("orders", "basket", "noise")])
    signal = table["orders"].to_numpy() * table["basket"].to_numpy()
    fitted = np.column_stack([base, np.ones(1500)])
    left = signal - fitted @ np.linalg.lstsq(fitted, signal, rcond=None)[0]
    assert r2.value == pytest.approx(left.var() / y.var(), abs=0.03)


def test_nothing_is_chosen_where_there_is_nothing_to_learn(table: pa.Table) -> None:
    schema = infer(table)
    for seed in range(5):
        y = np.random.default_rng(seed).normal(size=1500)
        assert choose(table, schema, y, CANDIDATES, seed=seed) == []
    assert choose(table, schema, y, []) == []
