"""The path with [spend]: results, bundle, scores, and amounts that nothing can be learned from."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from patron.bundle import load_bundle
from patron.customers import load_customers
from patron.errors import DataError, PatronError, Refusal
from patron.estimate import Estimate
from patron.metrics import MONEY_METRICS
from patron.models.spend import SpendModel
from patron.pipeline import Run, run
from patron.score import score_source, score_table
from patron.study import Study
from patron.tables import write_table
from patron.worlds import World, make

CREATED = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
TARGET = "total_30d_post_campaign_spend"
QUICK = {"target": TARGET, "learners": ["mean", "two_part"]}
SCORES = ["spend_expected", "spend_median", "spend_low", "spend_high", "spend_zero_probability"]


@pytest.fixture(scope="module")
def postcards() -> World:
    return make("postcards", rows=4000, seed=5)


def study_of(table: pa.Table, **sections: Any) -> Study:
    keys = {"path": table, "entity": "customer_id", "as_of": "campaign_date"}
    return Study(table=keys, **{"spend": QUICK, **sections})


@pytest.fixture(scope="module")
def spent(postcards: World, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("spend")
    campaign = {"treatment": "postcard", "contact_cost": 0.7}
    study = study_of(postcards.table, campaign=campaign)
    return run(study, folder / "out", created=CREATED, truth=postcards.truth)


def test_the_results_say_what_was_found(spent: Run) -> None:
    found = json.loads((spent.folder / "results.json").read_text())
    spend = found["spend"]
    assert found["purchase"] is None
    assert found["purchase_because"] == "the Study has no [purchase]"
    assert spend["target"] == TARGET
    assert set(MONEY_METRICS) <= set(spend)
    assert set(MONEY_METRICS) <= set(spend["cross_validated"])
    assert [each["name"] for each in spend["candidates"]] == ["two_part", "mean"]
    assert spend["model"]["chosen"] == "two_part"
    assert [level["level"] for level in spend["intervals"]["levels"]] == [0.8, 0.9, 0.95]
    assert {row["label"] for row in spend["intervals"]["levels"][0]["by_arm"]} == {"0", "1"}
    assert spend["shape"]["cap"]["how"] == "found"
    assert abs(spend["shape"]["cap"]["value"] - 50_000) < 50
    assert len(spend["worst"]) == 20
    assert found["ladder"][-1]["kind"] == "final"
    assert found["ladder"][-1]["metric"] == "r2"


def test_it_comes_near_what_the_truth_reaches(spent: Run) -> None:
    """4,000 rows teach most of a known law; the oracle is on the same held-out rows."""
    spend = spent.results["spend"]
    best = spend["best_possible"]
    assert spend["crps"]["value"] < 1.06 * best["crps"]["value"]
    assert spend["normalized_gini"]["value"] > 0.97 * best["normalized_gini"]["value"]
    assert spend["crps"]["value"] > 0.97 * best["crps"]["value"], "better than the truth: a leak"


def test_no_customer_is_named(spent: Run, postcards: World) -> None:
    text = (spent.folder / "results.json").read_text()
    page = (spent.folder / "report.html").read_text()
    names = postcards.table["customer_id"].unique().to_pylist()
    assert not [name for name in names if name in text or name in page]


def test_the_bundle_scores_as_the_model(spent: Run, postcards: World) -> None:
    bundle = load_bundle(spent.folder / "bundle")
    assert bundle.purchase is None
    assert bundle.encoder is None
    assert bundle.spend is not None
    table = postcards.table.drop_columns([TARGET]).slice(0, 200)
    scores = score_table(bundle, table, scored_at=CREATED)
    assert [n for n in scores.table.column_names if n.startswith("spend_")] == SCORES
    forecast = bundle.spend.predict_distribution(table)
    np.testing.assert_array_equal(scores.table["spend_expected"].to_numpy(), forecast.mean)
    low, median, high = (scores.table[f"spend_{n}"].to_numpy() for n in ("low", "median", "high"))
    assert (low <= median).all()
    assert (median <= high).all()
    assert not scores.warnings


def test_a_row_alone_gets_the_same_scores(spent: Run, postcards: World) -> None:
    table = postcards.table.drop_columns([TARGET]).slice(0, 30)
    whole = score_table(spent.bundle, table, scored_at=CREATED).table
    for row in (0, 13, 29):
        alone = score_table(spent.bundle, table.slice(row, 1), scored_at=CREATED).table
        for name in SCORES:
            assert alone[name][0].as_py() == pytest.approx(whole[name][row].as_py(), rel=1e-12)


def test_the_bundle_learned_from_the_held_out_rows_too(spent: Run, postcards: World) -> None:
    assert "all 4,000 rows" in spent.results["spend"]["model"]["refit"]
    assert spent.results["spend"]["model"]["learned_from"] < 4000
    assert spent.bundle.spend is not None
    months = next(
        rule["labels"]
        for rule in spent.bundle.spend.encoder.columns
        if rule["name"] == "month of campaign_date"
    )
    every = pc.unique(pc.month(postcards.table["campaign_date"])).to_pylist()
    assert sorted(map(int, months)) == sorted(every)


def test_scoring_a_file_says_what_all_will_spend(spent: Run, tmp_path: Path) -> None:
    table = make("postcards", rows=500, seed=6).table.drop_columns([TARGET])
    out = tmp_path / "scores.parquet"
    summary = score_source(spent.bundle, table, out, scored_at=CREATED)
    assert summary.positive is None
    assert summary.expected is not None
    assert summary.expected > 0


def test_a_month_that_was_not_learned_is_said(spent: Run, postcards: World) -> None:
    table = postcards.table.drop_columns([TARGET]).slice(0, 10)
    place = table.column_names.index("campaign_date")
    may = pa.array([dt.date(2026, 5, 5)] * 10)
    scores = score_table(
        spent.bundle, table.set_column(place, "campaign_date", may), scored_at=CREATED
    )
    assert any("month of campaign_date" in told for told in scores.warnings)


def test_a_season_that_only_the_holdout_has_is_said(postcards: World, tmp_path: Path) -> None:
    dates = postcards.table["campaign_id"].to_pylist()
    kept = np.isin(dates, ["SPRING_24", "SUMMER_24", "AUTUMN_24"])
    study = study_of(postcards.table.filter(pa.array(kept)))
    done = run(study, tmp_path / "out", created=CREATED)
    assert "never saw" in done.results["spend"]["model"]["pooled"][0]
    assert "never saw" in (done.folder / "report.html").read_text()


def test_purchase_and_spend_share_a_run(postcards: World, tmp_path: Path) -> None:
    bought = pc.greater(postcards.table[TARGET], 0).cast(pa.int64())
    table = postcards.table.append_column("bought", bought)
    purchase = {"target": "bought", "learners": ["logistic"], "effort": "quick"}
    done = run(study_of(table, purchase=purchase), tmp_path / "out", created=CREATED)
    assert done.results["purchase"]["target"] == "bought"
    assert done.results["spend"]["target"] == TARGET
    bundle = load_bundle(done.folder / "bundle")
    assert TARGET not in bundle.features
    assert "bought" not in bundle.features
    scores = score_table(bundle, table.slice(0, 50), scored_at=CREATED, reasons=True).table
    names = scores.column_names
    assert {"purchase_probability", "purchase_reasons", *SCORES} <= set(names)
    # Two models of one event: who is likely to buy is unlikely to spend nothing.
    both = np.corrcoef(
        scores["purchase_probability"].to_numpy(), scores["spend_zero_probability"].to_numpy()
    )
    assert both[0, 1] < -0.5
    Estimate.from_dict(done.results["spend"]["r2"])


def test_from_events_the_label_of_the_horizon_is_the_target(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    who = rng.integers(0, 400, 12_000)
    days = rng.integers(0, 400, 12_000)
    orders = pa.table(
        {
            "customer": [f"C{each:04d}" for each in who],
            "day": pa.array((np.datetime64("2024-01-01") + days).astype("datetime64[D]")),
            "paid": np.exp(2 + 0.5 * (who % 7) / 7 + 0.5 * rng.normal(size=12_000)).round(2),
        }
    )
    events = {
        "path": orders,
        "entity": "customer",
        "time": "day",
        "amount": "paid",
        "as_of": [dt.date(2024, 8, 1), dt.date(2024, 10, 1), dt.date(2024, 12, 1)],
    }
    study = Study(events=events, spend={"learners": ["mean", "two_part"]})
    done = run(study, tmp_path / "out", created=CREATED)
    assert done.results["spend"]["target"] == "spend_next_30d"
    assert done.results["spend"]["horizon_days"] == 30
    assert "purchased_next_30d" not in done.bundle.features


def spoilt(change: Callable[[np.ndarray], Any]) -> pa.Table:
    table = make("postcards", rows=600, seed=9).table
    place = table.column_names.index(TARGET)
    return table.set_column(place, TARGET, pa.array(change(table[TARGET].to_numpy().copy())))


def with_first(value: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(y: np.ndarray) -> np.ndarray:
        y[0] = value
        return y

    return change


def one_spender(y: np.ndarray) -> np.ndarray:
    y[:] = 0
    y[5] = 12.5
    return y


BAD: dict[str, tuple[Callable[[np.ndarray], Any], type[PatronError], str]] = {
    "negative": (with_first(-5.0), DataError, "1 of 600 amounts are below 0, the least -5.00"),
    "infinite": (with_first(np.inf), DataError, "1 of 600 values are infinite"),
    "all zeros": (np.zeros_like, Refusal, "all 600 amounts are 0"),
    "one positive": (one_spender, Refusal, "1 of 600 customers spend anything"),
    "constant": (lambda y: np.full(len(y), 9.0), Refusal, r"all 600 amounts are 9\.00"),
    "text": (
        lambda y: [f"{v:.2f}" if v > 0 else "nothing" for v in y],
        DataError,
        "of the 600 values of the target .* are no amounts",
    ),
    "all missing": (lambda y: [None] * len(y), DataError, "all 600 values of .* are missing"),
}


@pytest.mark.parametrize(("change", "error", "message"), BAD.values(), ids=BAD)
def test_amounts_that_teach_nothing_are_refused(
    change: Callable[[np.ndarray], Any],
    error: type[PatronError],
    message: str,
    tmp_path: Path,
) -> None:
    with pytest.raises(error, match=message):
        run(study_of(spoilt(change)), tmp_path / "out", created=CREATED)
    assert not (tmp_path / "out").exists()


def test_rows_without_an_amount_are_left_aside(tmp_path: Path) -> None:
    def change(y: np.ndarray) -> list[float | None]:
        return [None if row % 10 == 0 else value for row, value in enumerate(y.tolist())]

    done = run(study_of(spoilt(change)), tmp_path / "out", created=CREATED)
    split = done.results["spend"]["split"]
    assert split["train_rows"] + split["holdout_rows"] == 540
    assert done.results["spend"]["shape"]["n"] == 540


@pytest.mark.parametrize("amount", [1e200, 1e9])
def test_an_amount_beyond_belief_is_named_and_left_out(amount: float, tmp_path: Path) -> None:
    done = run(study_of(spoilt(with_first(amount))), tmp_path / "out", created=CREATED)
    spend = done.results["spend"]
    beyond = spend["shape"]["beyond_belief"]
    assert beyond["rows"] == 1
    assert beyond["share_of_total"] > 0.99
    assert spend["shape"]["max"] < 60_000
    assert spend["total"]["expected"] < 1e6
    assert "beyond belief" in (done.folder / "report.html").read_text().lower()


def test_a_cap_says_that_a_large_amount_is_real(tmp_path: Path) -> None:
    table = spoilt(with_first(1e9))
    study = study_of(table, spend={**QUICK, "cap": 2000.0})
    done = run(study, tmp_path / "out", created=CREATED)
    assert done.results["spend"]["shape"]["beyond_belief"] is None
    assert done.results["spend"]["model"]["limit"] == 2000.0
    scores = score_table(done.bundle, table, scored_at=CREATED).table
    assert pc.max(scores["spend_high"]).as_py() <= 2000.0


def test_what_is_cut_off_is_judged_as_it_is_learned(tmp_path: Path) -> None:
    """Else the holdout, uncut, would be another target than the one that was learned."""
    table = make("postcards", rows=2000, seed=9).table
    amounts = table[TARGET].to_numpy()
    cap = float(np.quantile(amounts[amounts > 0], 0.8))
    done = run(study_of(table, spend={**QUICK, "cap": cap}), tmp_path / "out", created=CREATED)
    spend = done.results["spend"]
    assert spend["shape"]["max"] == cap
    assert spend["total"]["observed"] <= cap * spend["total"]["n"]
    assert abs(spend["r2"]["value"] - spend["cross_validated"]["r2"]["value"]) < 0.25
    assert abs(spend["bias_total"]["value"]) < 0.25


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_without_rows_is_refused_by_name(spent: Run, ending: str, tmp_path: Path) -> None:
    empty = make("postcards", rows=300, seed=6).table.drop_columns([TARGET]).slice(0, 0)
    write_table(empty, tmp_path / f"none.{ending}")
    with pytest.raises(DataError, match="has no rows"):
        score_source(
            spent.bundle, tmp_path / f"none.{ending}", tmp_path / "out.csv", scored_at=CREATED
        )
    assert not (tmp_path / "out.csv").exists()


def test_the_window_of_purchases_is_not_that_of_spend(postcards: World) -> None:
    bought = pc.greater(postcards.table[TARGET], 0).cast(pa.int64())
    table = postcards.table.append_column("bought", bought)
    purchase = {"target": "bought", "horizon_days": 14}
    assert load_customers(study_of(table, purchase=purchase)).label_days is None
    both = study_of(table, purchase=purchase, spend={**QUICK, "horizon_days": 60})
    assert load_customers(both).label_days == 60


def test_same_seed_same_answer(postcards: World) -> None:
    table = postcards.table.slice(0, 1500)
    X, y = table.drop_columns([TARGET]), table[TARGET].to_numpy()
    means = [
        SpendModel(learners=["hurdle_trees", "two_part"], seed=3).fit(X, y).predict(X)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*means)
