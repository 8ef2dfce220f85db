import itertools
import tomllib

import numpy as np
import pytest
from streamlit import config

from tl_core.charts import theme
from tl_core.paths import PROJECT

CONFIG = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
ROLES = (theme.FROZEN, theme.TRAINABLE, theme.HEAD, theme.BACKBONE.colour, *theme.SPLITS)
COLOURS = sorted({style.colour for style in theme.PALETTE} | {*ROLES, theme.NEUTRAL})
# linear RGB as seen with a full deficiency of one kind of cone: Machado et al. 2009, table 1
VISIONS = {
    "ordinary": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
XYZ = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
SEEN_TOGETHER = {
    "map": (theme.FROZEN, theme.TRAINABLE, theme.HEAD),
    "curves": (theme.RUN.colour, theme.BASELINE.colour),
    "answers": (theme.RUN.colour, theme.BASELINE.colour, theme.BACKBONE.colour),
}


def luminance(colour: str) -> float:
    """Relative luminance of "#RRGGBB" (WCAG 2.2)."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def seen(colour: str, vision: str) -> np.ndarray:
    """CIE L*a*b* of "#RRGGBB" (D65) for one kind of colour vision."""
    channels = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    x, y, z = np.array(XYZ) @ np.clip(np.array(VISIONS[vision]) @ linear, 0, 1) / [0.95047, 1.0, 1.08883]
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(first: str, second: str) -> float:
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def options(table: dict, prefix: str = ""):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from options(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def test_the_contrast_formula_knows_black_on_white_and_the_grey_of_the_standard():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("colour", COLOURS)
def test_each_colour_reads_on_both_backgrounds(mode, colour):
    for background in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(colour, CONFIG["theme"][mode][background]) >= 3


@pytest.mark.parametrize("colour", [theme.FROZEN, theme.TRAINABLE, theme.HEAD])
def test_block_names_read_on_the_colours_of_the_layer_map(colour):
    assert contrast(theme.ON_FILL, colour) >= 4.4


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_and_buttons_of_the_pages_are_readable(mode):
    colours = CONFIG["theme"][mode]
    for background in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(colours["textColor"], colours[background]) >= 7
        assert contrast(colours["linkColor"], colours[background]) >= 4.5
    assert contrast("#FFFFFF", colours["primaryColor"]) >= 4.5
    assert contrast(colours["primaryColor"], colours["backgroundColor"]) >= 3


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_charts_of_streamlit_use_the_same_colours(mode):
    assert CONFIG["theme"][mode]["chartCategoricalColors"] == [style.colour for style in theme.PALETTE]


def test_runs_never_rest_on_colour_alone():
    for first, second in itertools.combinations(theme.PALETTE, 2):
        assert first.colour != second.colour
        assert first.dash != second.dash
        assert first.marker != second.marker


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("chart", SEEN_TOGETHER)
def test_what_stands_together_differs_for_every_kind_of_colour_vision(chart, vision):
    for first, second in itertools.combinations(SEEN_TOGETHER[chart], 2):
        assert np.linalg.norm(seen(first, vision) - seen(second, vision)) >= 10


def test_no_colour_has_two_meanings():
    meanings = [*ROLES, *(style.colour for style in theme.PALETTE)]
    assert len(set(meanings)) == len(meanings)


def test_a_pair_looks_the_same_whatever_else_is_drawn():
    assert theme.styles(["run", "baseline"]) == (theme.RUN, theme.BASELINE)
    assert theme.styles(["baseline", "run", "run"]) == (theme.BASELINE, theme.RUN, theme.OTHERS[0])
    assert len(set(theme.styles(["run"] * 7 + ["baseline"]))) == 8


def test_more_runs_than_styles_begin_again():
    assert len(theme.styles(["run"] * 20)) == 20


def test_a_translucent_colour_keeps_its_hue():
    assert theme.translucent("#0A141E", 0.5) == "rgba(10,20,30,0.5)"


def test_a_layout_lets_the_page_shine_through():
    layout = theme.layout(title="x")
    assert (layout.paper_bgcolor, layout.plot_bgcolor) == ("rgba(0,0,0,0)", "rgba(0,0,0,0)")
    assert (layout.font.color, layout.title.text) == (None, "x")


def test_streamlit_knows_every_option_of_the_configuration():
    assert set(options(CONFIG)) <= set(config._config_options_template)


def test_no_font_is_downloaded():
    fonts = " ".join(CONFIG["theme"][name] for name in ("font", "headingFont", "codeFont"))
    assert ":" not in fonts
    assert "fontFaces" not in CONFIG["theme"]
