"""C01: what a claimed score would take, and what is left of it."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CannotSay, Severity
from patron.audit.claims import Claim, ClaimedScore, parse_claim
from patron.errors import UserError

EXAMPLE = 'Known are accuracy, roc_auc (auc), f1 and r2, as in --claim "accuracy 0.95".'


def asked(frame, claim):
    return ClaimedScore().run(replace(frame, claim=claim))


@pytest.fixture
def shop(frame, honest):
    """A shop where 18 % buy."""
    columns, y = honest(0, 2_000)
    return frame(columns, y)


def test_what_one_answer_for_all_scores_is_worked_out(shop):
    y = shop.target
    for claim, name, expected in (
        ("accuracy 0.99", "the commonest answer alone", 1 - y.mean()),
        ("auc 0.99", "one score for everybody", 0.5),
        ("f1 0.99", "yes for everybody", 2 * y.mean() / (1 + y.mean())),  # recall 1
    ):
        [found] = asked(shop, claim)
        assert found.evidence["trivial"] == pytest.approx(expected, abs=1e-3)
        assert found.evidence["picture"]["rows"][0]["label"] == name
        assert found.meaning.endswith(f"{name} {expected:.3f}.")
        assert found.severity is Severity.WARNING
        assert found.evidence["verdict"] == "not by these columns"


def test_a_claim_below_the_commonest_answer_says_nothing(shop):
    [found] = asked(shop, "accuracy 80%")
    assert (found.severity, found.evidence["verdict"]) == (
        Severity.NOTE,
        "reached without a model",
    )
    assert "is reached without a model: the commonest answer alone 0.820" in found.meaning
    [found] = asked(shop, "f1 0.30")
    assert "is reached without a model: yes for everybody 0.305" in found.meaning
    assert "the lift over yes for everybody" in found.next_step


def test_a_claim_that_the_honest_columns_reach_is_a_note(shop):
    [found] = asked(shop, "AUC of 0.60")
    assert (found.severity, found.evidence["verdict"]) == (
        Severity.NOTE,
        "reached by the honest columns",
    )
    evidence = found.evidence
    assert evidence["honest_low"] < evidence["honest"] < evidence["honest_high"]
    assert evidence["honest"] > 0.65


def test_a_claim_that_only_a_leak_reaches(frame, honest):
    columns, y = honest(0, 2_000)
    noise = np.random.default_rng(1).normal(size=2_000)
    leaky = frame(columns | {"invoice": y + 0.05 * noise}, y)
    [found] = asked(leaky, "accuracy 0.97")
    assert (found.severity, found.evidence["verdict"]) == (
        Severity.WARNING,
        "reached only by leaks",
    )
    assert found.evidence["leaks_alone"]["invoice"] > 0.97
    assert found.evidence["honest"] < 0.9
    labels = [row["label"] for row in found.evidence["picture"]["rows"]]
    assert labels == [
        "the commonest answer alone",
        "invoice alone",
        "every column, rows split at random",
        "the honest columns",
    ]


def test_the_order_of_the_rows_is_named_in_words(frame, honest):
    columns, y = honest(0, 2_000)
    order = np.argsort(y, kind="stable")
    columns = {name: pa.array(values).take(pa.array(order)) for name, values in columns.items()}
    [found] = asked(frame(columns, y[order]), "auc 0.99")
    assert found.evidence["leaks_alone"].keys() == {"the order of the rows"}
    assert "(the order of the rows alone 1.000)" in found.meaning
    labels = [row["label"] for row in found.evidence["picture"]["rows"]]
    assert "the order of the rows alone" in labels


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("accuracy 80%", "accuracy 0.8 is reached without a model; the honest ones reach 0."),
        ("auc 0.60", "AUC 0.6 is reached by the honest columns; the honest ones reach 0."),
        ("auc 0.99", "AUC 0.99 is not reached by these columns; the honest ones reach 0."),
    ],
)
def test_the_line_has_the_verdict(shop, claim, said):
    [found] = asked(shop, claim)
    assert found.in_short.startswith(said)


def test_a_claim_that_only_copies_reach(frame, honest):
    columns, y = honest(0, 800)
    columns = {name: pa.array(values).to_pylist() * 5 for name, values in columns.items()}
    columns["customer"] = [*range(800)] * 5
    [found] = asked(frame(columns, np.tile(y, 5), customer="entity"), "auc 0.97")
    assert found.evidence["verdict"] == "reached only by leaks"
    assert found.evidence["copies_alone"] == 1.0  # every row has its answer in another one
    assert found.evidence["honest"] < 0.8


def test_rows_without_a_customer_are_no_leak(frame, honest):
    columns, y = honest(0)
    named = np.random.default_rng(2).random(len(y)) < 0.9
    columns["customer"] = pa.array(np.arange(len(y)), mask=~named)
    [found] = asked(frame(columns, y, customer="entity"), "auc 0.97")
    assert found.evidence["leaks_alone"] == {}


def amounts(frame, rows=2_000):
    rng = np.random.default_rng(0)
    columns = {f"habit_{i}": rng.normal(size=rows) for i in range(4)}
    return frame(columns, 100 + 10 * columns["habit_0"] + rng.normal(0, 10, rows))


def test_r2_of_an_amount_is_what_its_noise_leaves(frame):
    [found] = asked(amounts(frame), "R^2 0.95")  # signal and noise alike: 0.5 is the ceiling
    assert found.evidence["verdict"] == "not by these columns"
    assert found.evidence["honest"] == pytest.approx(0.5, abs=0.04)
    assert found.evidence["trivial"] == pytest.approx(0, abs=0.01)
    assert found.meaning.startswith("R² 0.95 is not to be had from these columns: the honest ones")


def test_just_beyond_is_not_shown_but_not_denied(frame):
    [found] = asked(amounts(frame), "r2 0.54")
    assert (found.severity, found.evidence["verdict"]) == (
        Severity.WARNING,
        "just beyond the honest columns",
    )


def test_cannot_say_without_a_claim_or_of_another_kind_of_target(frame, shop, honest):
    assert ClaimedScore().run(shop) == CannotSay(
        'no score is claimed; ask with --claim "accuracy 0.95"'
    )
    assert asked(amounts(frame), "accuracy 0.95") == CannotSay(
        "accuracy cannot be asked of bought, which is an amount; r2 could be claimed"
    )
    assert asked(shop, "r2 0.95") == CannotSay(
        "R² cannot be asked of bought, which is yes or no; accuracy, roc_auc or f1 could be claimed"
    )
    columns, y = honest(0, 100)
    assert asked(frame(columns, y), "auc 0.9") == CannotSay(
        "only 100 rows are labelled; at least 200 are needed"
    )
    few = {"customer": np.arange(600) % 40, "visits": np.arange(600.0)}
    assert asked(frame(few, np.arange(600) % 2, customer="entity"), "auc 0.9") == CannotSay(
        "the rows belong to too few customers, counting copies as one"
    )


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("accuracy 0.95", Claim("accuracy", 0.95)),
        ("Accuracy: 95 %", Claim("accuracy", 0.95)),
        ("acc=.95", Claim("accuracy", 0.95)),
        ("ROC-AUC 0,9", Claim("roc_auc", 0.9)),
        ("auroc >= 1", Claim("roc_auc", 1.0)),
        ("F1 score of 0.5", Claim("f1", 0.5)),
        ("f1 50%", Claim("f1", 0.5)),
        ("R2 0.95", Claim("r2", 0.95)),
        ("R² = 95%", Claim("r2", 0.95)),
        ("r-squared 0.95", Claim("r2", 0.95)),
    ],
)
def test_claims_as_people_write_them(text, claim):
    assert parse_claim(text) == claim


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("accuracy", f'--claim "accuracy" does not end with a number. {EXAMPLE}'),
        ("0.95", f'--claim "0.95" names no metric. {EXAMPLE}'),
        (
            "acuracy 0.9",
            "--claim \"acuracy 0.9\": there is no metric 'acuracy'; did you mean 'accuracy'? "
            + EXAMPLE,
        ),
        (
            "accuracy 95",
            '--claim "accuracy 95": accuracy lies above 0 and at most at 1, got 95. '
            "Write 0.95 or 95%.",
        ),
    ],
)
def test_what_cannot_be_understood_is_refused(text, message):
    with pytest.raises(UserError) as raised:
        parse_claim(text)
    assert str(raised.value) == message


@pytest.mark.parametrize("size", [1e9, 1e200, 1e308])
def test_an_amount_beyond_belief_does_not_decide_what_r2_means(frame, honest, size):
    columns, _ = honest(0, 2_000)
    spend = np.random.default_rng(1).lognormal(3, 0.5, 2_000) + columns["orders_90d"] * 20
    spend[9] = size
    [found] = asked(frame(columns, spend), "r2 0.99")
    assert found.evidence["honest"] > 0.4
