"""The ways in which one's own pictures come: a ZIP, a folder, files for a class, the camera, the server's disk."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

import streamlit as st

from pages.data.camera import Photo, burst
from pages.data.framing import choose_framing
from pages.ui import services, state
from pages.ui.persistent import persistent
from pages.ui.streamlit_internals import UploadedFile, let_go, sent_content
from pages.ui.text import literal, named, sentence, t
from pages.ui.uploader_words import draw_field_words
from tl_core.datasets.images.decode import safe_name
from tl_core.datasets.images.headers import MAX_FILE_BYTES
from tl_core.datasets.own.edits import checked_class_name
from tl_core.disk.home import data_home
from tl_core.engine.imports import uploads
from tl_core.errors import TransferLabError
from tl_core.ingest.places import GROUPS
from tl_core.ingest.server_folder import offered, operators_folder, safe_join
from tl_core.store.albums import AlbumRecord

NEW = ""  # the choice of a data set that is not there yet
AS_READ = "auto"  # the choice of those groups that the folders themselves tell of
AT_ONCE = 24  # files: so few are taken in while the visitor waits
AT_ONCE_BYTES = 60_000_000
MOST_LETTERS = 80
MAX_MEGABYTES = MAX_FILE_BYTES // 1_000_000


def draw() -> bool:
    """Draws the choice of the way, folded away, and the way that was chosen.

    Returns:
        Whether pictures were chosen and its button is what to press next.
    """
    with st.expander(t("data.bring"), icon=":material/add_photo_alternate:", key="data-bring"):
        ways = dict(_WAYS)
        if operators_folder() is None:
            del ways["server"]
        names = named(ways, lambda way: t(f"data.way_{way}"))
        control = partial(st.segmented_control, t("data.way"), list(ways), required=True)
        way = persistent(partial(control, format_func=names.__getitem__), "data-way", "zip")
        st.caption(t(f"data.way_{way}_about"))
        if said := state.pop("data-said"):
            st.success(said)
        if problem := state.pop("data-problem"):
            st.error(sentence(problem))
        return ways[way]()


def _draw_zip() -> bool:
    draw_field_words("data.zip_limit", st.get_option("server.maxUploadSize"))
    file = st.file_uploader(t("data.zip_label"), key=_field("zip"))
    if file is not None:
        _draw_new(
            safe_name(file.name).removesuffix(".zip"),
            lambda: uploads.write_archive(data_home(), sent_content(file)),
            safe_name(file.name),
            [file],
        )
    return file is not None


def _draw_folder() -> bool:
    draw_field_words("data.files_limit", MAX_MEGABYTES)
    files = st.file_uploader(
        t("data.folder_label"),
        accept_multiple_files="directory",
        max_upload_size=MAX_MEGABYTES,
        key=_field("folder"),
    )
    if files:
        name = safe_name(files[0].name.partition("/")[0])
        st.caption(t("data.n_files", n=len(files)))
        sent = partial(_sent_files, files)
        _draw_new(name, sent, name, files)
    return bool(files)


def _draw_files() -> bool:
    into, class_name = _choose_class("files")
    draw_field_words("data.files_limit", MAX_MEGABYTES)
    files = st.file_uploader(
        t("data.files_label"), accept_multiple_files=True, max_upload_size=MAX_MEGABYTES, key=_field("files")
    )
    if files:
        _draw_add(into, class_name, [(file.name, file) for file in files])
    return bool(files)


def _draw_camera() -> bool:
    into, class_name = _choose_class("camera")
    if not class_name.strip():
        st.info(t("data.name_class_first"), icon=":material/arrow_upward:")
        return False
    n_before = int(state.get("n-photos", 0))
    try:
        photos = burst("data-camera")
    except TransferLabError as error:
        st.error(sentence(error))
        return False
    if photos:
        state.put("n-photos", n_before + len(photos))
        files = [(f"camera-{n_before + at:03d}.jpg", Photo(photo)) for at, photo in enumerate(photos, 1)]
        _take_in(into, class_name, files, is_taken=True)
    return False


def _draw_server() -> bool:
    root = operators_folder()
    if root is None or not (entries := offered(root)):
        st.info(t("data.server_empty"))
        return False
    chosen = st.selectbox(t("data.server_label"), entries, key=_field("server"))
    _draw_new(safe_name(chosen).removesuffix(".zip"), lambda: safe_join(root, chosen), safe_name(chosen))
    return True


_WAYS = MappingProxyType(
    {
        "zip": _draw_zip,
        "folder": _draw_folder,
        "files": _draw_files,
        "camera": _draw_camera,
        "server": _draw_server,
    }
)


def _field(way: str) -> str:
    """Returns the key of a field; another one after each import, so that what was sent leaves the memory."""
    return f"data-{way}-{state.get('data-sent', 0)}"


def _draw_new(name: str, source_path: Callable[[], Path], source: str, sent: Sequence[UploadedFile] = ()) -> None:
    """Draws what a new data set is called and how it is split, and the button that takes it in.

    Args:
        name: What it is called if the visitor does not say otherwise.
        source_path: Returns where its pictures lie by now.
        source: The name of the file or folder that they come from.
        sent: What a browser sent of it; empty where they lie on this machine.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        called = st.text_input(t("data.name"), value=name[:MOST_LETTERS], max_chars=MOST_LETTERS, key=f"new-{name}")
        seed = st.number_input(t("data.seed"), 0, 2**31 - 1, 0, width=140, help=t("data.seed_help"), key="new-seed")
    can_flip = st.toggle(t("data.can_flip"), value=True, help=t("data.can_flip_help"), key="new-flip")
    choices = (AS_READ, *GROUPS)
    names = named(choices, lambda one: t(f"data.groups_{one}"))
    box = partial(st.selectbox, t("data.groups"), choices, help=t("data.groups_help"), key="new-groups")
    groups = box(format_func=names.__getitem__)
    framing = choose_framing()
    if not st.button(t("data.take_in"), type="primary", icon=":material/download_done:", key="take-in"):
        return
    try:
        import_id = services.engine().imports.start(
            source_path(),
            by=state.visitor(),
            name=called,
            is_sent=bool(sent),
            source=source,
            seed=int(seed),
            can_flip=can_flip,
            groups=None if groups == AS_READ else groups,
            framing=framing,
        )
    except TransferLabError as error:
        st.error(sentence(error))
        return
    _watch(import_id)
    _empty_fields(sent)
    st.rerun()


def _choose_class(way: str) -> tuple[str | None, str]:
    """Draws the choice of the data set and the class that pictures go into; returns its id (None: a new one), class."""
    by = state.visitor()
    mine = [record for record in services.own_datasets() if record.owner == by.owner]
    names = {NEW: t("data.new"), **{record.id: record.name for record in mine}}
    labels = named(names, names.__getitem__)
    left, right = st.columns(2)
    with left:
        box = partial(st.selectbox, t("data.into"), list(labels), format_func=labels.__getitem__)
        into = persistent(box, "data-into", NEW)
        if into == NEW:
            persistent(partial(st.text_input, t("data.name"), max_chars=MOST_LETTERS), "data-new-name", t("data.mine"))
    with right:
        known = services.class_names_of(into) if into else []
        before = state.get("data-into-class")  # the widget is another one after each addition
        choices = known + ([before] if before and before not in known else [])
        class_name = st.selectbox(
            t("data.class"),
            choices,
            index=choices.index(before) if before else 0 if known else None,
            accept_new_options=True,
            placeholder=t("data.class_hint"),
            key=f"data-class-{way}-{into}",
        )
        state.put("data-into-class", class_name)
    return into or None, class_name or ""


def _draw_add(into: str | None, class_name: str, files: list) -> None:
    """Draws the button that adds files to a class."""
    is_pressed = st.button(
        t("data.add", n=len(files)),
        type="primary",
        icon=":material/add:",
        disabled=not class_name.strip(),
        key="data-add",
    )
    if not class_name.strip():
        st.caption(t("data.name_class_first"))
    if is_pressed:
        _take_in(into, class_name, files)


def _take_in(into: str | None, class_name: str, files: list, *, is_taken: bool = False) -> None:
    """Adds files to a class: a handful at once, many in the background.

    Args:
        into: Id of the data set; None makes a new one.
        class_name: The class.
        files: (name, file) of each.
        is_taken: Whether these are photos, which are gone whatever comes of them.
    """
    imports, by = services.engine().imports, state.visitor()
    name, source = str(state.get("data-new-name")), t("data.source_files")
    before = services.own_record(into) if into else None
    n_skipped_before = before.n_skipped if before else 0
    is_small = len(files) <= AT_ONCE and sum(file.size for _, file in files) <= AT_ONCE_BYTES
    try:
        if is_small:
            contents = [(file_name, file.getvalue()) for file_name, file in files]
            record = imports.import_now(contents, by=by, name=name, into=into, class_name=class_name, source=source)
            _note_added(record, class_name, n_skipped_before)
        else:
            sent = uploads.write_files(data_home(), [(file_name, _content(file)) for file_name, file in files])
            _watch(imports.start(sent, by=by, name=name, is_sent=True, into=into, class_name=class_name, source=source))
    except TransferLabError as error:
        state.put("data-problem", error.to_dict())
        if not is_taken:  # files that were dropped stay, so that they need not be dropped again
            st.rerun()
    if not is_taken:
        _empty_fields([file for _, file in files])
    st.rerun()


def _note_added(record: AlbumRecord, class_name: str, n_skipped_before: int) -> None:
    """Keeps what there is to say after an addition, and goes on with what the data set has become."""
    for name in ("data-shown", "data-into"):
        state.set_widget(name, record.id)
    name = checked_class_name(class_name)
    n = int((services.engine().albums.album(record.id).rows.name == name).sum())
    n_skipped = record.n_skipped - n_skipped_before
    said = t("data.added", name=literal(name), n=n)
    state.put("data-said", said + (t("unit.stop") + t("data.added_but", n=n_skipped) if n_skipped else ""))


def _sent_files(files: list) -> Path:
    return uploads.write_files(data_home(), [(file.name, sent_content(file)) for file in files])


def _content(file: UploadedFile | Photo) -> bytes | Path:
    return file.getvalue() if isinstance(file, Photo) else sent_content(file)


def _watch(import_id: str) -> None:
    """Has the end of an import announced, also if that comes before the page is drawn again."""
    state.put("imports", {**(state.get("imports") or {}), import_id: True})
    state.put("imports-said", [])


def _empty_fields(sent: Sequence[UploadedFile]) -> None:
    """Replaces the fields by empty ones, and lets go of what was sent."""
    state.put("data-sent", int(state.get("data-sent", 0)) + 1)
    let_go(sent)
