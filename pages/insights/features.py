"""Where the networks put test pictures: feature spaces side by side, by PCA or t-SNE, and the numbers behind them."""

from collections.abc import Sequence
from functools import partial
from html import escape

import streamlit as st

from pages.insights.feature_tables import draw_tables
from pages.insights.pictures import draw_pictures, order_of, pictures_of
from pages.ui import state
from pages.ui.answers import answered
from pages.ui.live_chart import live_figure
from pages.ui.persistent import persistent
from pages.ui.run_names import class_name_in, name_of
from pages.ui.sprites import Sprite, sprite
from pages.ui.text import literal, named, percent, t
from tl_core.charts.feature_space import feature_space_figure, feature_space_info, look, reach_of
from tl_core.models.catalog import backbone_info
from tl_core.store.records import RunRecord

HEIGHT_PX = 380
METHODS = ("features", "tsne")
COLOURS = ("class", "right")
NEIGHBOURS = (1, 5, 10, 20)
Block = int | None


def draw(records: Sequence[RunRecord]) -> None:
    """Draws the feature spaces of the runs."""
    if len({record.spec["dataset"] for record in records}) > 1:
        st.info(t("insights.features_one_data"), icon=":material/info:")
        return
    method, colour, block, k = _choose(records)
    show = partial(_draw_spaces, records, method, colour, block, k)
    answer = answered(method, records, draw_value=show, block=block, k=k)
    if answer is not None:
        show(answer)


def _choose(records: Sequence[RunRecord]) -> tuple[str, str, Block, int]:
    """Draws the controls; returns method, colour, block and neighbours."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        method = _segments("method", METHODS)
        colour = _segments("colour", COLOURS)
        block = _choose_block(records)
        label = t("insights.features_k")
        control = partial(st.selectbox, label, NEIGHBOURS, help=t("insights.features_k_help"), width=140)
        return method, colour, block, int(persistent(control, "features-k", 10))


def _segments(name: str, options: Sequence[str]) -> str:
    names = named(options, lambda option: t(f"insights.features_{name}_{option}"))
    label, words = t(f"insights.features_{name}"), names.__getitem__
    control = partial(st.segmented_control, label, list(options), required=True, format_func=words)
    return str(persistent(control, f"features-{name}", options[0]))


def _choose_block(records: Sequence[RunRecord]) -> Block:
    """Draws the choice of a block; networks of several kinds have none in common but what feeds the head."""
    backbones = {str(record.spec["backbone"]) for record in records}
    names = {0: t("insights.features_head")}
    if len(backbones) == 1:
        blocks = backbone_info(backbones.pop()).blocks
        n_shared = min(record.spec.get("head_at") or len(blocks) for record in records)
        names |= {at: f"{at} · {blocks[at - 1].name}" for at in range(n_shared - 1, 0, -1)}
    label, options = t("insights.features_block"), list(names)
    control = partial(st.selectbox, label, options, format_func=names.__getitem__, width=240, filter_mode=None)
    return int(persistent(control, f"features-block-{len(options)}", 0)) or None


def _draw_spaces(records: Sequence[RunRecord], method: str, colour: str, block: Block, k: int, value: object) -> None:
    """Draws what is known: all of an answer, or of a t-SNE that still settles what it is now."""
    assert isinstance(value, dict)
    key = f"{method}-{colour}-{block}-{'-'.join(record.id[:8] for record in records)}"
    seen = _sprite(records[0], value)
    reach = reach_of([space["points"] for space in value["spaces"]])
    st.html(_legend(records[0], value, colour))
    columns = []
    for at, space in enumerate(value["spaces"]):
        if at % 2 == 0:  # a row each: on a phone they stand in their order
            columns = st.columns(2, gap="medium")
        with columns[at % 2]:
            st.markdown(f"**{literal(space_name(records, space))}**")
            pressed = _draw_space(records, value, at, colour, reach, f"{key}-{at}", seen)
            st.caption(_about(space, k))
            if pressed is not None:
                state.put("features-pressed", (records[0].id, int(pressed)))
    _draw_pressed(records, value)
    st.caption(t(f"insights.features_about_{method}"))
    draw_tables(records, value, [space_name(records, space) for space in value["spaces"]])


def space_name(records: Sequence[RunRecord], space: dict) -> str:
    """Returns what a space is called: the run that it is of, or how it came."""
    if space["when"] == "before":
        return t(f"insights.features_came_{space['weights']}")
    return " · ".join(name_of(records[at]) for at in space["runs"])


def _about(space: dict, k: int) -> str:
    shares = {name: percent(space[name]) for name in ("purity", "low", "high", "chance")}
    said = [t(f"insights.features_unchanged_{space['weights']}")] if space["when"] == "both" else []
    said.append(t("insights.features_purity", k=k, **shares))
    if space.get("explained") is not None:
        said.append(t("insights.features_explained", share=percent(space["explained"])))
    if space.get("iteration") is not None:
        said.append(t("insights.features_iteration", n=space["iteration"]))
    return " · ".join(said)


def _draw_space(
    records: Sequence[RunRecord],
    value: dict,
    at: int,
    colour: str,
    reach: tuple[float, float],
    key: str,
    seen: Sprite | None,
) -> str | None:
    space, is_by_class = value["spaces"][at], colour == "class"
    right = value["right"][space["runs"][0]]
    groups = value["labels"] if is_by_class else [1 - one for one in right]
    names = [class_name_in(records[0], name) for name in value["classes"]]
    abouts = [f"{names[label]} · {_verdict(one)}" for label, one in zip(value["labels"], right, strict=True)]
    ids = [str(place) for place in value["images"]]
    info = feature_space_info(space["points"], groups, ids, abouts, reach, is_by_class=is_by_class)
    return live_figure(
        feature_space_figure(info),
        key=f"space-{key}",
        height=HEIGHT_PX,
        revision=key,
        label=t("insights.features_label", name=space_name(records, space), n=value["n"]),
        can_press=True,
        sprite=seen,
    )


def _verdict(is_right: int) -> str:
    return t("insights.features_is_right" if is_right else "insights.features_is_wrong")


def _sprite(record: RunRecord, value: dict) -> Sprite | None:
    found = pictures_of(record)
    if found is None:
        return None
    order = order_of(record, found)
    places = [int(order[place]) for place in value["images"]]
    return sprite(str(record.spec["dataset"]), places, [str(place) for place in value["images"]])


def _legend(record: RunRecord, value: dict, colour: str) -> str:
    if colour == "class":
        present = sorted(set(value["labels"]))
        words = [(look(label), class_name_in(record, value["classes"][label])) for label in present]
    else:
        kinds = ("is_right", "is_wrong")
        words = [(look(at, is_by_class=False), t(f"insights.features_{kind}")) for at, kind in enumerate(kinds)]
    marks = "".join(
        f'<span><b style="color: {one.colour}" aria-hidden="true">{one.sign}</b> {escape(name)}</span>'
        for one, name in words
    )
    return f'<div class="tl-legend">{marks}</div>'


def _draw_pressed(records: Sequence[RunRecord], value: dict) -> None:
    """Draws the picture whose point was pressed last."""
    run_id, place = state.get("features-pressed", (None, -1))
    if run_id != records[0].id or place not in value["images"]:
        st.caption(t("insights.features_press"))
        return
    at = value["images"].index(place)
    name = class_name_in(records[0], value["classes"][value["labels"][at]])
    said = [f"{name_of(record)}: {_verdict(right[at])}" for record, right in zip(records, value["right"], strict=True)]
    about = " · ".join([name, *said])
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width=120):
            draw_pictures(records[0], [place], [about], key=f"pressed-{run_id}-{place}", label=about)
        st.markdown(literal(about))
