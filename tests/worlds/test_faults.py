"""Faults are planted as they say, beside a truth that stays in line."""

import tomllib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from patron.customers import load_customers
from patron.errors import UserError
from patron.study import Study
from patron.worlds import World
from patron.worlds.corner import corner
from patron.worlds.faults import FAULTS, Draft, plant
from patron.worlds.postcards import postcards

# What a shop without dates, contacts or several snapshots has no place for.
NOT_IN_CORNER = {
    *("sentinel_date", "mixed_dates", "changed_by_contact", "dates_after_snapshot"),
    *("restated_later", "base_rate_drift"),
}
WORLDS = {"corner": corner(1500, seed=1), "postcards": postcards(3000, seed=1)}


def loaded(world: World):
    sections = tomllib.loads(world.study_text)
    sections["table"]["path"] = world.table
    return load_customers(Study(**sections))


def numbers(world: World, name: str) -> np.ndarray:
    return np.array(world.table[name].cast(pa.float64()).to_numpy())


def auc(y: np.ndarray, score: np.ndarray) -> float:
    """By counting pairs."""
    apart = score[y == 1][:, None] - score[y == 0][None, :]
    return float((apart > 0).mean() + 0.5 * (apart == 0).mean())


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("name", WORLDS)
def test_every_kind_is_planted_and_recorded(name: str, kind: str) -> None:
    before = WORLDS[name]
    world = plant(before, [kind], seed=2)
    assert bool(world.faults) == (name != "corner" or kind not in NOT_IN_CORNER)
    for fault in world.faults:
        assert fault.kind == kind
        assert 0 <= fault.strength <= 1
        assert fault.rows.shape == (world.table.num_rows,)
        assert fault.rows.any()
        assert set(fault.columns) <= set(world.table.column_names)
    assert world.truth.num_rows == world.table.num_rows
    loaded(world)  # the Study still fits
    if kind != "jittered_customers":  # which gives new keys
        assert world.table["customer_id"].equals(world.truth["customer_id"])
    same = plant(before, [kind], seed=2)
    assert same.table.equals(world.table)


@pytest.mark.parametrize("kind", sorted(set(FAULTS) - {"versions"}))
def test_only_the_named_cells_are_touched(kind: str) -> None:
    before = WORLDS["postcards"]
    world = plant(before, [kind], seed=3)
    places = before.truth.append_column("place", pa.array(np.arange(before.table.num_rows)))
    truth = plant(World(before.name, before.table, places, before.study_text), [kind], seed=3).truth
    original = pa.array(truth["place"])
    whole_rows = kind in ("jittered_customers", "exact_copies", "contaminated_split")
    for name in before.table.column_names:
        was, now = before.table[name].take(original), world.table[name]
        touched = np.zeros(world.table.num_rows, dtype=bool)
        for fault in world.faults:
            if name in fault.columns or (whole_rows and not fault.columns):
                touched |= fault.rows
        rest = pa.array(~touched)
        assert now.filter(rest).cast(was.type).equals(was.filter(rest)), name


def test_two_faults_never_share_a_column() -> None:
    for seed in range(12):
        world = plant(WORLDS["postcards"], "all" if seed == 0 else "random", seed=seed)
        columns = [name for fault in world.faults for name in fault.columns]
        assert len(columns) == len(set(columns))
        assert world.faults


def test_random_plants_one_to_five_kinds_and_all_plants_many() -> None:
    kinds = [
        len({fault.kind for fault in plant(WORLDS["corner"], seed=seed).faults})
        for seed in range(40)
    ]
    assert min(kinds) == 1
    assert max(kinds) == 5
    assert len({fault.kind for fault in plant(WORLDS["postcards"], "all").faults}) >= 20


def test_an_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"no fault 'leek'|The nearest is 'several_leaks'"):
        plant(WORLDS["corner"], ["several_leak"])


def at(world: World, kind: str, strength: float, seed: int = 0) -> tuple[World, tuple]:
    """The world with one fault of a given strength."""
    draft = Draft.of(world, np.random.default_rng(seed))
    planted = FAULTS[kind](draft, strength)
    assert planted
    made = World(world.name, draft.table, draft.truth, draft.study_text, faults=tuple(planted))
    return made, tuple(planted)


@pytest.mark.parametrize(("strength", "low", "high"), [(0.0, 0.83, 0.91), (1.0, 0.995, 1.0)])
def test_noise_is_as_strong_as_the_docstring_says(strength, low, high) -> None:
    y = numbers(WORLDS["corner"], "purchased_next_30d")
    for seed in range(5):
        world, (fault,) = at(WORLDS["corner"], "answer_with_noise", strength, seed)
        leak = numbers(world, fault.columns[0])
        reached = auc(y[np.isfinite(leak)], leak[np.isfinite(leak)])
        assert low < max(reached, 1 - reached) <= high


def test_an_order_that_tells_is_as_strong_as_the_docstring_says() -> None:
    for strength, low, high in ((0.0, 0.65, 0.76), (1.0, 0.98, 1.0)):
        world, _ = at(WORLDS["corner"], "sorted_file", strength)
        reached = auc(numbers(world, "purchased_next_30d"), np.arange(world.table.num_rows))
        assert low < max(reached, 1 - reached) < high


def test_an_exact_identity_is_exact() -> None:
    y = numbers(WORLDS["postcards"], "total_30d_post_campaign_spend")
    seen = set()
    for seed in range(12):
        world, (fault,) = at(WORLDS["postcards"], "accounting_identity", 1.0, seed)
        form = fault.says.split(" of ")[0].split()[-1]
        values = [numbers(world, name) for name in fault.columns]
        made = {
            "difference": lambda v: v[0] - v[1],
            "product": lambda v: v[0] * v[1],
            "multiple": lambda v: v[0],
        }[form](values)
        assert np.corrcoef(made, y)[0, 1] > 0.9999
        seen.add(form)
    assert len(seen) == 3


def test_a_later_count_tells_who_buys_and_each_alone_does_not() -> None:
    world, (fault,) = at(WORLDS["corner"], "accounting_identity", 1.0)
    earlier, later = (numbers(world, name) for name in fault.columns)
    y = numbers(world, "purchased_next_30d")
    np.testing.assert_array_equal(later > earlier, y == 1)
    assert abs(auc(y, later) - 0.5) < 0.12


def test_dates_run_into_the_label_window() -> None:
    world, (fault,) = at(WORLDS["postcards"], "dates_after_snapshot", 0.0)
    last = world.table[fault.columns[0]]
    after = pc.greater_equal(last, world.table["campaign_date"]).to_numpy()
    np.testing.assert_array_equal(after, fault.rows)
    spend = numbers(world, "total_30d_post_campaign_spend")
    spent = spend > np.quantile(spend, 0.8)  # most spend something, so the answer is much
    assert after[spent].mean() > 5 * after[~spent].mean()


def test_restated_values_are_the_last_ones() -> None:
    world, (fault,) = at(WORLDS["postcards"], "restated_later", 1.0)
    (name,) = fault.columns
    rows = world.table.select(["customer_id", "campaign_date", name]).to_pylist()
    values: dict[str, list] = {}
    for row in sorted(rows, key=lambda row: row["campaign_date"]):
        values.setdefault(row["customer_id"], []).append(row[name])
    assert all(len(set(each)) == 1 for each in values.values())


def test_what_a_contact_changed_differs_between_the_arms() -> None:
    world, (fault,) = at(WORLDS["postcards"], "changed_by_contact", 0.0)
    values, treated = numbers(world, fault.columns[0]), numbers(world, "postcard") == 1
    shift = (values[treated].mean() - values[~treated].mean()) / values.std()
    assert 0.1 < shift < 0.4


def test_zeros_before_tracking_are_those_of_the_oldest() -> None:
    for seed in range(6):
        world, (fault,) = at(WORLDS["corner"], "zeros_before_tracking", 1.0, seed)
        zeros = numbers(world, fault.columns[0]) == 0
        if "by tenure_days" in fault.says:
            tenure = numbers(world, "tenure_days")
            assert zeros[tenure > np.quantile(tenure, 0.75)].all()
        assert zeros[fault.rows].all()
        assert zeros[~fault.rows].mean() < 0.5


def test_copies_repeat_their_truth() -> None:
    world, (fault,) = at(WORLDS["corner"], "jittered_customers", 0.5)
    key = numbers_of_keys = world.truth["customer_id"].to_pylist()
    assert len(set(numbers_of_keys)) == world.table.num_rows - fault.rows.sum()
    probability = world.truth["true_purchase_probability"].to_numpy()
    known = dict(zip(np.array(key)[~fault.rows], probability[~fault.rows], strict=True))
    assert all(known[key[row]] == probability[row] for row in np.flatnonzero(fault.rows))
    # Each has a key of its own, and numbers that are near those of the first record.
    assert len(set(world.table["customer_id"].to_pylist())) == world.table.num_rows


def test_a_second_account_shares_its_e_mail_in_another_spelling() -> None:
    world, (fault,) = at(WORLDS["postcards"], "contact_spellings", 0.5)
    keys = np.array(world.table["customer_id"].to_pylist())
    plain = np.array(
        [
            mail.lower().strip().replace("+shop", "").replace(".", "")
            for mail in world.table["e_mail"].to_pylist()
        ]
    )
    persons: dict[str, set] = {}
    for key, mail in zip(keys, plain, strict=True):
        persons.setdefault(mail, set()).add(key)
    shared = {key for each in persons.values() if len(each) == 2 for key in each}
    assert {len(each) for each in persons.values()} == {1, 2}
    assert set(keys[fault.rows]) <= shared
    assert len(set(keys[fault.rows])) == len(shared) / 2


def test_versions_name_their_time_in_the_study() -> None:
    texts = [at(WORLDS["corner"], "versions", 0.5, seed)[0].study_text for seed in range(8)]
    assert 0 < sum('updated = "row_changed_on"' in text for text in texts) < 8


def test_labels_are_lost_by_group() -> None:
    world, (fault,) = at(WORLDS["corner"], "labels_by_group", 1.0)
    target = world.table["purchased_next_30d"]
    np.testing.assert_array_equal(target.is_null().to_numpy(), fault.rows)
    assert 0.05 < fault.rows.mean() < 0.6


def test_faults_are_written_with_the_world(tmp_path) -> None:
    import json

    plant(WORLDS["corner"], ["infinities", "constant"], seed=1).write(tmp_path)
    told = json.loads((tmp_path / "world.json").read_text())["faults"]
    assert {fault["kind"] for fault in told} == {"infinities", "constant"}
