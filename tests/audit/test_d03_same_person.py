"""D03: one person under several keys, by contact and by likeness; households and chance are not."""

import datetime as dt
import json
import time

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CannotSay, Ledger, Severity
from patron.audit.duplicates import SamePerson
from patron.audit.duplicates.persons import _NAME, _ONE_NAME

FIRST = ["Anna", "Bert", "Carla", "Dario", "Elif", "Finn", "Greta", "Hugo", "Ines", "Jakub"]
LAST = ["Smith", "Jones", "Weber", "Rossi", "Novak", "Silva", "Dubois", "Larsen", "Kaya", "Popa"]


def persons(honest, rows=1_000, seed=0):
    """A shop whose customers have a name, an e-mail, a telephone number and a postcode."""
    columns, y = honest(seed, rows)
    rng = np.random.default_rng(seed)
    columns = {name: pa.array(values).to_pylist() for name, values in columns.items()}
    first, last = rng.choice(FIRST, rows), rng.choice(LAST, rows)
    columns["customer"] = [f"K{i:05d}" for i in range(rows)]
    columns["full_name"] = [f"{a} {b}{i}" for i, (a, b) in enumerate(zip(first, last, strict=True))]
    letters = "abcdefghij"
    told = ["".join(letters[int(d)] for d in f"{i:04d}") for i in range(rows)]
    columns["full_name"] = [f"{a} {b}{t}" for a, b, t in zip(first, last, told, strict=True)]
    columns["contact"] = [
        f"{a.lower()}.{b.lower()}{t}@mail.org" for a, b, t in zip(first, last, told, strict=True)
    ]
    columns["call"] = [f"+49 170 {n}" for n in rng.choice(9_000_000, rows, False) + 1_000_000]
    columns["post"] = [f"{n:05d}" for n in rng.integers(10_000, 99_999, rows)]
    return columns, y


def again(columns, y, copies, **changes):
    """The first customers a second time under another key, with columns made anew."""
    more = {name: list(values[:copies]) for name, values in columns.items()}
    more["customer"] = [f"N{i:05d}" for i in range(copies)]
    for name, change in changes.items():
        more[name] = [change(value) for value in more[name]]
    return {n: columns[n] + more[n] for n in columns}, np.r_[y, y[:copies]]


def anew(columns, copies, seed=9):
    """Other behaviour for the last rows, so that only the contact tells who they are."""
    rng = np.random.default_rng(seed)
    kept = ("customer", "full_name", "contact", "call", "post")
    for name in columns:
        if name not in kept:
            drawn = rng.permutation(len(columns[name]) - copies)[:copies]
            columns[name] = columns[name][:-copies] + [columns[name][row] for row in drawn]
    return columns


ROLES = {"customer": "entity", **dict.fromkeys(["full_name", "contact", "call"], "identifier")}


def spelt_otherwise(mail):
    local, domain = mail.split("@")
    return f" {local.upper().replace('.', '')}+news@{domain}"


def test_one_person_is_told_in_the_singular(frame, honest):
    columns, y = again(*persons(honest), 1, call=lambda _: None)
    (found, *_) = SamePerson().run(frame(anew(columns, 1), y, **ROLES))
    assert found.meaning.startswith("1 row shares its ")


@pytest.mark.parametrize(
    ("change", "column", "kind"),
    [
        ({"contact": spelt_otherwise, "call": lambda _: None}, "contact", "e-mail"),
        (
            {"call": lambda n: n.replace("+49 170 ", "0170/"), "contact": lambda _: None},
            "call",
            "telephone",
        ),
    ],
)
def test_a_person_is_known_by_a_contact_however_it_is_spelt(frame, honest, change, column, kind):
    columns, y = again(
        *persons(honest), 40, **change, full_name=lambda n: f"{n[0]}. {n.split()[1]}"
    )
    columns = anew(columns, 40)
    measured = frame(columns, y, **ROLES)
    [found] = SamePerson().run(measured)
    assert (found.columns, found.rows) == ((column,), 40)
    assert (found.evidence["found_by"], found.evidence["spelt_alike"]) == (kind, 0.0)
    kept, [change] = Ledger((found.fix,)).apply(measured.table)
    assert change.rows_dropped == 40
    assert sorted(kept["customer"].to_pylist())[-40:] == [f"N{i:05d}" for i in range(40)]


@pytest.mark.parametrize("pattern", [_NAME, _ONE_NAME])
def test_names_are_read_in_a_moment_whatever_they_are(pattern):
    began = time.perf_counter()
    for text in ("a. " * 40 + "1", "a." * 40 + "1", "a.  " * 40 + "1", "a" * 400 + "1"):
        assert not pattern.fullmatch(text)
    assert time.perf_counter() - began < 0.1


@pytest.mark.parametrize(
    ("text", "whole", "part"),
    [
        ("Anna Smith", True, True),
        (" J. R. R. Tolkien ", True, True),
        ("Smith, Anna", True, False),
        ("Anna O'Neill jr.", True, True),
        ("A.Smith", True, True),
        ("Anna.", False, True),
        ("a b c d e", False, True),
        ("Anna 2", False, False),
        ("Anna..", False, False),
        ("Anna -", False, False),
        ("", False, False),
    ],
)
def test_what_is_written_as_a_name(text, whole, part):
    assert bool(_NAME.fullmatch(text)) is whole
    assert bool(_ONE_NAME.fullmatch(text)) is part


def test_a_household_shares_its_telephone_and_is_not_one_person(frame, honest):
    columns, y = again(
        *persons(honest),
        60,
        contact=lambda m: f"other.{m}",
        full_name=lambda n: f"Zora {n.split()[1]}",
    )
    columns = anew(columns, 60)
    assert SamePerson().run(frame(columns, y, **ROLES)) == []
    # One of them is a person indeed: the fix must leave the household.
    columns["full_name"][-1] = columns["full_name"][59]
    [found] = SamePerson().run(frame(columns, y, **ROLES))
    assert (found.rows, found.evidence["shared_under_other_names"]) == (1, 59)
    assert found.fix.columns == ("call", "full_name")
    assert "59 pairs with other names are left: households." in found.meaning


def test_a_placeholder_is_nobodys_contact(frame, honest):
    columns, y = persons(honest)
    columns["contact"][:80] = ["noreply@mail.org"] * 80
    assert SamePerson().run(frame(columns, y, **ROLES)) == []
    columns, y = again(columns, y, 100, full_name=str.upper)
    columns = anew(columns, 100)
    found = SamePerson().run(frame(columns, y, **ROLES))[0]
    assert found.evidence["rows_with_a_placeholder"] == 160
    assert found.fix.arguments == {"loose": True, "most": 5}


def test_name_and_postcode_name_a_person_and_a_common_name_does_not(frame, honest):
    without = {"contact": lambda _: None, "call": lambda _: None}
    columns, y = again(*persons(honest), 40, **without, post=lambda p: f" {p}")
    columns = anew(columns, 40)
    [found] = SamePerson().run(frame(columns, y, **ROLES))
    assert (found.columns, found.rows) == (("full_name", "post"), 40)
    rng = np.random.default_rng(1)
    columns, y = persons(honest)
    columns["full_name"] = [f"Anna {LAST[i]}" for i in rng.integers(0, 10, 1_000)]
    columns["post"] = [f"1000{n}" for n in rng.integers(0, 9, 1_000)]
    assert SamePerson().run(frame(columns, y, **ROLES)) == []


def jittered(y, columns, copies, share, rng):
    """The first customers again under another key, their numbers off by up to `share`."""
    more = {}
    for name, values in columns.items():
        taken = pa.array(values)[:copies].to_pylist()
        if name not in ("customer", "region"):
            taken = [None if v is None else v * (1 + rng.uniform(-share, share)) for v in taken]
        more[name] = pa.array(values).to_pylist() + taken
    more["customer"] = [*columns["customer"], *(f"N{i}" for i in range(copies))]
    return more, np.r_[y, y[:copies]]


def wide(honest, rows, seed=0):
    columns, y = honest(seed, rows)
    rng = np.random.default_rng(seed)
    columns["customer"] = [f"K{i}" for i in range(rows)]
    columns["city"] = [f"C{n:02d}" for n in rng.integers(0, 60, rows)]
    columns["spend"] = np.round(rng.lognormal(3, 1, rows), 2)
    return columns, y


@pytest.mark.parametrize(
    ("share", "copies", "severity"),
    [(0.001, 400, Severity.SERIOUS), (0.05, 400, Severity.SERIOUS), (0.02, 30, Severity.WARNING)],
)
def test_nearly_equal_rows_under_another_key(frame, honest, share, copies, severity):
    columns, y = wide(honest, 1_500, 2)
    city = columns.pop("city")
    columns, target = jittered(y, columns, copies, share, np.random.default_rng(1))
    columns["city"] = city + city[:copies]
    measured = frame(columns, target, customer="entity")
    [found] = SamePerson().run(measured)
    assert found.severity is severity
    assert found.columns == ()
    assert found.rows == pytest.approx(copies, rel=0.02)
    kept, _ = Ledger((found.fix,)).apply(measured.table)
    assert kept.num_rows == 1_500 + copies - found.rows
    assert kept["customer"].to_pylist()[:1_500] == columns["customer"][:1_500]
    shown = json.dumps(found.to_dict())
    assert not any(f'"{name}"' in shown for name in columns["customer"])


@pytest.mark.parametrize("seed", range(4))
def test_silent_where_nobody_is_there_twice(frame, honest, seed):
    columns, y = wide(honest, 3_000, seed)
    assert SamePerson().run(frame(columns, y, customer="entity")) == []
    persons_of, y = persons(honest, 1_000, seed)
    assert SamePerson().run(frame(persons_of, y, **ROLES)) == []


def test_coarse_rows_are_alike_by_chance(frame):
    rng = np.random.default_rng(0)
    columns = {f"c{i}": rng.integers(0, 3, 4_000) for i in range(8)}
    columns["money"] = np.where(rng.random(4_000) < 0.2, 29.99, rng.lognormal(5, 1, 4_000).round())
    columns["customer"] = np.arange(4_000)
    assert SamePerson().run(frame(columns, customer="entity")) == []


def test_several_dates_and_records_of_one_customer_are_others_matter(frame, honest):
    columns, y = wide(honest, 800)
    later = {name: [*values, *values] for name, values in columns.items()}
    later["habit_1"] = [*columns["habit_1"].to_pylist(), *columns["habit_1"].to_pylist()]
    dates = [dt.date(2024, 1, 1)] * 800 + [dt.date(2024, 2, 1)] * 800
    roles = {"customer": "entity", "date": "as_of"}
    assert SamePerson().run(frame(later | {"date": dates}, np.r_[y, y], **roles)) == []
    twice = {name: values[:820] for name, values in later.items()}
    assert SamePerson().run(frame(twice, np.r_[y, y[:20]], customer="entity")) == []


def test_cannot_say_of_few_rows_or_of_orders(frame):
    assert SamePerson().run(frame({"age": [1, 2, 3]})) == CannotSay(
        "the table has 3 rows; below 50 likeness is no proof"
    )
    orders = {"customer": np.arange(400) % 100, "amount": np.arange(400) * 1.5}
    for role in ("entity", "identifier"):
        assert SamePerson().run(frame(orders, customer=role)) == CannotSay(
            "most values of customer have several rows; the rows look like orders or snapshots"
        )


def test_customers_who_bought_once_look_alike_by_chance(frame):
    """Two thirds have one order: all that is known of them follows from its price and its day."""
    rng = np.random.default_rng(0)
    rows = 8_000
    once = rng.random(rows) < 0.66
    price, day = rng.lognormal(3, 0.4, rows), rng.integers(1, 90, rows)
    items = rng.integers(1, 4, rows)

    def known(values, otherwise):
        return np.where(once, values, otherwise)

    columns = {"customer": np.arange(rows), "recency_days": day.astype(float)}
    columns["orders"] = known(1, 2 + rng.poisson(3, rows)).astype(float)
    for days in (7, 14, 30, 60, 90):
        columns[f"spend_{days}d"] = known(price * (day < days), rng.lognormal(3, 1, rows))
        columns[f"items_{days}d"] = known(items * (day < days), rng.poisson(9, rows)).astype(float)
    for name in ("spend", "mean_order", "largest_order", "smallest_order"):
        columns[name] = known(price, rng.lognormal(4, 1, rows))
    columns["tenure_days"] = known(day, day + rng.integers(5, 900, rows)).astype(float)
    for name in ("gap_days", "gap_variation", "returns", "spend_trend"):
        columns[name] = known(0.0, rng.lognormal(1, 1, rows))
    answer = SamePerson().run(frame(columns, customer="entity"))
    assert isinstance(answer, CannotSay)
    assert "customers who did little look alike" in answer.because
