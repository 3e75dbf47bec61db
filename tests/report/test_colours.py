"""Colours: text and shapes stand out from the paper in both themes (WCAG 2 contrast)."""

import re
from importlib.resources import files

import pytest

TEXT = ("ink", "muted", "accent", "warning", "alarm", "note", "buyers-text", "others-text")
SHAPES = ("accent", "buyers", "others", "plain", "axis")
STYLE = files("patron.report").joinpath("templates/report.css").read_text("utf-8")


def themes():
    light, dark = re.findall(r":root\s*\{(.*?)\}", STYLE, flags=re.S)
    return {
        name: dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", text))
        for name, text in (("light", light), ("dark", dark))
    }


def luminance(colour):
    def linear(channel):
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_the_known_one_for_black_on_white():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "sheet"])
@pytest.mark.parametrize("name", TEXT)
def test_text_can_be_read(theme, ground, name):
    colours = themes()[theme]
    assert contrast(colours[name], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", SHAPES)
def test_shapes_can_be_seen(theme, name):
    colours = themes()[theme]
    assert contrast(colours[name], colours["paper"]) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("way", ["buyers", "others"])
def test_figures_can_be_read_on_the_darkest_cell_of_a_heat_map(theme, way):
    colours = themes()[theme]
    light, dark = (5 * float(found) for found in re.findall(r"--heat:\s*([\d.]+)", STYLE))
    share = light if theme == "light" else dark
    over, under = (
        [int(colours[name][i : i + 2], 16) for i in (1, 3, 5)] for name in (way, "paper")
    )
    mixed = [round(share * a + (1 - share) * b) for a, b in zip(over, under, strict=True)]
    assert contrast(colours["ink"], "#" + "".join(f"{c:02x}" for c in mixed)) >= 4.5


def test_both_themes_name_the_same_colours():
    light, dark = themes()["light"], themes()["dark"]
    assert light.keys() == dark.keys()


def test_pictures_take_their_colours_from_variables():
    rules = [line for line in STYLE.splitlines() if line.startswith("svg ")]
    assert rules
    assert not [line for line in rules if re.search(r"#[0-9a-f]{3,8}", line)]
