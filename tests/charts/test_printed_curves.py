"""Curves on paper: points where their numbers are, names as letters."""

import re
from xml.etree import ElementTree

from tl_core.charts.printed_curves import HEIGHT, WIDTH, PrintedCurve, curves_svg

NAMESPACE = "{http://www.w3.org/2000/svg}"


def drawn(*curves: PrintedCurve) -> ElementTree.Element:
    return ElementTree.fromstring(curves_svg(curves, "epoch", "accuracy", "a <label>"))


def test_each_curve_is_a_line_with_its_name_and_one_without_points_is_left_out():
    svg = drawn(PrintedCurve("<b>a", ((1, 0.5), (2, 0.75))), PrintedCurve("none", ()), PrintedCurve("b", ((1, 0.1),)))
    lines = svg.findall(f"{NAMESPACE}polyline")
    assert len(lines) == 2
    assert len({line.get("stroke") for line in lines}) == 2
    texts = [text.text for text in svg.findall(f"{NAMESPACE}text")]
    assert "<b>a" in texts
    assert "none" not in texts
    assert svg.get("aria-label") == "a <label>"


def test_a_better_epoch_is_higher_a_later_one_further_right_and_all_lie_within_the_picture():
    (line,) = drawn(PrintedCurve("a", ((1, 0.0), (2, 0.5), (3, 1.0)))).findall(f"{NAMESPACE}polyline")
    places = [tuple(map(float, pair.split(","))) for pair in line.get("points").split()]
    assert places == sorted(places)
    assert [top for _, top in places] == sorted((top for _, top in places), reverse=True)
    assert all(0 <= left <= WIDTH and 0 <= top <= HEIGHT for left, top in places)


def test_nothing_to_draw_and_one_epoch_are_no_fault():
    assert drawn().findall(f"{NAMESPACE}polyline") == []
    assert re.search(r">7</text>", curves_svg([PrintedCurve("a", ((7, 0.5),))], "epoch", "accuracy", ""))


def test_places_that_are_no_epochs_have_names_cut_to_what_fits():
    made = curves_svg(
        [PrintedCurve("a", tuple((at, 0.5) for at in range(1, 6)))], "block", "accuracy", "", ["<b>" * 20] * 5
    )
    assert made.count("&lt;b&gt;") >= 5
    assert "<b>" not in made
    texts = [text.text for text in ElementTree.fromstring(made).findall(f"{NAMESPACE}text")]
    assert max(map(len, texts)) < 20
