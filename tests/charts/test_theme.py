import itertools
import tomllib
from pathlib import Path

import pytest
from streamlit import config

from tl_core.charts import theme

ROOT = Path(__file__).resolve().parents[2]
CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
COLOURS = sorted(
    {style.colour for style in theme.PALETTE}
    | {theme.FROZEN, theme.TRAINABLE, theme.HEAD, theme.DROPPED, theme.NEUTRAL}
)


def luminance(colour: str) -> float:
    """Relative luminance of "#RRGGBB" (WCAG 2.2)."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


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
