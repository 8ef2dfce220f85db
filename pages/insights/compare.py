"""Runs side by side: what differs between their settings, and what that has changed."""

from collections.abc import Sequence
from contextlib import suppress
from html import escape

import pandas as pd
import streamlit as st

from pages.insights.pictures import order_of, pictures_of
from pages.ui import csv_download, services, state
from pages.ui.answers import answered
from pages.ui.blocks import accuracy_with_margin, curves
from pages.ui.run_names import class_name_in, names_apart
from pages.ui.setting_words import setting
from pages.ui.text import literal, percent, seconds, t
from tl_core.engine.runs.snapshots import RunSnapshot
from tl_core.errors import TransferLabError, UnknownIdError
from tl_core.evaluation.comparison import best_validation, compare_runs, seconds_to
from tl_core.planning.plan import decisive
from tl_core.spec import RunSpec
from tl_core.store.records import RunRecord


def draw(records: Sequence[RunRecord]) -> None:
    """Draws what differs, curves, scores and times, and what the runs say of the same pictures."""
    if len(records) == 1:
        st.info(t("compare.one_run"), icon=":material/arrow_upward:")
        return
    names = names_apart(records)
    _draw_differences(records, names)
    with suppress(UnknownIdError):  # one was deleted in another tab
        snapshots = [services.engine().runs.snapshot(record.id, by=state.visitor()) for record in records]
        curves(snapshots, names, key="compare")
        _draw_scores(snapshots, names)
    _draw_verdicts(records, names)
    _draw_pictures(records, names)


def differences(specs: Sequence[RunSpec]) -> dict[str, list[object]]:
    """Returns the settings that decide something and are not the same in all specs: field → a value for each."""
    told = [decisive(spec) for spec in specs]
    fields = dict.fromkeys(name for one in told for name in one if name != "threads")
    rows = {name: [one.get(name) for one in told] for name in fields}
    return {name: values for name, values in rows.items() if any(value != values[0] for value in values)}


def _draw_differences(records: Sequence[RunRecord], names: Sequence[str]) -> None:
    st.subheader(t("compare.differences"), anchor=False)
    rows = differences([RunSpec.from_dict(record.spec) for record in records])
    if not rows:
        st.caption(t("compare.same_settings"))
        return
    words = {
        t(f"field.{field}"): ["–" if value is None else setting(field, value) for value in values]
        for field, values in rows.items()
    }
    table = pd.DataFrame.from_dict(words, orient="index", columns=list(names)).rename_axis(t("compare.setting"))
    st.table(table.map(literal).rename(columns=literal), alt=t("compare.differences"))


def _draw_scores(snapshots: Sequence[RunSnapshot], names: Sequence[str]) -> None:
    st.subheader(t("compare.scores"), anchor=False)
    best = [best_validation(one.epochs) for one in snapshots]
    target = min((share for share in best if share is not None), default=None)
    rows = [_row(*one, target) for one in zip(snapshots, names, best, strict=True)]
    table = pd.DataFrame(rows)
    st.table(table.map(literal).set_index(t("compare.run")), alt=t("compare.scores"))
    if target is not None:
        st.caption(t("compare.to_help", share=percent(target)))
    csv_download.offer(table, "compared")


def _row(snapshot: RunSnapshot, name: str, best: float | None, target: float | None) -> dict[str, str]:
    record, scores = snapshot.record, snapshot.record.scores
    test = "–"
    if scores:
        low, high = scores["interval"]
        test = accuracy_with_margin(scores["accuracy"], (high - low) / 2)
    row = {t("compare.run"): name, t("compare.test"): test, t("compare.validation"): percent(best)}
    row |= {t("compare.epoch"): str(record.best_epoch or "–"), t("compare.seconds"): seconds(record.seconds)}
    if target is not None:
        row[t("compare.to", share=percent(target))] = seconds(seconds_to(snapshot.epochs, target))
    return row


def _draw_verdicts(records: Sequence[RunRecord], names: Sequence[str]) -> None:
    """Says of each other run how it did against the first, and how sure that is."""
    for record, name in list(zip(records, names, strict=True))[1:]:
        about = {"other": literal(name), "first": literal(names[0])}
        compared = compare_runs(record, records[0]) if record.spec["dataset"] == records[0].spec["dataset"] else None
        if compared is None:
            st.caption(t("compare.not_comparable", **about))
            continue
        points = {
            side: f"{getattr(compared, side) * 100:+.1f}".replace("-", "−") for side in ("difference", "low", "high")
        }
        st.markdown(t("compare.against", **about, **points, outcome=t(f"compare.{compared.outcome}")))


def _draw_pictures(records: Sequence[RunRecord], names: Sequence[str]) -> None:
    """Draws test pictures with the answers of all runs; where they differ first."""
    st.subheader(t("compare.pictures"), anchor=False)
    answer = answered("predictions", records)
    if answer is None:
        return
    st.caption(t("compare.pictures_about", n_split=answer["n_split"], n_test=answer["n_test"]))
    addresses = _addresses(records[0], [one["image"] for one in answer["pictures"]])
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in (t("compare.picture"), *names))
    shown = zip(answer["pictures"], addresses, strict=True)
    rows = "".join(_picture_row(records[0], one, address) for one, address in shown)
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    st.html(f'<div class="tl-same" tabindex="0">{table}</div>')


def _picture_row(record: RunRecord, one: dict, address: str | None) -> str:
    picture = f'<img src="{address}" alt="">' if address else ""
    cells = "".join(_answer_cell(record, said) for said in one["answers"])
    return f'<tr><th scope="row">{picture}<span>{escape(class_name_in(record, one["true"]))}</span></th>{cells}</tr>'


def _answer_cell(record: RunRecord, said: dict) -> str:
    """Returns what one run says, with a sign for right or wrong and the same in words for those who do not see it."""
    kind, sign = ("right", "✓") if said["right"] else ("wrong", "✗")
    told = f"{percent(said['probability'])}<i> · {escape(t(f'compare.{kind}'))}</i>"
    predicted = escape(class_name_in(record, said["predicted"]))
    return f'<td class="{kind}"><b>{sign}</b> {predicted} <small>{told}</small></td>'


def _addresses(record: RunRecord, places: Sequence[int]) -> list[str | None]:
    """Returns small pictures as data addresses; none of those that are gone or not the visitor's to see."""
    found = pictures_of(record)
    if found is None:
        st.caption(t("insights.no_pictures"))
        return [None] * len(places)
    order = order_of(record, found)
    try:
        numbers = tuple(int(order[place]) for place in places)
        return list(services.thumbnail_addresses(str(record.spec["dataset"]), numbers))
    except (TransferLabError, IndexError):  # changed meanwhile
        return [None] * len(places)
