"""The program of a run in its panel: shown, copied, downloaded, and pictures only for who may see them."""

import ast
import io
import zipfile
from dataclasses import replace

import pytest
from fake_runs import record_finished

from pages.lab import run_code
from tests.ingest.pictures import take, tree
from tl_core.phrases import LANGUAGES, phrase
from tl_core.planning.plan import plan_run
from tl_core.store.access import OPERATOR
from tl_core.store.records import Visibility


@pytest.fixture
def offered(monkeypatch) -> dict[str, object]:
    """What the section has offered: key of the button → a way to get the content."""
    found: dict[str, object] = {}

    def button(label: str, data, *, key: str, **_: object) -> bool:
        found[key] = data
        return False

    monkeypatch.setattr(run_code.st, "download_button", button)
    return found


def codes(app) -> list[str]:
    return [element.value for element in app.code]


def names(data) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(data())).namelist()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_panel_shows_program_and_layers_of_a_run_and_of_its_baseline(visit, pair, language):
    app = visit(language=language, run=pair[0])
    assert not app.exception
    assert phrase(language, "code.section") in [expander.label for expander in app.expander]
    script, layers = codes(app)[-2:]
    assert ast.get_docstring(ast.parse(script))
    assert f"# ---- 1. {phrase(language, 'code.data_title')} ----" in script
    assert "mobilenet_v2.npz" in script
    assert phrase(language, "code.count_trainable", n="17,934") in layers  # (1,280 + 1) · 14
    app.segmented_control(key="code-of").set_value("baseline").run()
    script, layers = codes(app)[-2:]
    assert "hashlib" in script
    assert phrase(language, "code.count_fixed", n="34,112") in layers  # of BatchNorm only


def test_script_and_notebook_are_offered_with_all_that_they_read(visit, pair, offered):
    visit(run=pair[0])
    kept = {"README.txt", "classes.txt", "order.csv", "pictures.csv", "mobilenet_v2.npz", "summary.txt"}
    assert {"train.py", *kept} <= set(names(offered[f"code-script-{pair[0]}"]))
    assert {"train.ipynb", *kept} <= set(names(offered[f"code-notebook-{pair[0]}"]))


def test_an_old_page_gives_no_program_of_a_run_that_is_private_again(visit, engine, pair, offered):
    engine.runs.share(pair[0], Visibility.CLASS, by=OPERATOR)
    visit(owner="somebody else", run=pair[0])
    data = offered[f"code-script-{pair[0]}"]
    engine.runs.share(pair[0], Visibility.PRIVATE, by=OPERATOR)
    with pytest.raises(Exception, match="unknown_run"):
        data()


def test_whoever_may_see_a_run_gets_its_pictures_only_where_they_may_see_these(visit, engine, home, offered):
    album = take(engine.albums, tree(apple=12, pear=12), "anna", visibility=Visibility.PRIVATE)
    spec = plan_run({"dataset": album.id, "image_size": 64}, home)
    run = record_finished(engine.store, spec, 0.8, role="run", name="own", owner="anna")
    engine.runs.share(run, Visibility.CLASS, by=OPERATOR)

    def pictures(owner: str) -> list[str]:
        visit(owner=owner, run=run)
        return [name for name in names(offered[f"code-script-{run}"]) if name.startswith("pictures/")]

    assert len(pictures("anna")) == 24
    assert pictures("ben") == []
    engine.albums.put(replace(album, visibility=Visibility.CLASS))
    assert len(pictures("ben")) == 24


def test_a_network_that_was_trained_elsewhere_has_no_program(visit, engine, pair, offered):
    record = replace(engine.store.get(pair[0]), environment={"imported": {}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine.programs, "_store", type("Store", (), {"find": lambda self, id, by: record})())
        visit(run=pair[0])
    assert not [key for key in offered if key.startswith("code-")]
