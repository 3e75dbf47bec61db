"""Keeping one row of each customer: keys spelt in two ways, and rows that are nearly equal."""

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import Fix, Ledger
from patron.audit.operations import group_rows
from patron.audit.operations.near import grouped, near_pairs, prepared
from patron.audit.operations.rows import folded
from patron.errors import StudyError


def shop(rows, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "region": rng.choice(["north", "south", "east", "west"], rows).tolist(),
        "device": rng.choice(["phone", "desktop"], rows).tolist(),
        "spend": np.round(rng.lognormal(3, 1, rows), 2).tolist(),
        "minutes": np.round(rng.gamma(2, 3, rows), 1).tolist(),
        "tenure": rng.integers(1, 2_000, rows).tolist(),
        "age": rng.integers(18, 80, rows).tolist(),
        "orders": rng.poisson(2, rows).tolist(),
        "discount": np.round(rng.beta(2, 5, rows), 3).tolist(),
        "channel": rng.choice(["search", "social", "mail", "direct", "friend"], rows).tolist(),
        "signed_up": rng.integers(0, 900, rows).astype("datetime64[D]").tolist(),
    }


def with_copies(columns, copies, jitter, seed=1):
    """The first `copies` rows again, their money and minutes off by up to `jitter`."""
    rng = np.random.default_rng(seed)
    table = pa.table(columns)
    again = table.slice(0, copies)
    for name in ("spend", "minutes", "discount"):
        values = again[name].to_numpy() * (1 + rng.uniform(-jitter, jitter, copies))
        place = again.column_names.index(name)
        again = again.set_column(place, name, pa.chunked_array([values]))
    return pa.concat_tables([table, again])


def applied(table, operation, columns, **arguments):
    return Ledger([Fix(operation, columns, arguments)]).apply(table)


@pytest.mark.parametrize(("jitter", "within"), [(0.0, 0.002), (0.01, 0.02), (0.05, 0.1)])
def test_near_duplicates_go_and_the_first_stays(jitter, within):
    table = with_copies(shop(2_000), 300, jitter)
    after, [change] = applied(table, "drop_near_duplicates", table.column_names)
    assert change.kept_rows.tolist() == list(range(2_000))
    how = f"(within {within}), keeping the first"
    assert change.sentence == f"dropped 300 rows nearly equal to another in 10 columns {how}"
    assert after.equals(table.slice(0, 2_000))


def test_the_latest_stays_where_a_time_says_which():
    table = with_copies(shop(2_000), 100, 0.02)
    table = table.append_column("changed", pa.array([2] * 50 + [0] * 50 + [1] * 2_000))
    names = [name for name in table.column_names if name != "changed"]
    _, [change] = applied(table, "drop_near_duplicates", names, by="changed")
    assert change.kept_rows.tolist() == [*range(50), *range(100, 2_000), *range(2_050, 2_100)]
    assert change.sentence.endswith("keeping the latest by changed")


@pytest.mark.parametrize("unknown", [None, float("nan")])
def test_a_record_without_a_time_is_never_the_latest(unknown):
    times = pa.array([5.0, unknown, unknown, 3.0, unknown, unknown], pa.float64())
    table = pa.table({"id": [1, 1, 2, 2, 3, 3], "at": times, "row": list("abcdef")})
    table = table.append_column("code", times.dictionary_encode())
    for by in ("at", "code"):
        kept, _ = applied(table, "keep_latest", ("id",), by=by)
        assert kept["row"].to_pylist() == ["a", "d", "f"]


def test_rows_of_two_dates_are_never_copies():
    table = with_copies(shop(1_000), 200, 0.0)
    table = table.append_column("as_of", pa.array([1] * 1_000 + [2] * 200))
    names = [name for name in table.column_names if name != "as_of"]
    assert applied(table, "drop_near_duplicates", names, within="as_of")[0].num_rows == 1_200
    assert applied(table, "drop_near_duplicates", names)[0].num_rows == 1_000


def test_no_row_goes_where_none_was_copied():
    for seed in range(5):
        table = pa.table(shop(3_000, seed))
        assert applied(table, "drop_near_duplicates", table.column_names)[0].num_rows == 3_000


def test_coarse_rows_are_near_by_chance_and_stay():
    rng = np.random.default_rng(0)
    table = pa.table({f"c{i}": rng.integers(0, 4, 5_000) for i in range(7)})
    alike = group_rows(table, table.column_names)
    assert len(np.unique(alike)) < 4_500  # many rows are quite equal
    assert applied(table, "drop_near_duplicates", table.column_names)[0].num_rows == 5_000


def test_a_copy_may_lack_values_or_differ_in_a_few_columns():
    columns = shop(2_000)
    table = with_copies(columns, 200, 0.01)
    ages, regions = table["age"].to_pylist(), table["region"].to_pylist()
    for row in range(2_000, 2_060):
        ages[row] = None
        regions[row + 70] = "moved"
    table = table.set_column(5, "age", pa.array(ages)).set_column(0, "region", pa.array(regions))
    assert applied(table, "drop_near_duplicates", table.column_names)[0].num_rows <= 2_005


def test_pairs_do_not_depend_on_who_asks():
    table = with_copies(shop(1_500), 150, 0.03)
    columns = prepared(table, table.column_names)
    one, two = (near_pairs(columns, 1_650) for _ in range(2))
    assert np.array_equal(one.first, two.first)
    assert np.array_equal(one.second, two.second)
    assert len(one.first) == 150


def test_chains_of_pairs_are_one_group():
    first, second = np.array([4, 1, 2]), np.array([5, 2, 4])
    assert grouped(7, first, second).tolist() == [0, 1, 1, 3, 1, 1, 6]
    assert grouped(2, first[:0], first[:0]).tolist() == [0, 1]


def test_folded_unites_spellings_and_leaves_numbers_alone():
    texts = ["A.B+x@Mail.com ", "ab@mail.com", "(0170) 123-4567", "+491701234567", "Müller", None]
    same = folded(pa.chunked_array([texts])).to_pylist()
    assert same[0] == same[1] == "ab@mail.com"
    assert same[2] == same[3] == "701234567"
    assert same[4:] == ["muller", None]
    assert folded(pa.chunked_array([["-", " "]])).to_pylist() == [None, None]
    assert folded(pa.chunked_array([[1, 2]])).to_pylist() == [1, 2]


def test_keep_latest_by_a_loosely_spelt_key_leaves_placeholders_alone():
    mails = ["anna@x.org", "Anna@X.org", "none@x.org", "none@x.org", "none@x.org", None, None]
    table = pa.table({"mail": mails, "age": [30, 31, 1, 2, 3, 4, 5]})
    _, [strict] = applied(table, "keep_latest", ["mail"])
    assert strict.kept_rows.tolist() == [0, 1, 4, 5, 6]
    _, [loose] = applied(table, "keep_latest", ["mail"], loose=True, most=2)
    assert loose.kept_rows.tolist() == [1, 2, 3, 4, 5, 6]
    assert loose.sentence == (
        "dropped 1 earlier record of the same mail, however it is spelt, judged by the order of "
        "the rows"
    )


def test_a_date_column_that_is_not_there_is_refused():
    table = pa.table(shop(50))
    with pytest.raises(StudyError, match="there is no column 'as_off'"):
        applied(table, "drop_near_duplicates", ["age", "spend", "region"], within="as_off")
