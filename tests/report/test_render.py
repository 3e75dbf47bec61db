"""The page: whole, alone, escaped, readable by everybody, and showing nothing but the dict."""

import itertools
import json
import re
import shutil
import subprocess

import pytest
from html_page import Page

from patron.report import render, render_audit
from patron.report.tables import settings


def without_options(results):
    """The smallest dict that a run may leave."""
    results["purchase"] |= {"best_possible": None, "horizon_days": None, "effects": []}
    results["table"] |= {"entities": None, "as_of": None, "notes": []}
    results |= {"findings": [], "fixes": [], "ladder": results["ladder"][:1], "bundle": None}
    results["features"]["columns"] = [
        c | {"rates": None, "distribution": None} for c in results["features"]["columns"]
    ]
    return results


def audit_json(results):
    """The same findings as `patron audit` writes them."""
    kept = ("format", "patron_version", "created", "table", "findings", "fixes", "ladder")
    named = {"study": {"path": "patron.toml", "seed": 7}, "against": [], "claim": None}
    return {**{key: results[key] for key in kept}, **named, **results["audit"]}


@pytest.fixture(params=["whole", "audit only", "without options", "audit page", "clean audit"])
def page(request, results, audit_results):
    if request.param == "audit page":
        return render_audit(audit_json(results))
    if request.param == "clean audit":
        return render_audit(audit_json(results) | {"findings": [], "ladder": [], "checks": []})
    made = {"whole": results, "audit only": audit_results}
    return render(made.get(request.param) or without_options(results))


def test_the_page_is_well_formed_and_its_headings_are_in_order(page):
    headings = Page(page).headings
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(headings))


def test_ids_are_unique_and_links_lead_somewhere(page):
    tags = Page(page).tags
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = {attrs["href"] for tag, attrs in tags if tag == "a"}
    assert targets <= {f"#{name}" for name in ids}


def test_nothing_is_loaded_from_anywhere(page):
    assert not re.search(r"https?://|//[a-z]+\.|url\(|@import", page)
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in Page(page).tags}


def test_every_picture_has_a_sentence_for_those_who_cannot_see_it(page):
    pictures = [attrs for tag, attrs in Page(page).tags if tag == "svg"]
    for attrs in pictures:
        assert attrs.get("aria-hidden") == "true" or len(attrs["aria-label"]) > 10


def test_the_page_states_its_language_and_its_encoding(page):
    tags = Page(page).tags
    assert ("html", {"lang": "en-GB"}) in tags
    assert ("meta", {"charset": "utf-8"}) in tags


def test_no_missing_value_is_printed(page):
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.S)
    assert not re.search(r"\b(None|nan|NaN|undefined|inf)\b", text)


def test_the_whole_page_is_small(results):
    assert len(render(results).encode()) < 600_000


def test_text_from_the_data_is_harmless(results):
    evil = '<script>alert("x")</script>'
    results["features"]["columns"][0]["name"] = evil
    results["purchase"]["effects"][0]["column"] = evil
    results["purchase"]["effects"][3]["labels"][0] = evil
    results["features"]["columns"][6]["distribution"]["labels"][0] = evil
    results["table"]["name"] = evil
    results["findings"][0]["meaning"] = evil
    results["findings"][0]["evidence"] = {evil: evil}
    results["ladder"][1]["step"] = evil
    results["study"]["sections"]["split"]["by"] = evil
    purchase = results["purchase"]
    purchase["groups"][0]["by"] = purchase["groups"][0]["rows"][0]["label"] = evil
    purchase["interactions"][0]["x"]["labels"][0] = purchase["kept"][0]["because"] = evil
    purchase["decision"]["sentence"] = purchase["candidates"][1]["title"] = evil
    page = render(results)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 8
    Page(page)


def test_the_page_of_an_audit_says_what_was_found_and_what_each_step_leaves(results):
    page = render_audit(audit_json(results))
    assert "<h1>The audit found 1 serious fault and 1 warning</h1>" in page
    assert "As they come, the columns promise a quick model ROC-AUC 0.839" in page
    assert "Without the suspect last_visit_seconds it is 0.719" in page
    assert "A run applies 1 fix before a model sees the data." in page
    assert "<b>cannot say</b>, because five dates are too few" in page


def test_one_of_a_kind_is_told_in_the_singular(results):
    results["table"] |= {"rows": 1, "columns": 1, "entities": 1}
    results["findings"][0]["rows"] = 1
    page = render_audit(audit_json(results))
    assert "1 row, 1 column, 1 customer in " in page
    assert " · 1 row</span>" in page


def test_text_from_the_data_is_harmless_on_the_page_of_an_audit(results):
    evil = '<script>alert("x")</script>'
    results["table"]["name"] = evil
    results["findings"][0] |= {"meaning": evil, "columns": [evil], "title": evil}
    results["ladder"][2] |= {"step": evil, "columns": [evil]}
    results["audit"]["checks"][4]["because"] = evil
    page = render_audit(audit_json(results))
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 6
    Page(page)


def test_a_quote_in_a_name_does_not_end_an_attribute(results):
    results["purchase"]["effects"][0]["column"] = 'a" onload="x'
    assert not any("onload" in attrs for _, attrs in Page(render(results)).tags)


def leaves(value):
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [float(value)] if isinstance(value, (int, float)) else []


def test_every_figure_in_a_table_is_in_the_dict(results):
    """Each number of a numeric cell is some number of the dict, at the printed precision."""
    known = leaves(results)
    table = results["purchase"]["confusion"]
    for pair in (("true", "false"), ("false", "true")):
        known.append(table[f"{pair[0]}_positive"] + table[f"{pair[1]}_negative"])
    known += [
        table["true_positive"] + table["false_positive"],
        table["true_negative"] + table["false_negative"],
        table["true_negative"] + table["false_positive"],
        sum(table.values()),
    ]
    money = results["purchase"]["decision"]["money"]
    bought = table["true_positive"] + table["false_negative"]
    for contacts, buyers in (
        (table["true_positive"] + table["false_positive"], table["true_positive"]),
        (sum(table.values()), bought),
    ):
        cost, margin = contacts * money["contact_cost"], buyers * money["margin"]
        known += [cost, margin, margin - cost, cost - margin]
    for each in (money["listed"], money["everybody"]):
        ends = [1000 * each[end] for end in ("value", "low", "high")]
        known += [*ends, *(-end for end in ends)]
    cells = re.findall(r'<td class="num">(.*?)</td>', render(results), flags=re.S)
    checked = 0
    for cell in cells:
        for written in re.findall(r"[−]?[\d,]*\.?\d+(?:\xa0%)?", re.sub(r"<[^>]+>", "", cell)):
            share = 100 if written.endswith("%") else 1
            digits = written.rstrip("%\xa0").replace(",", "").replace("−", "-")
            decimals = len(digits.partition(".")[2])
            near = 0.5000001 * 10**-decimals
            assert any(abs(share * leaf - float(digits)) <= near for leaf in known), cell
            checked += 1
    assert checked > 150


def test_the_best_and_its_ties_are_bold_and_the_chosen_is_marked(results):
    page = render(results)
    models = page[page.index('<table class="models">') :]
    rows = re.findall(r"<tr.*?</tr>", models, flags=re.S)[2:7]
    assert [row.count("<b>") for row in rows] == [2, 2, 1, 0, 0]
    assert ['class="chosen"' in row for row in rows] == [True, False, False, False, False]


def test_what_was_not_run_is_named_with_its_reason(audit_results):
    page = render(audit_results)
    assert "Who will buy: not run, because the Study has no [purchase] section." in page
    assert "Whom a contact moves: not run, because no column says who was contacted." in page
    assert 'id="evidence"' not in page


def test_settings_are_dotted_and_without_what_is_not_set():
    sections = {"table": {"path": "a.csv", "format": {"sheet": None}}, "roles": {}, "spend": None}
    assert settings(sections) == [("table.path", "a.csv")]


def test_the_dict_is_not_changed(results):
    before = json.dumps(results, sort_keys=True)
    render(results)
    assert json.dumps(results, sort_keys=True) == before


def test_the_same_dict_gives_the_same_page(results):
    assert render(results) == render(results)


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path")
@pytest.mark.parametrize("width", [360, 1280])
def test_a_browser_shows_it_without_sideways_scrolling(results, tmp_path, width):
    """The page in a frame of the given width writes down how wide its content is."""
    file = tmp_path / "report.html"
    file.write_text(render(results), "utf-8")
    probe = tmp_path / "probe.html"
    probe.write_text(
        f'<body><iframe src="report.html" width="{width}" height="800" style="border:0"></iframe>'
        "<script>onload = () => { const d = frames[0].document.documentElement;"
        " document.title = `${d.scrollWidth}/${d.clientWidth}`; }</script>",
        "utf-8",
    )
    shown = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--allow-file-access-from-files", f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=3000", "--dump-dom", probe.as_uri(),
        ],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    [(content, room)] = re.findall(r"<title>(\d+)/(\d+)</title>", shown.stdout)
    assert width - 20 <= int(room) <= width
    assert int(content) <= int(room)
