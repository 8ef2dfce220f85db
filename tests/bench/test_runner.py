"""One object for all parts; a part that fails takes no other with it."""

import json

import pytest

from tl_core.bench import runner
from tl_core.bench.settings import Settings


@pytest.fixture
def light(monkeypatch):
    """Two parts that measure nothing: "g" succeeds twice, "i" fails."""

    def fails(settings: Settings) -> list[dict]:
        raise RuntimeError("no worker")

    rows = [{"name": "one"}], [{"name": "two"}]
    parts = {"g": tuple(lambda settings, row=row: row for row in rows), "i": (fails,)}
    monkeypatch.setattr(runner, "LIGHT", parts)


def test_a_part_that_fails_says_why_and_the_others_are_there(light):
    begun = []
    found = runner.run(["i", "g"], Settings.quick(), begun.append)
    assert begun == ["i", "g"]
    assert found["parts"] == {
        "g": [{"name": "one"}, {"name": "two"}],
        "i": [{"name": "i", "error": "RuntimeError: no worker"}],
    }
    assert json.loads(json.dumps(found)) == found | {"settings": found["settings"] | {"backbones": ["squeezenet"]}}


def test_the_report_says_what_the_figures_depend_on(light):
    found = runner.run(["g"], Settings.quick())
    assert {"cores", "threads", "versions", "machine"} <= set(found["machine"])
    assert found["settings"]["n_images"] == Settings.quick().n_images
    assert found["settings"]["is_quick"]


def test_every_part_that_the_issue_names_is_there():
    assert tuple("abcdefghij") == runner.PARTS
