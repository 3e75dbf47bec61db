"""V03: spellings of one level are united; levels that only look alike are not."""

import numpy as np
import pyarrow as pa
import pytest

from patron.audit import CannotSay, Finding
from patron.audit.values.spellings import Spellings

from .conftest import MakeFrame


def found(levels: dict[str, int], frame: MakeFrame) -> list[Finding]:
    values = np.random.default_rng(0).permutation(np.repeat(list(levels), list(levels.values())))
    answer = Spellings().run(frame({"x": pa.array(values.tolist())}))
    assert isinstance(answer, list)
    return answer


def mapping(levels: dict[str, int], frame: MakeFrame) -> dict[str, str]:
    answer = found(levels, frame)
    if not answer:
        return {}
    assert answer[0].fix is not None
    return dict(answer[0].fix.arguments["mapping"])


def test_capitals_blanks_signs_and_accents(frame: MakeFrame) -> None:
    levels = {"web": 100, "Web ": 10, "WEB": 5, "e-mail": 30, "E Mail": 2, "São Tomé": 20}
    (one,) = found(levels | {"Sao Tome": 3, "shop": 47, "Shop.": 3}, frame)
    assert (one.code, one.severity.value, one.columns, one.rows) == ("V03", "warning", ("x",), 23)
    assert one.fix is not None
    assert one.fix.arguments == {
        "mapping": {
            "Web ": "web",
            "WEB": "web",
            "E Mail": "e-mail",
            "Sao Tome": "São Tomé",
            "Shop.": "shop",
        }
    }
    assert one.evidence["levels"] == 9
    assert one.evidence["levels_meant"] == 4
    assert one.evidence["share_of_rows"] == pytest.approx(23 / 220)
    assert one.evidence["spellings"]["'web'"] == ["'Web ' (10)", "'WEB' (5)"]


def test_slips_of_rare_long_words(frame: MakeFrame) -> None:
    levels = {"marketplace": 500, "markteplace": 3, "marketplce": 2, "marketplaces": 1, "web": 90}
    assert mapping(levels, frame) == {
        "markteplace": "marketplace",
        "marketplce": "marketplace",
        "marketplaces": "marketplace",
    }


def test_a_letter_that_an_import_lost_in_many_rows(frame: MakeFrame) -> None:
    levels = {"registered": 600, "regisered": 300, "guest": 80}
    assert mapping(levels, frame) == {"regisered": "registered"}
    for two in (("customer", "customers"), ("personal", "personnel"), ("gold", "god")):
        assert mapping({two[0]: 300, two[1]: 600, "guest": 80}, frame) == {}
    names = {f"{first}{end}": 40 for first in "ABCDEFG" for end in ("anna", "berta")}
    assert mapping(names | {"Christine": 300, "Christne": 150}, frame) == {}  # of many, perhaps


def test_yes_in_many_words(frame: MakeFrame) -> None:
    assert mapping({"yes": 100, "Y": 10, "no": 5, "N": 50}, frame) == {"Y": "yes", "no": "N"}


@pytest.mark.parametrize(
    "levels",
    [
        {"web": 100, "shop": 3},
        {"City 001": 400, "City 002": 1},
        {"Product A": 400, "Product B": 1},
        {"1-2": 50, "12": 50, "C": 40, "C++": 40, "A": 9, "A+": 9},
        {"Hamburg": 400, "Homburg": 100},
        {"f": 60, "m": 40},
        {"Unknown": 30, "unknown": 30, "web": 9},  # M02 has the words for missing
    ],
    ids=lambda levels: next(iter(levels)),
)
def test_levels_that_are_several_stay_several(levels: dict[str, int], frame: MakeFrame) -> None:
    assert found(levels, frame) == []


def test_free_text_is_no_category(frame: MakeFrame) -> None:
    values = [f"note {'A' if n % 2 else 'a'}{n // 2}x" for n in range(2_000)]
    assert Spellings().run(frame({"x": values})) == []


def test_cannot_say_of_a_handful_of_rows(frame: MakeFrame) -> None:
    assert Spellings().run(frame({"x": ["web", "Web"] * 5})) == CannotSay(
        "the table has 10 rows; 20 are needed"
    )
