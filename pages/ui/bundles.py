"""Trained networks as files: to take along from a run's panel, and to bring in where one classifies."""

import unicodedata

import streamlit as st

from pages.ui import services, state
from pages.ui.streamlit_internals import UploadedFile
from pages.ui.text import day, literal, percent, sentence, t
from tl_core.bundles.bundle import read_bundle
from tl_core.errors import TransferLabError
from tl_core.store.records import RunRecord

ENDING = ".safetensors"
MAX_STEM_BYTES = 160  # of the 255 that a file's name may have
ID_DIGITS = 12  # tell any two runs apart, and open none: a link needs all 32


def draw_download(record: RunRecord) -> None:
    """Draws a button that downloads a run's network; whether the visitor may have it is asked when it is pressed."""
    engine, by = services.engine(), state.visitor()
    st.download_button(
        t(f"bundle.download_{record.role}"),
        lambda: engine.runs.bundle(record.id, by=by),
        file_name=file_name(record),
        mime="application/octet-stream",
        icon=":material/download:",
        help=t("bundle.download_help"),
        on_click="ignore",
        key=f"bundle-{record.id}",
    )
    megabytes = st.get_option("server.maxUploadSize")
    n_numbers = (record.trainable_params or 0) + (0 if record.is_cached else record.frozen_params or 0)
    if n_numbers * 4 > megabytes * 2**20:
        st.caption(t("bundle.too_large", megabytes=megabytes))


def file_name(record: RunRecord) -> str:
    """Returns what a run's file is called: letters and digits of its name, in any script, and the run's id.

    Streamlit tells large downloads apart by pieces of them and their names, so the id is more than a help for people.
    """
    signs = (sign if unicodedata.category(sign)[0] in "LNM" else " " for sign in record.name)
    stem = "-".join("".join(signs).split()).encode()[:MAX_STEM_BYTES].decode("utf-8", "ignore")
    return "-".join(filter(None, (stem, record.id[:ID_DIGITS]))) + ENDING


def draw_upload() -> None:
    """Draws a button that opens a field for a trained network; the one brought in becomes the run to look at."""
    if st.button(t("bundle.bring"), icon=":material/upload_file:", key="bring"):
        state.put("bringing", not state.get("bringing"))
    if not state.get("bringing"):
        return
    with st.container(border=True, key="bundle-field"):
        st.markdown(t("bundle.bring_about"))
        _draw_field_words()
        file = st.file_uploader(t("bundle.field"), key="bundle")  # of any ending: a refusal says what was received
        if file is not None and (refusal := _refusal(file)):
            st.error(sentence(refusal))


def _refusal(file: UploadedFile) -> dict:
    """Takes a file in, once; returns why it is refused, and where it is not, draws the page again."""
    seen, refusal = state.get("refused", (None, {}))
    if seen != file.file_id:
        try:
            bundle = read_bundle(file.getvalue(), file.name)
            record = services.engine().runs.import_network(bundle, by=state.visitor(), name=bundle.name)
        except TransferLabError as error:
            refusal = error.to_dict()
            state.put("refused", (file.file_id, refusal))
        else:
            state.put("bringing", False)
            state.open_run(record.id)
            st.rerun()
    return refusal


def _draw_field_words() -> None:
    """Hands page.css the words on this upload field, which are English without it."""
    limit = t("bundle.limit", megabytes=st.get_option("server.maxUploadSize"))
    words = f'--tl-upload_button: "{t("bundle.button")}"; --tl-upload_limit: "{limit}"'
    st.html(f"<style>.st-key-bundle-field {{ {words} }}</style>")


def is_brought_in(record: RunRecord) -> bool:
    """Says whether a run was trained elsewhere, so that nothing of it was measured here."""
    return "imported" in record.environment


def draw_origin(record: RunRecord) -> None:
    """Draws where a run that was brought in comes from, in the place of what it measured."""
    claimed = record.environment["imported"]
    st.markdown(f":violet-badge[{t(f'panel.{record.role}')}] :gray-badge[{t('bundle.badge')}]")
    share = claimed["test_accuracy"]
    phrase, test = ("bundle.origin_untested", "") if share is None else ("bundle.origin", percent(share))
    name, date = literal(claimed["name"]), day(claimed["ended_at"])
    st.caption(t(phrase, name=name, date=date, since=day(record.created_at), test=test))
    if problem := state.pop(f"problem-{record.id}"):
        st.error(sentence(problem))
