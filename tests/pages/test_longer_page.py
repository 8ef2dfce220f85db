"""A race that scratch has lost so far can go on, on the page."""

import pytest

from tl_core.phrases import LANGUAGES
from tl_core.store.records import SweepState


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("scratch", "goes_on"), [(0.4, True), (0.9, False)])
def test_it_goes_on_where_scratch_is_behind_and_not_where_it_is_ahead(visit, sweeps, language, scratch, goes_on):
    app = visit("experiments", language, sweep_kind="catch-up", sweep_seeds="3")
    app.radio[0].set_value("no").run()
    app.button(key="start-sweep").click().run()
    ((id, record),) = sweeps.records.items()
    level = {"pretrained": 0.8, "scratch": scratch}
    sweeps.measure(
        id, lambda row: level[row["start"]] + 0.003 * row["seed"] ** 2 * len(row["start"]) / 7, SweepState.COMPLETED
    )
    app.run()
    assert not app.exception
    assert ("longer" in {button.key for button in app.button}) == goes_on
    if goes_on:
        app.button(key="longer").click().run()
        more = next(one for one in sweeps.records.values() if one.id != id)
        assert more.sweep["cells"][:6] == record.sweep["cells"]
        assert {cell["factors"]["epochs"] for cell in more.sweep["cells"]} == {5, 15, 45, 135}
        assert "prediction" not in more.sweep
