"""What a run can be taken along as: one row a format, made when asked for, checked, and then downloaded."""

from collections.abc import Sequence
from concurrent.futures import Future

import streamlit as st

from pages.ui import bundles, pace, services, state
from pages.ui.streamlit_internals import DeltaGenerator
from pages.ui.text import sentence, t
from tl_core.errors import TransferLabError
from tl_core.export.formats import FORMATS, Exported, Format, Parity
from tl_core.store.records import RunRecord

POLL_S = 1.0


def draw(records: Sequence[RunRecord]) -> None:
    """Draws what a run and its baseline can be taken along as, folded away."""
    if not any(_formats(record) for record in records):
        return
    with st.expander(t("export.title"), icon=":material/ios_share:"):
        st.caption(t("export.about"))
        record = records[0] if len(records) == 1 else _chosen(records)
        is_polled = _is_pending(record)
        pace.draw_again("exports", _draw_rows, POLL_S if is_polled else None, record, is_polled)
        st.caption(t("export.not_offered"))


def _chosen(records: Sequence[RunRecord]) -> RunRecord:
    """Asks which of a pair is meant."""
    roles = {record.role: record for record in records}
    role = st.segmented_control(
        t("export.which"),
        list(roles),
        default=records[0].role,
        format_func=lambda role: t(f"export.of_{role}"),
        key="export-which",
        required=True,
    )
    return roles.get(str(role), records[0])


def _formats(record: RunRecord) -> list[Format]:
    has_weights = record.best_epoch is not None
    return [one for one in FORMATS.values() if not one.is_program and (has_weights or not one.needs_weights)]


def _draw_rows(record: RunRecord, is_polled: bool) -> None:
    """Draws the formats of one run; the page anew when something begins or ends to be made."""
    for format in _formats(record):
        with st.container(key=f"export-row-{format.name}"):
            told, action = st.columns([3, 1], vertical_alignment="center")
            told.markdown(t(f"export.{format.name}"))
            _draw_state(record, format, told, action)
    if is_polled != _is_pending(record):
        st.rerun()


def _draw_state(
    record: RunRecord,
    format: Format,
    told: DeltaGenerator,
    action: DeltaGenerator,
) -> None:
    """Draws how far a file is: to be made, being made, there, or why not."""
    if format.missing:
        told.caption(t("export.needs", packages=t("unit.comma").join(format.missing)))
        return
    future, problem = _asked(record, format), state.pop(f"problem-{_key(record, format)}")
    if future is not None and not future.done():
        action.caption(t("export.making" if services.engine().exports.is_making(future) else "export.waiting"))
        return
    error = future.exception() if future is not None else None
    for one in (error, problem):
        if isinstance(one, TransferLabError | dict):
            told.caption(f":red[{sentence(one)}]")
    made = None if error else _made(record, format)
    with action:
        if made is None:
            _draw_make(record, format)
            return
        _draw_save(record, format)
    if made.parity is not None:
        told.caption(_told(made.parity))


def _draw_make(record: RunRecord, format: Format) -> None:
    st.button(
        t("export.make"),
        key=f"make-{_key(record, format)}",
        help=t("export.make_named", format=format.name),
        icon=":material/build:",
        width="stretch",
        on_click=_begin,  # pyright: ignore[reportArgumentType]
        args=(record, format),
    )


def _draw_save(record: RunRecord, format: Format) -> None:
    """Draws a button that downloads a file; whether the visitor may have it is asked when it is pressed."""
    engine, by, language = services.engine(), state.visitor(), state.language()
    st.download_button(
        t("export.save"),
        lambda: engine.exports.content(record.id, format.name, by=by, language=language),
        file_name=file_name(record, format),
        mime="application/zip",
        icon=":material/download:",
        width="stretch",
        on_click="ignore",
        key=f"save-{_key(record, format)}",
    )


def _told(parity: Parity) -> str:
    versions = t("unit.comma").join(f"{name} {version}" for name, version in parity.versions.items())
    difference = f"{parity.max_abs_difference:.1e}"
    told = t("export.parity", n=parity.n_images, difference=difference, versions=versions)
    if not parity.n_exact:
        return told
    return f"{told} {t('export.parity_exact', n=parity.n_exact, rounding=f'{parity.rounding:.1e}')}"


def file_name(record: RunRecord, format: Format) -> str:
    """Returns what a file is called: as the run's network, with the format before the ending."""
    stem = bundles.file_name(record).removesuffix(bundles.ENDING)
    return f"{stem}-{format.name}{format.ending}"


def _key(record: RunRecord, format: Format) -> str:
    return f"export-{format.name}-{record.id}-{state.language()}"


def _asked(record: RunRecord, format: Format) -> Future | None:
    return state.get(_key(record, format))


def _is_pending(record: RunRecord) -> bool:
    asked = (_asked(record, format) for format in _formats(record))
    return any(future is not None and not future.done() for future in asked)


def _made(record: RunRecord, format: Format) -> Exported | None:
    try:
        return services.engine().exports.made(record.id, format.name, by=state.visitor(), language=state.language())
    except TransferLabError:  # deleted meanwhile: the panel will say so
        return None


def _begin(record: RunRecord, format: Format) -> None:
    """Has a file made in the visitor's name; if that is refused, its row will say so."""
    engine, key = services.engine(), _key(record, format)
    try:
        future = engine.exports.begin(record.id, format.name, by=state.visitor(), language=state.language())
        state.put(key, future)
    except TransferLabError as error:
        state.put(key, None)
        state.put(f"problem-{key}", error.to_dict())
