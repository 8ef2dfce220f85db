"""Two runs picture by picture: where both are right, only one of them, or neither."""

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from pages.insights.pictures import draw_pictures
from pages.ui import csv_download
from pages.ui.answers import answered
from pages.ui.live_chart import live_figure
from pages.ui.persistent import persistent
from pages.ui.run_names import class_name_in, name_of
from pages.ui.text import literal, named, t
from tl_core.charts.pair_groups import HEIGHT, pair_groups_figure, pair_groups_info
from tl_core.evaluation.insight.pairs import GROUPS
from tl_core.store.records import RunRecord

MOST_SHOWN = 48
LEAST_P = 1e-4  # what is less is said to be


def draw(records: Sequence[RunRecord]) -> None:
    """Draws the first run against each of the others."""
    if len(records) < 2:
        st.info(t("insights.pairs_two"), icon=":material/arrow_upward:")
        return
    for other in records[1:]:
        _draw_pair((records[0], other))


def _draw_pair(pair: tuple[RunRecord, RunRecord]) -> None:
    answer = answered("pairs", pair)
    if answer is None:
        return
    words = _short_names(pair)
    told = (f"**{word}**: {literal(name_of(record))}" for word, record in zip(words, pair, strict=True))
    st.markdown("  \n".join(told))
    groups = {name: t(f"insights.pairs_{name}", first=words[0], second=words[1]) for name in GROUPS}
    counts = [(groups[one["group"]], one["n"]) for one in answer["groups"]]
    live_figure(
        pair_groups_figure(pair_groups_info(counts, (pair[0].role, pair[1].role))),
        key=f"pairs-{pair[0].id}-{pair[1].id}",
        height=HEIGHT,
        revision=pair[1].id,
        label=t("insights.pairs_label", groups=t("insights.comma").join(f"{name}: {n}" for name, n in counts)),
    )
    _draw_verdict(words, answer)
    st.fragment(_draw_group)(pair, words, groups, answer)
    csv_download.offer(_table(pair[0], words, groups, answer), f"pairs-{pair[0].id[:6]}-{pair[1].id[:6]}")


def _short_names(pair: tuple[RunRecord, RunRecord]) -> tuple[str, str]:
    """Returns what two runs are called in few letters: by their roles, or A and B where these are the same."""
    if pair[0].role == pair[1].role:
        return "A", "B"
    return t(f"insights.short_{pair[0].role}"), t(f"insights.short_{pair[1].role}")


def _draw_verdict(words: tuple[str, str], answer: dict) -> None:
    """Draws how far the two lie apart, and whether chance could have done that."""
    low, high = answer["interval"]
    is_sure = low > 0 or high < 0
    better, worse = words if answer["difference"] >= 0 else words[::-1]
    ends = (low, high) if answer["difference"] >= 0 else (-high, -low)
    said = t(
        "insights.pairs_apart" if is_sure else "insights.pairs_noise",
        better=better,
        worse=worse,
        difference=f"{abs(answer['difference']) * 100:.1f}",
        low=f"{ends[0] * 100:+.1f}",
        high=f"{ends[1] * 100:+.1f}",
        n=answer["n"],
    )
    p = f"< {LEAST_P:.4f}" if answer["p"] < LEAST_P else f"= {answer['p']:.4f}"
    one, other = (group["n"] for group in answer["groups"][1:3])
    st.info(f"**{said}**  \n{t('insights.mcnemar', p=literal(p), one=one, other=other)}", icon=":material/balance:")


def _draw_group(pair: Sequence[RunRecord], words: tuple[str, str], groups: dict[str, str], answer: dict) -> None:
    """Draws the pictures of the group that is chosen, at first those that only the first got right."""
    by_name = {one["group"]: one for one in answer["groups"]}
    labels = named(GROUPS, lambda name: f"{groups[name]} · {by_name[name]['n']:,}")
    control = partial(
        st.segmented_control, t("insights.pairs_group"), list(GROUPS), required=True, format_func=labels.__getitem__
    )
    chosen = persistent(control, f"pair-group-{pair[1].id}", "only_first")
    every = by_name[chosen]["images"]
    places = every[:: -(-len(every) // MOST_SHOWN) or 1]  # of every class, in whose order they are kept
    if not places:
        st.caption(t("insights.pairs_empty"))
        return
    draw_pictures(
        pair[0],
        places,
        [_picture_words(pair[0], words, answer, place) for place in places],
        key=f"pair-{pair[0].id}-{pair[1].id}",
        label=t("insights.pairs_pictures", group=groups[chosen], n=len(places)),
        badges=[_name(pair[0], answer, answer["labels"][place]) for place in places],
    )
    if len(every) > len(places):
        st.caption(t("insights.some_of", shown=len(places), n=len(every)))


def _picture_words(record: RunRecord, words: tuple[str, str], answer: dict, place: int) -> str:
    first, second = (_name(record, answer, said[place]) for said in answer["predicted"])
    true = _name(record, answer, answer["labels"][place])
    return t("insights.pairs_picture", true=true, first=words[0], said=first, second=words[1], said_second=second)


def _name(record: RunRecord, answer: dict, label: int) -> str:
    return class_name_in(record, answer["classes"][label])


def _table(record: RunRecord, words: tuple[str, str], groups: dict[str, str], answer: dict) -> pd.DataFrame:
    """Returns every picture with what it is and what each took it for."""
    group_of = {place: groups[one["group"]] for one in answer["groups"] for place in one["images"]}
    rows = [
        {
            t("insights.picture"): place + 1,
            t("insights.class"): _name(record, answer, label),
            words[0]: _name(record, answer, answer["predicted"][0][place]),
            words[1]: _name(record, answer, answer["predicted"][1][place]),
            t("insights.pairs_group"): group_of[place],
        }
        for place, label in enumerate(answer["labels"])
    ]
    return pd.DataFrame(rows)
