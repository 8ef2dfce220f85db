"""Widgets keep their value across pages, whatever overtakes what on the way to the browser."""

import pytest

from tl_core.models.catalog import backbone_info


def frozen(app):
    return next(slider for slider in app.slider if "freeze" in slider.key or "n_frozen" in slider.key)


def test_a_choice_is_there_again_after_another_page(visit):
    app = visit()
    frozen(app).set_value(7).run()
    app.number_input(key="w:epochs").set_value(9).run()
    app.switch_page("pages/runs/page.py").run()
    app.switch_page("pages/lab/page.py").run()
    assert frozen(app).value == 7
    assert app.number_input(key="w:epochs").value == 9


@pytest.mark.parametrize("query", [{}, {"v": "2", "n_frozen": "3", "epochs": "8", "backbone": "efficientnet_lite0"}])
def test_every_value_is_told_with_the_widget_itself(visit, query):
    app = visit(**query)
    slider, epochs = frozen(app), app.number_input(key="w:epochs")
    n_blocks = backbone_info(query.get("backbone", "mobilenet_v2")).n_blocks
    assert list(slider.proto.default) == [int(query.get("n_frozen", n_blocks))]
    assert epochs.proto.default == int(query.get("epochs", 5))
    widgets = [*app.slider, *app.number_input, *app.selectbox, *app.select_slider, *app.toggle, *app.radio]
    assert len(widgets) >= 12
    free = [widget for widget in widgets if not widget.disabled]  # what is disabled Streamlit itself puts right
    assert [widget.key for widget in free if widget.proto.set_value] == []


def test_a_drawing_that_overtakes_another_tells_the_same_values(visit):
    app = visit(n_frozen="4", v="2")
    first = {widget.key: widget.proto.default for widget in (*app.selectbox, *app.number_input)}
    app.run()
    assert {widget.key: widget.proto.default for widget in (*app.selectbox, *app.number_input)} == first
    assert list(frozen(app).proto.default) == [4]


def test_a_link_opened_later_replaces_what_was_chosen_before(visit):
    app = visit()
    app.number_input(key="w:epochs").set_value(9).run()
    app.query_params["epochs"] = "3"
    app.run()
    (epochs,) = (field for field in app.number_input if field.key.startswith("w:epochs"))
    assert epochs.value == 3
    epochs.set_value(4).run()
    (epochs,) = (field for field in app.number_input if field.key.startswith("w:epochs"))
    assert epochs.value == 4


@pytest.mark.parametrize("page", ["lab", "experiments", "classify", "data"])
def test_after_a_change_of_language_no_box_keeps_the_names_of_the_other_one(visit, page):
    """A browser keeps the names of the options that a box has shown, so each language has boxes of its own."""
    app = visit(page, sweep_kind="own", sweep_vary="head:linear,svm") if page == "experiments" else visit(page)

    def boxes() -> dict[str, object]:
        found = (*app.selectbox, *app.radio, *app.button_group, *app.multiselect)
        return {box.proto.id: box.value for box in found if (box.key or "").startswith("w:")}

    before = boxes()
    app.query_params["lang"] = "zh"
    app.run()
    assert not app.exception
    assert not set(before) & set(boxes())
    assert list(map(str, boxes().values())) == list(map(str, before.values()))
