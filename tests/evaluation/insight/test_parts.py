"""What runs can be asked, and how wrong questions are refused."""

from dataclasses import dataclass

import pytest

from tl_core.errors import InputError, SpecError
from tl_core.evaluation.insight import answers
from tl_core.evaluation.insight.parts import COMPUTED, PARTS, Part, part_of
from tl_core.fields import Checked, Number, setting


@dataclass(frozen=True)
class Neighbours(Checked):
    k: int = setting(5, Number(1, 50))


PART = Part("made-up", True, n_runs=(1, 2), parameters=Neighbours)


def code(n_runs: int = 1, **chosen: object) -> tuple[str, dict]:
    with pytest.raises(InputError) as caught:
        PART.checked(n_runs, chosen)
    return caught.value.code, caught.value.values


def test_what_is_not_chosen_is_at_its_default_and_texts_are_read():
    assert PART.checked(1, {}) == {"k": 5}
    assert PART.checked(2, {"k": "7"}) == {"k": 7}


def test_wrong_questions_say_what_was_received_and_what_is_allowed():
    assert code(3) == ("insight_runs", {"part": "made-up", "received": 3, "least": 1, "most": 2})
    assert code(j=1) == ("insight_parameter", {"part": "made-up", "received": "j", "allowed": ["k"]})
    with pytest.raises(SpecError) as caught:
        PART.checked(1, {"k": 0})
    assert caught.value.code == "spec_range"
    with pytest.raises(InputError) as unknown:
        part_of("everything")
    assert (unknown.value.code, unknown.value.values["allowed"]) == ("unknown_part", list(PARTS))
    with pytest.raises(InputError) as none:
        PARTS["errors"].checked(1, {"k": 1})
    assert none.value.code == "insight_no_parameter"


def test_every_computed_part_is_a_task_of_the_worker():
    from importlib.util import find_spec

    for part in COMPUTED:
        assert find_spec(f"tl_core.engine.worker.tasks.{part}"), part
    for part in {*PARTS} - {*COMPUTED}:
        assert find_spec(f"tl_core.evaluation.insight.{part}"), part


def test_answers_make_room_for_newer_ones_and_those_of_a_deleted_run_go(tmp_path, monkeypatch):
    monkeypatch.setattr(answers, "LIMIT_BYTES", 60)
    folder = tmp_path / "cache" / "insights"
    folder.mkdir(parents=True)
    for number, name in enumerate(("a-1", "a-2", "b-1")):
        answers.keep(folder / f"{name}.json", {"n": number, "more": "x" * 8})
        if name == "a-2":
            assert answers.kept(folder / "a-1.json") == {"n": 0, "more": "x" * 8}
    assert [path.name for path in sorted(folder.iterdir())] == ["a-1.json", "b-1.json"]  # used last, and newest
    answers.forget_run(tmp_path, "a")
    assert [path.name for path in folder.iterdir()] == ["b-1.json"]
    assert answers.kept(folder / "a-1.json") is None
