"""What a visitor sees of a fault in a script, in a fragment and in a callback, as the server runs them."""

import re

import pytest
from patience import PATIENCE_S
from streamlit.runtime.scriptrunner import ScriptRunner
from streamlit.testing.v1 import AppTest

from pages.ui import error_page
from tl_core.disk.error_log import FILE, FOLDER
from tl_core.phrases import phrase

COOKIE = "0123abcd.signature"


def failing(way: str) -> None:
    """A page that fails."""
    import streamlit as st

    from tl_core.errors import StoreError

    def fail() -> None:
        raise ValueError("secret path /home/pupil, cookie 0123abcd.signature, owner 77777777")

    st.session_state["kept"] = {"owner": "77777777"}
    if way == "fragment":
        st.fragment(fail)()
    elif way == "callback":
        st.button("press", on_click=fail)
    elif way == "ours":
        raise StoreError("home_not_writable", path="/data", reason="Read-only file system")
    else:
        fail()


@pytest.fixture
def run(home, monkeypatch):
    """Runs a page as `st.App(on_script_error=faults.show)` does; `AppTest` knows no such handler of its own."""
    monkeypatch.setattr(ScriptRunner, "_on_script_error", property(lambda _: error_page.show, lambda *_: None), False)
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.cookies", {"tl_owner": COOKIE})

    def run_page(way: str, language: str = "en") -> AppTest:
        app = AppTest.from_function(failing, args=(way,), default_timeout=PATIENCE_S)
        app.query_params["lang"] = language
        return app.run()

    return run_page


def told(app: AppTest, language: str = "en") -> str:
    """Returns the id that the page shows, and sees to it that it shows nothing else of the fault."""
    assert not app.exception
    (error,) = app.error
    before, after = phrase(language, "frame.fault", id="\0").split("\0")
    id_ = error.value.removeprefix(before).removesuffix(after)
    assert re.fullmatch("[0-9a-f]{8}", id_)
    return id_


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("way", ["script", "fragment"])
def test_a_fault_is_one_sentence_with_the_id_under_which_the_log_has_it(run, home, way, language):
    id_ = told(run(way, language), language)
    log = (home / FOLDER / FILE).read_text()
    assert f" {id_} " in log
    assert "secret path /home/pupil" in log
    assert "77777777" not in log
    assert COOKIE not in log


def test_a_broken_callback_says_the_same(run, home):
    app = run("callback")
    assert not app.error
    id_ = told(app.button[0].click().run())
    assert f" {id_} " in (home / FOLDER / FILE).read_text()


def test_what_the_lab_knows_by_name_is_said_in_its_own_sentence(run):
    (error,) = run("ours").error
    assert "Read-only file system" in error.value
    assert re.search(r"\(code: [0-9a-f]{8}\)$", error.value)


def test_the_server_asks_for_this_answer_to_every_fault():
    import app

    assert app.app._on_script_error is error_page.show
