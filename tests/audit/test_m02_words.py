"""M02: words that stand for missing, those that may be levels, and texts that are neither."""

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CannotSay, Ledger, Severity
from patron.audit.missing import WordsForMissing


def shop(rows=2_000, seed=0):
    rng = np.random.default_rng(seed)
    region = rng.choice(["north", "south", "east"], rows).astype(object)
    return {
        "region": region,
        "age": rng.integers(18, 90, rows),
        "orders": rng.poisson(2, rows),
    }, rng


@pytest.mark.parametrize("word", ["N/A", "", "?", " null ", "-", "keine Angabe", "(Missing)"])
def test_a_word_that_is_never_a_value_is_a_warning(frame, word):
    columns, rng = shop()
    hit = rng.random(2_000) < 0.04
    columns["region"][hit] = word
    made = frame(columns)
    [found] = WordsForMissing().run(made)
    assert (found.severity, found.columns) == (Severity.WARNING, ("region",))
    assert found.evidence["rows_by_column"] == {"region": hit.sum()}
    after, _ = Ledger((found.fix,)).apply(made.table)
    assert after["region"].null_count == hit.sum()


def test_unknown_that_falls_on_anybody_is_a_gap_and_one_with_rows_of_its_own_a_note(frame):
    columns, rng = shop()
    anybody = columns["region"].copy()
    anybody[rng.random(2_000) < 0.1] = "unknown"
    own = np.where(columns["orders"] == 0, "Unknown", columns["region"]).astype(object)
    gap, note = WordsForMissing().run(
        frame({"a": anybody, "b": own, "orders": columns["orders"], "age": columns["age"]})
    )
    assert (gap.severity, gap.columns) == (Severity.WARNING, ("a",))
    assert gap.evidence["because"] == {"a": "its rows are like all others"}
    assert (note.severity, note.columns) == (Severity.NOTE, ("b",))
    assert note.evidence["because"] == {"b": "mostly where orders is at most 0"}


def test_unknown_that_is_all_one_channel_has_is_a_gap_there(frame):
    columns, rng = shop()
    channel = rng.choice(["web", "shop", "partner"], 2_000)
    columns["region"][(channel == "partner") & (rng.random(2_000) < 0.97)] = "unknown"
    [found] = WordsForMissing().run(frame({**columns, "channel": channel}))
    assert found.severity is Severity.WARNING
    assert found.evidence["because"] == {
        "region": "it is all that is there where channel is partner"
    }


def test_unknown_beside_other_gaps_is_a_gap(frame):
    columns, rng = shop()
    columns["region"][columns["orders"] == 0] = "unknown"
    columns["region"][rng.random(2_000) < 0.05] = None
    [found] = WordsForMissing().run(frame(columns))
    assert found.severity is Severity.WARNING
    assert found.evidence["because"] == {"region": "the column has gaps of another kind too"}


def test_unknown_among_numbers_is_a_gap(frame):
    columns, _ = shop()
    amount = np.array([f"{value}.50" for value in columns["age"]], dtype=object)
    amount[columns["orders"] == 0] = "unknown"
    columns["amount"] = amount
    [found] = WordsForMissing().run(frame(columns))
    assert found.severity is Severity.WARNING
    assert found.evidence["because"] == {"amount": "all the other values are numbers or dates"}


def test_any_word_among_numbers_is_a_gap_but_not_among_sizes(frame):
    columns, rng = shop()
    amount = np.array([f"{value}.50" for value in columns["age"]], dtype=object)
    amount[columns["orders"] == 0] = "offline"
    columns["amount"] = amount
    columns["size"] = rng.choice(["S", "M", "L", "38", "40", "42"], 2_000)
    [found] = WordsForMissing().run(frame(columns))
    assert (found.columns, found.evidence["words"]) == (("amount",), ['"offline"'])


def test_columns_share_one_finding_and_the_words_their_picture(frame):
    columns, rng = shop()
    columns["plan"] = np.where(rng.random(2_000) < 0.3, "N/A", "gold")
    columns["region"][rng.random(2_000) < 0.02] = "?"
    [found] = WordsForMissing().run(frame(columns))
    assert set(found.columns) == {"region", "plan"}
    assert found.evidence["words"] == ['"?"', '"N/A"']
    assert found.evidence["picture"]["labels"] == ['"gold"', '"N/A"']
    assert found.evidence["picture"]["mark"] == ['"N/A"']
    assert found.fix.arguments == {"words": ["?", "n/a"]}


def test_silent_on_words_that_only_contain_one_and_on_a_column_of_nothing_else(frame):
    columns, rng = shop()
    columns["brand"] = rng.choice(["Nana", "Unknown Pleasures", "None the Wiser", "a-b"], 2_000)
    columns["code"] = pa.array(["N/A"] * 2_000)  # a constant: not for this check
    assert WordsForMissing().run(frame(columns)) == []


def test_the_entity_and_what_is_no_feature_by_its_role_are_left_alone(frame):
    columns, _ = shop()
    columns["customer"] = np.array(["?", *(f"c{i}" for i in range(1_999))], dtype=object)
    columns["customer"][:50] = "?"
    assert WordsForMissing().run(frame(columns, customer="entity")) == []


def test_cannot_say_without_text(frame):
    answer = WordsForMissing().run(frame({"age": np.arange(300.0)}))
    assert answer == CannotSay("no column holds text")


def test_the_picture_of_a_column_of_addresses_shows_nobody(frame):
    mails = [f"anna{k}@example.org" for k in range(300)]
    mails[:40], mails[40:60] = ["N/A"] * 40, ["anna7@example.org"] * 20
    [found] = WordsForMissing().run(frame({"mail": mails}, mail="text"))
    assert found.evidence["picture"]["labels"] == ['"N/A"']
    assert "anna" not in str(found.to_dict())


def test_a_word_as_common_as_other_levels_may_be_one(honest, frame):
    columns, y = honest(0)
    draw = np.random.default_rng(3)
    columns["discount"] = draw.choice(["none", "voucher", "points"], 2_000)
    columns["country"] = draw.choice(["NA", "ZA", "BW"], 2_000)
    [found] = WordsForMissing().run(frame(columns, y))
    assert (found.columns, found.severity) == (("discount",), Severity.NOTE)


def test_each_list_of_words_is_for_its_own_columns(honest, frame):
    columns, y = honest(0)
    draw = np.random.default_rng(3)
    gone = draw.random((3, 2_000)) < 0.1
    for at, (name, word) in enumerate([("a", "none"), ("b", "unknown"), ("c", "n/a")]):
        levels = np.where(gone[at], word, draw.choice(["x1", "x2", "x3"], 2_000))
        columns[name] = pa.array(levels.tolist(), mask=draw.random(2_000) < 0.05)
    columns["d"] = columns["c"]
    found = WordsForMissing().run(frame(columns, y))
    assert {each.columns: each.fix.arguments["words"] for each in found} == {
        ("a",): ["none"],
        ("b",): ["unknown"],
        ("c", "d"): ["n/a"],
    }
    assert "rows of c, " in found[2].meaning
    assert "rows of d" in found[2].meaning
