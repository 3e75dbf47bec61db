"""`patron init`: the proposed Study loads; no target and no date is guessed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from patron.errors import StudyError
from patron.study import Study, propose
from patron.study.orders import find_order_lines

ROWS = 600
RNG = np.random.default_rng(3)


@dataclass
class Table:
    """What `propose` needs of an opened table."""

    table: pa.Table
    name: str = "shop.csv"
    notes: tuple[str, ...] = ()

    def read(self) -> pa.Table:
        return self.table


def campaigns() -> pa.Table:
    send = [date(2025, 7 + i % 3, 1) for i in range(ROWS)]
    return pa.table(
        {
            "customer_id": [f"CUST_{i:05}" for i in range(ROWS)],
            "campaign_id": ["FALL", "SUMMER", "SPRING"] * (ROWS // 3),
            "campaign_send_date": send,
            "treatment_group": [1, 1, 0, 1, 0, 1] * (ROWS // 6),
            "lifetime_spend": RNG.lognormal(5, 1, ROWS),
            "open_rate": RNG.uniform(0, 1, ROWS),
            "bought": [0, 1, 1] * (ROWS // 3),
            "post_campaign_spend": RNG.lognormal(3, 1, ROWS),
        }
    )


def order_lines() -> pa.Table:
    """Two lines a day from 2025-01-01 on; each tenth is cancelled, the last is there twice."""
    days = [datetime(2025, 1, 1, 9) + timedelta(days=i // 2) for i in range(ROWS)]
    columns = {
        "InvoiceNo": [f"C{i}" if i % 10 == 9 else str(i) for i in range(ROWS)],
        "StockCode": [f"P{i % 40}" for i in range(ROWS)],
        "Quantity": [-1 if i % 10 == 9 else 1 + i % 5 for i in range(ROWS)],
        "InvoiceDate": days,
        "Unit Price": [2.5 + i % 7 for i in range(ROWS)],
        "CustomerID": [i % 90 for i in range(ROWS)],
    }
    return pa.table({name: [*values, values[-1]] for name, values in columns.items()})


def loaded(text: str, folder: Path) -> Study:
    path = folder / "patron.toml"
    path.write_text(text, "utf-8")
    return Study.load(path)


class TestCustomers:
    def test_named_targets(self, tmp_path: Path) -> None:
        text = propose(
            Table(campaigns(), notes=('delimiter ";"',)),
            entity="customer_id",
            spend="post_campaign_spend",
            treatment="treatment_group",
        )
        assert text == (
            "# The Study of shop.csv: 600 rows, 8 columns.\n"
            "# Roles are inferred; the reason stands behind each. Correct what is wrong.\n"
            "# Paths are relative to this file. All keys: docs/study.md.\n"
            "\n"
            "[table]\n"
            'path = "shop.csv"\n'
            '# Detected: delimiter ";".\n'
            'entity = "customer_id"        # says which customer\n'
            'as_of = "campaign_send_date"  # features are of this date\n'
            "\n"
            "[roles]\n"
            'campaign_id = "category"  # 3 distinct texts\n'
            'lifetime_spend = "money"  # numbers; name says spend\n'
            'open_rate = "rate"        # between 0 and 1; name says rate\n'
            'bought = "flag"           # two values\n'
            "\n"
            "[spend]\n"
            'target = "post_campaign_spend"\n'
            "\n"
            "[campaign]\n"
            'treatment = "treatment_group"\n'
            'campaign = "campaign_id"\n'
            'outcome = "post_campaign_spend"\n'
        )
        loaded(text, tmp_path).check_columns("table", campaigns().column_names, "shop.csv")

    def test_without_a_target_candidates_are_comments(self, tmp_path: Path) -> None:
        text = propose(Table(campaigns()))
        study = loaded(text, tmp_path)
        assert study.table
        assert study.table.entity == "customer_id"
        assert (study.purchase, study.spend, study.campaign) == (None, None, None)
        assert text.endswith(
            "# Nothing is to be predicted yet. Name what, and take the # away:\n"
            "# [purchase]\n"
            '# target = "…"  # two values: treatment_group, bought\n'
            "# [spend]\n"
            '# target = "…"  # amounts, the later ones first: post_campaign_spend, lifetime_spend\n'
            "# [campaign]\n"
            '# treatment = "…"  # two to six values: treatment_group\n'
            "# [segments]  # who the customers are; it needs no target, and the axes are inferred\n"
            '# axes = {value = ["…"], recency = ["-…"]}  # or name them; - where less is more\n'
        )

    def test_path_and_format_are_written(self, tmp_path: Path) -> None:
        options = {"delimiter": ";", "types": {"zip code": "text"}}
        text = propose(Table(campaigns()), path="data/shop.csv", format=options)
        study = loaded(text, tmp_path)
        assert study.table_path == str(tmp_path / "data/shop.csv")
        assert study.table
        assert study.table.format.options() == options

    def test_a_control_arm_is_seen_by_its_value(self) -> None:
        table = pa.table({"mailing": ["Mens E-Mail", "No E-Mail", "Womens E-Mail"] * 200})
        assert '# treatment = "…"  # two to six values: mailing\n' in propose(Table(table))

    def test_columns_without_names_can_be_named(self, tmp_path: Path) -> None:
        table = pa.table({"column1": RNG.normal(size=50), "column2": RNG.normal(size=50)})
        text = propose(Table(table))
        assert '# format = {columns = ["column1", "column2"]}' in text
        loaded(text, tmp_path)

    @pytest.mark.parametrize(
        "name",
        ['a "quoted" one', "dot.ted", "two words", "größe £", "line\nbreak", "tab\t", "", "#", "'"],
    )
    def test_awkward_names_survive(self, name: str, tmp_path: Path) -> None:
        table = pa.table(
            {name: RNG.integers(0, 50, ROWS), f"{name} y": [0, 1] * 300, f"{name} id": range(ROWS)}
        )
        notes = (f"dates in column {name}",)
        study = loaded(propose(Table(table, name=f"{name}.csv", notes=notes)), tmp_path)
        assert set(study.roles) == set(table.column_names)
        study = loaded(propose(Table(table), purchase=f"{name} y"), tmp_path)
        assert study.purchase
        assert study.purchase.target == f"{name} y"
        study.check_columns("table", table.column_names, "shop.csv")

    def test_a_column_that_is_not_there(self) -> None:
        with pytest.raises(StudyError) as error:
            propose(Table(campaigns()), spend="post_campaign_spnd")
        assert str(error.value) == (
            'shop.csv has no column "post_campaign_spnd" (named by --spend). The nearest is '
            '"post_campaign_spend". Columns: customer_id, campaign_id, campaign_send_date, '
            "treatment_group, lifetime_spend, open_rate, bought, post_campaign_spend (8 in all; "
            "patron init shows them)."
        )


class TestOrderLines:
    def test_events_with_guesses_and_no_date(self, tmp_path: Path) -> None:
        text = propose(Table(order_lines()))
        study = loaded(text, tmp_path)
        assert study.table is None
        assert study.purchase is not None
        events = study.events
        assert events
        assert (events.entity, events.time, events.order_id) == (
            *("CustomerID", "InvoiceDate", "InvoiceNo"),
        )
        assert events.amount == 'Quantity * "Unit Price"'
        assert (events.quantity, events.product) == ("Quantity", "StockCode")
        assert events.kind == (
            "CASE WHEN InvoiceNo LIKE 'C%' THEN 'cancellation' WHEN Quantity < 0 THEN 'return' "
            "ELSE 'purchase' END"
        )
        assert events.drop_duplicates
        assert events.as_of == ()
        # Lines end on 2025-10-27: 30 days after the first of October is past it.
        dates = "2025-04-01, 2025-05-01, 2025-06-01, 2025-07-01, 2025-08-01, 2025-09-01"
        assert f"# as_of = [{dates}]\n" in text
        study.check_columns("events", order_lines().column_names, "shop.csv")

    def test_the_proposed_dates_load_when_taken(self, tmp_path: Path) -> None:
        text = propose(Table(order_lines())).replace("# as_of", "as_of")
        events = loaded(text, tmp_path).events
        assert events
        assert len(events.as_of) == 6

    def test_a_named_target_makes_it_a_table_of_customers(self, tmp_path: Path) -> None:
        table = order_lines().append_column("won", pa.array([0, 1] * 300 + [1]))
        study = loaded(propose(Table(table), purchase="won"), tmp_path)
        assert study.events is None

    def test_dates_as_whole_numbers_and_no_order_id(self, tmp_path: Path) -> None:
        lines = order_lines()
        days = [int(f"{moment:%Y%m%d}") for moment in lines["InvoiceDate"].to_pylist()]
        table = pa.table(
            {
                "customer_id": lines["CustomerID"],
                "date": days,
                "units": lines["Quantity"],
                "dollars": lines["Unit Price"],
            }
        )
        text = propose(Table(table))
        events = loaded(text, tmp_path).events
        assert events
        assert (events.time, events.amount, events.quantity) == ("date", "dollars", "units")
        assert "# 2025-01-01 to 2025-10-27\n" in text
        # Without an order's number the repeated line may be a second purchase.
        assert not events.drop_duplicates
        assert "# drop_duplicates = true  # lines that repeat another: 1\n" in text

    @pytest.mark.parametrize("gone", ["CustomerID", "InvoiceDate", "Unit Price"])
    def test_without_customer_time_or_price_they_are_no_order_lines(
        self, gone: str, tmp_path: Path
    ) -> None:
        table = order_lines().drop_columns([gone])
        assert loaded(propose(Table(table)), tmp_path).events is None

    def test_customers_who_come_once_are_no_order_lines(self) -> None:
        assert find_order_lines(campaigns(), {}, {}, None) is None
        table = order_lines()
        once = table.set_column(5, "CustomerID", pa.array(range(table.num_rows)))
        assert "[events]" not in propose(Table(once))
