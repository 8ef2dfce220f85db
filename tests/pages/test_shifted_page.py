"""The rates on the page: shifted pictures are asked about afterwards, and each kind gets its sentence."""

import pytest
from fake_runs import record_finished

from tl_core.phrases import LANGUAGES, phrase
from tl_core.planning.plan import plan_run
from tl_core.store.records import SweepState


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_kind_of_pictures_gets_a_sentence_and_a_row(visit, sweeps, engine, language):
    app = visit("experiments", language, sweep_kind="rates", sweep_seeds="2")
    app.radio[0].set_value("some").run()
    app.button(key="start-sweep").click().run()
    (id,) = sweeps.records
    sweeps.measure(id, lambda row: 0.5 + 0.01 * row["seed"], SweepState.COMPLETED)
    rows = []
    for row in sweeps.rows[id]:
        if row["learning_rate"] == 1e-5:
            phases = 2 if row["arm"] == "head-first" else 1
            options = {"freeze": 10, "phases": phases, "seed": row["seed"], "epochs": 1, "per_class": 2}
            run = record_finished(engine.store, plan_run(options), 0.5, role="run", name="trial")
            rows.append({**row, "run_id": run})
        else:
            rows.append(row)
    sweeps.rows[id] = tuple(rows)
    app.run()
    app.button(key="ask-shifted").click().run()
    assert not app.exception
    said = app.info[-1].value
    assert phrase(language, "sweep.rates.level.clean") in said
    assert said.count("\n") == 4
    table = app.dataframe[0].value
    assert len(table) == 5
    assert table[phrase(language, "sweep.rates.level.at-once")][0] == pytest.approx(0.305)
    assert table[phrase(language, "sweep.rates.level.head-first")][0] == pytest.approx(0.61)
