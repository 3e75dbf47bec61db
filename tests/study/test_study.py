"""The Study: what it reads, what it refuses, and where it says that the mistake is."""

from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from pydantic import ValidationError

from patron.errors import StudyError
from patron.schema import Role
from patron.study import FixedWidth, PurchaseSection, Study, TableSection

TABLE = {"path": "customers.csv"}
EVENTS = {"path": "orders.csv", "entity": "who", "time": "at", "amount": "paid"}

WHOLE = """
[table]
path = "data/customers.csv"
entity = "customer"
as_of = 2025-01-31
updated = "changed"
format = {delimiter = ";", decimal = ",", types = {zip = "text"}}
[events]
path = "s3://bucket/orders.parquet"
entity = "customer"
time = "at"
amount = "quantity * price"
quantity = "quantity"
kind = "kind"
category = "department"
product = "sku"
order_id = "order"
where = "price > 0"
drop_duplicates = true
as_of = ["2025-03-01", 2025-02-01]
horizon_days = 14
gap_days = 1
observed_until = 2025-04-01
[roles]
"age.at start" = "count"
[audit]
ignore = ["L03", "D01:age.at start"]
apply = "all"
fail_on = "never"
[[fixes]]
operation = "drop_column"
columns = ["duration"]
because = "L01"
[purchase]
target = "bought"
threshold = {contact_cost = 0.7, purchase_value = 20}
effort = "thorough"
learners = ["logistic", "trees"]
monotone = {recency = "falling", orders = "rising"}
groups = ["age group"]
floors = ["recency"]
[spend]
target = "paid"
top_share = 0.1
top_weight = 3
cap = 5000
[campaign]
treatment = "mailed"
campaign = "campaign"
outcome = "paid"
contact_cost = 0.7
margin = 0.4
propensity = 0.5
arms = ["none", "mail"]
[segments]
axes = ["recency", "spend"]
k = 5
rules_only = true
[budget]
amount = 10000
by = "channel"
[split]
by = "time"
holdout = 2025-03-01
folds = 3
[run]
seed = 7
threads = 2
level = 0.9
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "patron.toml"
    path.write_text(text, "utf-8")
    return path


def refusal(**sections: object) -> str:
    with pytest.raises(StudyError) as error:
        Study(**sections)
    return str(error.value)


class TestReading:
    def test_every_key(self, tmp_path: Path) -> None:
        study = Study.load(write(tmp_path, WHOLE))
        assert study.table.as_of == date(2025, 1, 31)
        assert study.table.format.options() == {
            "delimiter": ";",
            "decimal": ",",
            "types": {"zip": "text"},
        }
        assert study.events.as_of == (date(2025, 2, 1), date(2025, 3, 1))
        assert study.roles == {"age.at start": Role.COUNT}
        assert study.fixes[0].columns == ("duration",)
        assert study.purchase.threshold.purchase_value == 20
        assert study.purchase.effort == "thorough"
        assert study.purchase.learners == ("logistic", "trees")
        assert study.purchase.monotone == {"recency": "falling", "orders": "rising"}
        assert study.purchase.groups == ("age group",)
        assert study.campaign.propensity == 0.5
        assert study.split.holdout == date(2025, 3, 1)
        assert (study.run.seed, study.run.threads, study.run.level) == (7, 2, 0.9)

    def test_defaults(self) -> None:
        study = Study(table=TABLE)
        assert (study.run.seed, study.run.threads, study.run.level) == (0, None, 0.95)
        assert (study.split.by, study.split.holdout, study.split.folds) == (None, None, None)
        assert (study.audit.ignore, study.audit.apply) == ((), "serious")
        assert study.purchase is None
        purchase = Study(table=TABLE, purchase={"target": "y"}).purchase
        assert (purchase.threshold, purchase.effort, purchase.learners) == ("f1", "normal", None)
        assert (purchase.monotone, purchase.groups) == ({}, ())
        events = Study(events=EVENTS).events
        assert (events.horizon_days, events.gap_days, events.as_of) == (30, 0, ())

    def test_one_date_is_a_list_of_one(self) -> None:
        events = Study(events=EVENTS | {"as_of": "2025-01-31"}).events
        assert events.as_of == (date(2025, 1, 31),)

    def test_paths_are_relative_to_the_file(self, tmp_path: Path) -> None:
        study = Study.load(write(tmp_path, WHOLE))
        assert study.folder == tmp_path
        assert study.table_path == str(tmp_path / "data/customers.csv")
        assert study.events_path == "s3://bucket/orders.parquet"
        absolute = Study.load(write(tmp_path, f"[table]\npath = '{tmp_path}/a.csv'"))
        assert absolute.table_path == f"{tmp_path}/a.csv"
        assert absolute.events_path is None

    def test_byte_order_mark_and_windows_line_ends(self, tmp_path: Path) -> None:
        path = tmp_path / "patron.toml"
        path.write_bytes(b'\xef\xbb\xbf[table]\r\npath = "a.csv"\r\n')
        assert Study.load(path).line_of("table.path") == 2

    def test_plain_data_for_json(self, tmp_path: Path) -> None:
        sections = Study.load(write(tmp_path, WHOLE)).sections()
        assert sections["events"]["as_of"] == ["2025-02-01", "2025-03-01"]
        assert sections["roles"] == {"age.at start": "count"}
        again = {name: section for name, section in sections.items() if section is not None}
        assert Study(**again).sections() == sections

    def test_columns_of_fixed_width(self) -> None:
        columns = [{"name": "id", "start": 1, "width": 6}]
        table = Study(table=TABLE | {"format": {"columns": columns}}).table
        assert table.format.columns == (FixedWidth(name="id", start=1, width=6),)
        assert table.format.options() == {"columns": tuple(columns)}


class TestBuiltInPython:
    def test_from_sections_and_from_dicts(self) -> None:
        by_dict = Study(table=TABLE, purchase={"target": "bought"})
        by_section = Study(
            table=TableSection(path=Path("customers.csv")),
            purchase=PurchaseSection(target="bought"),
        )
        assert by_dict == by_section
        assert by_dict.table_path == "customers.csv"

    def test_a_table_in_memory(self) -> None:
        table = pa.table({"age": [1]})
        study = Study(table={"path": table})
        assert study.table_path is table
        assert study.sections()["table"]["path"] == "a table in memory"

    def test_frozen(self) -> None:
        with pytest.raises(ValidationError, match="frozen"):
            Study(table=TABLE).run.seed = 3

    def test_other_seed_and_threads(self, tmp_path: Path) -> None:
        study = Study.load(write(tmp_path, WHOLE))
        other = study.with_run(seed=1)
        assert (other.run.seed, other.run.threads, other.run.level) == (1, 2, 0.9)
        assert other.line_of("run.seed") == study.line_of("run.seed")
        assert study.run.seed == 7
        assert other.with_run(seed=7, threads=None) == study


class TestRefusals:
    def test_all_at_once_with_lines(self, tmp_path: Path) -> None:
        path = write(
            tmp_path,
            '[table]\npath = "a.csv"\nentty = "who"\n'
            '[purchse]\ntarget = "y"\n'
            '[spend]\ntop_share = 2\ntarget = "paid"\n'
            '[roles]\nage = "numbr"\n'
            '[[fixes]]\ncolumns = ["a"]\n',
        )
        with pytest.raises(StudyError) as error:
            Study.load(path)
        assert str(error.value).splitlines() == [
            'patron.toml, line 3: [table] has no key "entty". The nearest is "entity". '
            "Keys: path, format, entity, as_of, updated.",
            "patron.toml, line 4: there is no section [purchse]. The nearest is [purchase]. "
            "Sections: table, events, roles, audit, fixes, purchase, spend, campaign, segments, "
            "budget, split, run.",
            "patron.toml, line 7: [spend] top_share is 2; it must be a number between 0 and 1.",
            'patron.toml, line 10: [roles] age is "numbr", which is no role to set. The nearest is '
            '"number". Roles: number, money, count, rate, category, flag, date, text, identifier, '
            "future, outcome, ignore.",
            "patron.toml, line 11: [[fixes]] has no operation; it must be the name of an "
            "operation.",
        ]

    @pytest.mark.parametrize(
        ("sections", "message"),
        [
            ({}, 'The Study needs a section [table] or [events] with path = "…".'),
            ({"table": {}}, "[table] has no path; it must be a file or a URL."),
            ({"table": {"path": 3}}, "[table] path is 3; it must be a file or a URL."),
            ({"table": {"path": " "}}, '[table] path is " "; it must be a file or a URL.'),
            (
                {"table": "a.csv"},
                '[table] is "a.csv"; it must be a section with the keys path, format, entity, '
                "as_of, updated.",
            ),
            (
                {"table": TABLE | {"target": "y"}},
                '[table] has no key "target". "target" is a key of [purchase] and [spend]. Keys: '
                "path, format, entity, as_of, updated.",
            ),
            (
                {"table": TABLE | {"format": {"decimal": "'"}}},
                '[table] format.decimal is "\'"; it must be "." or ",".',
            ),
            (
                {"table": TABLE, "purchase": {}},
                "[purchase] has no target; it must be the name of a column of the table.",
            ),
            (
                {"table": TABLE, "purchase": {"target": "y", "threshold": 1.5}},
                '[purchase] threshold is 1.5; it must be "f1", a number between 0 and 1, '
                "{contact_cost = …, purchase_value = …} or {capacity = …}.",
            ),
            (
                {"table": TABLE, "purchase": {"target": "y", "threshold": {"contact_cost": 1}}},
                '[purchase] threshold is {contact_cost = 1}; it must be "f1", a number between 0 '
                "and 1, {contact_cost = …, purchase_value = …} or {capacity = …}.",
            ),
            (
                {"table": TABLE, "purchase": {"target": "y", "threshold": {"capacity": 0}}},
                '[purchase] threshold is {capacity = 0}; it must be "f1", a number between 0 '
                "and 1, {contact_cost = …, purchase_value = …} or {capacity = …}.",
            ),
            (
                {"table": TABLE, "purchase": {"target": "y", "effort": "extreme"}},
                '[purchase] effort is "extreme"; it must be "quick", "normal" or "thorough".',
            ),
            (
                {"table": TABLE, "purchase": {"target": "y", "learners": ["forest"]}},
                '[purchase] learners is ["forest"]; it must be a list of "logistic", "glass_box", '
                '"trees", "catboost" and "xgboost".',
            ),
            (
                {"table": TABLE, "purchase": {"target": "y", "learners": []}},
                '[purchase] learners is []; it must be a list of "logistic", "glass_box", '
                '"trees", "catboost" and "xgboost".',
            ),
            (
                {"table": TABLE, "purchase": {"target": "y", "monotone": {"age": "up"}}},
                '[purchase] monotone is "up"; it must be pairs of column = "rising" or "falling".',
            ),
            (
                {"table": TABLE, "purchase": {"target": "y", "groups": [1]}},
                "[purchase] groups is 1; it must be a list of columns whose values the evidence "
                "is shown by.",
            ),
            (
                {"table": TABLE, "audit": {"ignore": ["L3"]}},
                '[audit] ignore is "L3"; it must be a list of codes such as "L03", "L03:column" '
                'or {code = "L03", column = "x", because = "…"}.',
            ),
            (
                {"table": TABLE, "audit": {"ignore": ["L03:"]}},
                '[audit] ignore is "L03:"; it must be a list of codes such as "L03", "L03:column" '
                'or {code = "L03", column = "x", because = "…"}.',
            ),
            (
                {"table": TABLE, "audit": {"ignore": [{"code": "L03", "clumn": "x"}]}},
                '[audit] ignore is {code = "L03", clumn = "x"}; it must be a list of codes such '
                'as "L03", "L03:column" or {code = "L03", column = "x", because = "…"}.',
            ),
            (
                {"table": TABLE, "split": {"folds": True}},
                "[split] folds is true; it must be a whole number from 2 to 10.",
            ),
            (
                {"table": TABLE, "split": {"holdout": 0.7}},
                '[split] holdout is 0.7; it must be a share from 0.05 to 0.5, or (by = "time") a '
                "date.",
            ),
            (
                {"table": TABLE, "split": {"by": "entity", "holdout": "2025-01-31"}},
                '[split] holdout is a date; with by = "entity" it must be a share.',
            ),
            (
                {"table": TABLE, "run": {"seed": "1"}},
                '[run] seed is "1"; it must be a whole number from 0.',
            ),
            (
                {"table": TABLE, "run": {"level": float("nan")}},
                "[run] level is nan; it must be a number from 0.5 to 0.999.",
            ),
            (
                {"table": TABLE | {"as_of": datetime(2025, 1, 31, 12)}},
                "[table] as_of is 2025-01-31T12:00:00; it must be a column's name, or a date such "
                "as 2025-01-31.",
            ),
            (
                {"events": EVENTS | {"as_of": ["2025-13-01"]}},
                '[events] as_of is "2025-13-01"; it must be a date such as 2025-01-31, or a list '
                "of dates, each once.",
            ),
            (
                {"events": EVENTS | {"as_of": ["2025-01-01", "2025-01-01"]}},
                '[events] as_of is ["2025-01-01", "2025-01-01"]; it must be a date such as '
                "2025-01-31, or a list of dates, each once.",
            ),
            (
                {"events": {"path": "a.csv", "entity": "who", "time": "at"}},
                "[events] has no amount; it must be a column, or an expression such as "
                '"Quantity * UnitPrice".',
            ),
            (
                {"table": TABLE, "fixes": {"operation": "drop"}},
                '[[fixes]] is {operation = "drop"}; it must be written as [[fixes]], once for '
                "each.",
            ),
            (
                {"table": TABLE, "roles": {"who": "entity"}},
                '[roles] who is "entity", which is no role to set: [table] entity names that '
                "column.",
            ),
            (
                {"table": TABLE, "roles": {"y": "target"}},
                '[roles] y is "target", which is no role to set: [purchase] target or [spend] '
                "target names that column.",
            ),
        ],
    )
    def test_one_mistake(self, sections: dict[str, object], message: str) -> None:
        assert refusal(**sections) == message

    def test_text_that_is_no_toml(self, tmp_path: Path) -> None:
        with pytest.raises(StudyError, match=r"^patron\.toml is not valid TOML: .*line 2") as error:
            Study.load(write(tmp_path, "[table]\npath = a.csv\n"))
        assert error.value.exit_code == 2

    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(StudyError, match=r"There is no file .*patron init"):
            Study.load(tmp_path / "patron.toml")

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(StudyError, match="cannot be read: Is a directory"):
            Study.load(tmp_path)

    def test_text_that_is_not_utf8(self, tmp_path: Path) -> None:
        path = tmp_path / "patron.toml"
        path.write_bytes('[table]\npath = "größe.csv"'.encode("latin-1"))
        with pytest.raises(StudyError, match=r"is not UTF-8 text \(at byte 19\)"):
            Study.load(path)


class TestWhere:
    def test_lines_and_phrases(self, tmp_path: Path) -> None:
        study = Study.load(write(tmp_path, WHOLE.lstrip()))
        assert study.line_of("spend.target") == 42
        assert study.line_of("spend.nothing") is None
        assert study.where("spend.target") == "named by [spend] target in patron.toml, line 42"
        assert (
            study.where("fixes.0.columns") == "named by [[fixes]] columns in patron.toml, line 31"
        )
        assert study.where("roles.age.at start").startswith("named by [roles] age.at start in")

    def test_columns_that_the_table_lacks(self, tmp_path: Path) -> None:
        study = Study.load(
            write(
                tmp_path,
                '[table]\npath = "a.csv"\nas_of = 2025-01-31\n[purchase]\ntarget = "bougt"\n'
                'floors = ["age"]\n[roles]\nzipp = "category"\n',
            )
        )
        with pytest.raises(StudyError) as error:
            study.check_columns("table", ["age", "bought", "zip"], "a.csv")
        assert str(error.value) == (
            'a.csv has no column "bougt" (named by [purchase] target in patron.toml, line 5). '
            'The nearest is "bought". Columns: age, bought, zip (3 in all; patron init shows them).'
            '\na.csv has no column "zipp" (named by [roles] zipp in patron.toml, line 8). '
            'The nearest is "zip". Columns: age, bought, zip (3 in all; patron init shows them).'
        )
        study.check_columns("table", ["age", "bougt", "zipp"], "a.csv")

    def test_columns_of_events(self) -> None:
        study = Study(events=EVENTS | {"order_id": "order"})
        study.check_columns("events", ["who", "at", "order"], "orders.csv")
        with pytest.raises(StudyError, match=r'no column "order" \(named by \[events\] order_id\)'):
            study.check_columns("events", ["who", "at"], "orders.csv")


def test_codes_of_ignored_findings_may_be_in_lower_case() -> None:
    ignore = ["l03", "d01:age", {"code": "m05", "column": "x"}]
    study = Study(table=TABLE, audit={"ignore": ignore})
    assert study.audit.ignored == {"L03": "", "D01:age": "", "M05:x": ""}


def test_ignored_findings_carry_their_reason_and_survive_json() -> None:
    because = "billed on the day before"
    ignore = ["L03", "D01:age: at start", {"code": "L01", "column": "x", "because": because}]
    study = Study(table=TABLE, audit={"ignore": ignore})
    expected = {"L03": "", "D01:age: at start": "", "L01:x": because}
    assert study.audit.ignored == expected
    assert Study(**study.sections()).audit.ignored == expected
    assert study.with_run(seed=3).audit.ignored == expected
