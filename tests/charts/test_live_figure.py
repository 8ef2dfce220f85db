import json

from patience import PATIENCE_S
from streamlit.testing.v1 import AppTest

from pages.ui.live_chart import PLOTLY_VERSION
from tl_core.paths import ASSETS


def page():
    import plotly.graph_objects as go
    import streamlit as st

    from pages.ui.live_chart import live_figure

    figure = go.Figure(go.Scatter(x=[1, 2], y=[0.5, None], uid="probe-train"))
    live_figure(figure, key="curves", height=300, revision=st.session_state.get("revision", "1"), label="Accuracy")


def sent(app: AppTest) -> dict:
    (element,) = app.get("bidi_component")
    proto = element.proto
    return json.loads(proto.mixed.json or proto.json) | {"id": proto.id}


def test_a_figure_is_sent_with_its_identities_and_its_gaps():
    app = AppTest.from_function(page, default_timeout=PATIENCE_S).run()
    assert not app.exception
    message = sent(app)
    (trace,) = json.loads(message["figure"])["data"]
    assert (trace["uid"], trace["y"]) == ("probe-train", [0.5, None])
    assert (message["height"], message["label"], message["version"]) == (300, "Accuracy", PLOTLY_VERSION)


def test_the_chart_keeps_its_place_when_its_data_change():
    app = AppTest.from_function(page, default_timeout=PATIENCE_S).run()
    before = sent(app)
    app.session_state["revision"] = "2"
    after = sent(app.run())
    assert (before["revision"], after["revision"]) == ("1", "2")
    assert before["id"] == after["id"]


def test_the_version_in_the_address_is_that_of_the_script():
    script = ASSETS / "web" / "plotly-basic.min.js"
    with script.open(encoding="utf-8") as file:
        assert f"plotly.js (basic - minified) v{PLOTLY_VERSION}" in file.read(200)


def test_a_chart_that_can_be_saved_has_room_for_the_buttons_and_their_words():
    def page():
        import plotly.graph_objects as go

        from pages.ui.live_chart import Saving, live_figure

        saving = Saving("depth", png="Save as PNG", svg="Save as SVG")
        live_figure(go.Figure(), key="plain", height=300, revision="1", label="Accuracy")
        live_figure(go.Figure(), key="saved", height=300, revision="1", label="Accuracy", save=saving)

    app = AppTest.from_function(page, default_timeout=PATIENCE_S).run()
    plain, saved = app.get("bidi_component")
    told = [json.loads(one.proto.mixed.json or one.proto.json)["save"] for one in (plain, saved)]
    assert told == [None, {"name": "depth", "png": "Save as PNG", "svg": "Save as SVG"}]
